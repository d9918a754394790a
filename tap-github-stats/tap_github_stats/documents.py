"""The GraphQL documents, from the `.graphql` files beside this module.

A file names the fragments it uses and `fragments.graphql` holds them. A file under `overflow/` asks for one more page
of one connection; `combine` puts many of those into one request.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources
from typing import Final

_FOLDER: Final = resources.files(__package__) / "graphql"
_COMMENT: Final = re.compile(r"^\s*#.*\n", re.MULTILINE)
_DEFINITION: Final = re.compile(r"^fragment (\w+) .*?^}\n", re.MULTILINE | re.DOTALL)
_SPREAD: Final = re.compile(r"\.\.\.([A-Z]\w*)")
_OVERFLOW: Final = re.compile(r"query \w+\((?P<variables>[^)]*)\) \{\n(?P<body>.*)\}\n", re.DOTALL)
_VARIABLE: Final = re.compile(r"\$(\w+): ([\w!\[\]]+)")
_OWN: Final = re.compile(r"\$(id|first|after)\b")


@cache
def load(name: str) -> str:
    """A document, complete with its fragments, as it is sent."""
    return _complete(_read(f"{name}.graphql"))


@lru_cache(maxsize=256)
def combine(names: tuple[str, ...]) -> str:
    """One document that asks for one page of each of the overflow documents named, a name as often as needed.

    The page of the n-th name is under the alias `n{n}` and takes the variables `id{n}`, `first{n}` and `after{n}`; all
    other variables are shared.
    """
    variables: dict[str, str] = {}
    fields = []
    for number, name in enumerate(names):
        match = _OVERFLOW.fullmatch(_read(f"overflow/{name}.graphql"))
        if match is None:
            raise ValueError(f"overflow/{name}.graphql is not of the form that documents.combine expects")
        for variable, kind in _VARIABLE.findall(match["variables"]):
            variables[f"{variable}{number}" if variable in {"id", "first", "after"} else variable] = kind
        body = _OWN.sub(rf"$\g<1>{number}", match["body"])
        fields.append(body.replace("  node(", f"  n{number}: node(", 1))
    declared = ", ".join(f"${variable}: {kind}" for variable, kind in variables.items())
    return _complete(f"query Overflow({declared}) {{\n  rateLimit {{\n    ...Budget\n  }}\n{''.join(fields)}}}\n")


@cache
def _read(path: str) -> str:
    return _COMMENT.sub("", _FOLDER.joinpath(*path.split("/")).read_text(encoding="utf-8"))


@cache
def _fragments() -> dict[str, str]:
    return {match[1]: match[0] for match in _DEFINITION.finditer(_read("fragments.graphql"))}


def _complete(document: str) -> str:
    known = _fragments()
    used: dict[str, None] = {}
    pending = _SPREAD.findall(document)
    while pending:
        name = pending.pop()
        if name not in used:
            used[name] = None
            pending += _SPREAD.findall(known[name])
    return document + "".join(f"\n{known[name]}" for name in sorted(used))
