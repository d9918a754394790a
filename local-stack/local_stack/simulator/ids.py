"""Global node ids in both of GitHub's spellings, and numeric ids that are never given twice.

Objects made until 2021 have base64 of `0<length of the kind>:<kind><id>`; later ones have a short prefix and
base64url of the msgpack array `[0, repository id, id]` (`[0, id]` where there is no repository). Both were read off
recordings of api.github.com; which ids count as old is the highest old and the lowest new id found there.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from random import Random

    from local_stack.simulator.model import World

_PREFIXES: Final = {
    "User": "U",
    "Bot": "BOT",
    "Mannequin": "M",
    "Organization": "O",
    "Repository": "R",
    "PullRequest": "PR",
    "PullRequestReview": "PRR",
    "PullRequestReviewComment": "PRRC",
    "IssueComment": "IC",
    "Commit": "C",
    "Label": "LA",
    "Team": "T",
}
_KINDS: Final = {prefix: kind for kind, prefix in _PREFIXES.items()}
_OLD_IDS_BELOW: Final = {
    "User": 90_000_000,
    "Bot": 90_000_000,
    "Mannequin": 90_000_000,
    "Organization": 90_000_000,
    "Repository": 400_000_000,
    "PullRequest": 740_000_000,
    "PullRequestReview": 755_000_000,
    "PullRequestReviewComment": 700_000_000,
    "IssueComment": 915_000_000,
}
# A commit's id tells its age by the repository's.
_OLD_COMMITS_BELOW: Final = _OLD_IDS_BELOW["Repository"]
_INT_SIZES: Final = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
_STRING_8: Final = 0xD9


class Node(NamedTuple):
    """What a node id names. `id` is a commit's SHA, a label's name, and a number for everything else."""

    kind: str
    repository_id: int | None
    id: int | str


def node_id(kind: str, number: int | str, repository_id: int | None = None) -> str:
    """The global node id of an object, spelled as GitHub spells it for an object of that age.

    Args:
        kind: The GraphQL type name.
        number: The numeric id; the SHA of a commit; the name of a label.
        repository_id: Id of the repository it is in, for everything that is in one.

    Returns:
        An id that `parse_node_id` reads.
    """
    if isinstance(number, int):
        if number < _OLD_IDS_BELOW.get(kind, 0):
            return _old(f"{kind}{number}", kind)
    elif kind == "Commit" and repository_id is not None and repository_id < _OLD_COMMITS_BELOW:
        return _old(f"{kind}{repository_id}:{number}", kind)
    parts: list[int | str] = (
        [0, number] if repository_id is None or kind == "Repository" else [0, repository_id, number]
    )
    packed = bytes([0x90 | len(parts)]) + b"".join(_pack(part) for part in parts)
    return f"{_PREFIXES[kind]}_{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def parse_node_id(text: str) -> Node:
    """What a node id names.

    Raises:
        ValueError: The text is no node id.
    """
    try:
        prefix, separator, rest = text.partition("_")
        if separator and prefix in _KINDS:
            return _parse_new(_KINDS[prefix], base64.b64decode(rest + "=" * (-len(rest) % 4), b"-_", validate=True))
        return _parse_old(base64.b64decode(text, validate=True).decode())
    except (ValueError, IndexError, binascii.Error) as error:
        raise ValueError(f"{text!r} is no node id") from error


def _old(body: str, kind: str) -> str:
    return base64.b64encode(f"0{len(kind)}:{body}".encode()).decode()


def _parse_old(text: str) -> Node:
    length, _, body = text.partition(":")
    kind, rest = body[: int(length)], body[int(length) :]
    if kind == "Commit":
        repository, _, sha = rest.partition(":")
        return Node(kind, int(repository), sha)
    if kind not in _PREFIXES:
        raise ValueError(kind)
    return Node(kind, None, int(rest))


def _pack(value: int | str) -> bytes:
    """One msgpack value, in the shortest form, as GitHub writes it."""
    if isinstance(value, str):
        encoded = value.encode()
        return bytes([_STRING_8, len(encoded)]) + encoded
    if value < 0x80:  # noqa: PLR2004 - msgpack's one-byte integers
        return bytes([value])
    mark, size = next((mark, size) for mark, size in _INT_SIZES.items() if value < 1 << (8 * size))
    return bytes([mark]) + value.to_bytes(size)


def _parse_new(kind: str, packed: bytes) -> Node:
    values: list[int | str] = []
    at = 1
    while at < len(packed):
        mark = packed[at]
        if mark == _STRING_8:
            end = at + 2 + packed[at + 1]
            values.append(packed[at + 2 : end].decode())
        elif mark in _INT_SIZES:
            end = at + 1 + _INT_SIZES[mark]
            values.append(int.from_bytes(packed[at + 1 : end]))
        else:
            end = at + 1
            values.append(mark)
        at = end
    if len(values) != packed[0] & 0x0F or values[0] != 0:
        raise ValueError(packed)
    _, *repository, number = values
    return Node(kind, int(repository[0]) if repository else None, number)


class IdSource:
    """Gives out the numeric ids of a world: growing per kind, unevenly as on GitHub, and never the same twice."""

    def __init__(self, world: World, random: Random, *, start: int = 1, step: int = 1_000) -> None:
        """Continues where the world's ids end; a kind without any starts above `start` and grows by up to `step`."""
        self._last = world.last_ids
        self._random = random
        self._start = start
        self._step = max(step, 1)

    def next(self, kind: str) -> int:
        """The next id of one kind of object."""
        number = self._last.get(kind, self._start) + 1 + int(self._random.random() * self._step)
        self._last[kind] = number
        return number
