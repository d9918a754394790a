"""What the data folder of a stack remembers: how its organization came about, so that it can come about again.

The simulated GitHub lives in memory. Its recipe (what the generator was asked for, which recordings were loaded, and
each evolution since) gives the same organization again after a restart. Only the owner can read the folder, because
it holds the token.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from local_stack.process import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FORMAT = 1
_RECIPE = "stack.json"
_LOCK = "stack.lock"
_GITIGNORE = ".gitignore"
# What may be there before there is a recipe: an `up` that failed leaves its logs.
_LEFT_BEHIND = {_LOCK, "stack.new", "organizations.json", "github", "bigquery", "storage"}


@dataclass(frozen=True)
class Recipe:
    """How the simulated GitHub came about.

    Attributes:
        organization: Login of the generated organization.
        repositories: How many repositories it has; 0 for no generated organization.
        pull_requests: How many pull requests these have in all.
        seed: The generator's seed.
        recordings: Folder of recordings that are loaded as well.
        now: The second, by GitHub's clock, up to which the organization was generated.
        clock_offset: Seconds that GitHub's clock was ahead of the machine's then.
        token: The token that GitHub accepts.
    """

    organization: str
    repositories: int
    pull_requests: int
    seed: int
    recordings: str | None
    now: int
    clock_offset: int
    token: str


@dataclass(frozen=True)
class Evolution:
    """One step in the life of the simulated GitHub: the arguments of `evolve`, and the second at which it began."""

    at: int
    days: float
    seed: int
    events: list[str] | None


def new_token() -> str:
    """A token for a new GitHub; it opens nothing but that."""
    return f"local-stack-{secrets.token_hex(16)}"


class DataFolder:
    """A data folder, which may not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._recipe = path / _RECIPE
        self._evolutions = path / "evolutions.jsonl"
        self._organizations = path / "organizations.json"

    def exists(self) -> bool:
        """Whether there is a recipe in it."""
        return self._recipe.exists()

    def create(self, recipe: Recipe) -> None:
        """Writes the recipe, readable only by the owner; call it within `locked`."""
        self.path.chmod(0o700)
        unfinished = self._recipe.with_suffix(".new")
        unfinished.touch(0o600)
        unfinished.write_text(json.dumps({"format": _FORMAT, **asdict(recipe)}, indent=2))
        unfinished.replace(self._recipe)
        (self.path / _GITIGNORE).write_text("*\n")

    def forget(self) -> None:
        """Takes the recipe back, so that the next one may differ; logs stay."""
        for name in (_RECIPE, _GITIGNORE):
            (self.path / name).unlink()

    def recipe(self) -> Recipe:
        """The recipe.

        Raises:
            StackError: There is none, or it is another version's.
        """
        try:
            content: dict[str, Any] = json.loads(self._recipe.read_text())
        except FileNotFoundError:
            raise StackError(f"There is no stack in {self.path}; `local-stack up` makes one") from None
        if content.pop("format") != _FORMAT:
            raise StackError(f"{self._recipe} was written by another version; `local-stack down --purge` removes it")
        return Recipe(**content)

    def set_organizations(self, logins: list[str]) -> None:
        """Remembers which organizations the recipe gives."""
        self._organizations.write_text(json.dumps(logins))

    def organizations(self) -> list[str]:
        """The logins of the organizations that the recipe gives, known from the first `up` on."""
        logins: list[str] = json.loads(self._organizations.read_text())
        return logins

    def evolutions(self) -> Iterator[Evolution]:
        """What has happened since the organization was made, in order."""
        lines = self._evolutions.read_text().splitlines() if self._evolutions.exists() else []
        for line in lines:
            yield Evolution(**json.loads(line))

    def record(self, evolution: Evolution) -> None:
        """Adds an evolution; it is on disk when this returns."""
        with self._evolutions.open("a") as file:
            file.write(json.dumps(asdict(evolution)) + "\n")
            file.flush()
            os.fsync(file.fileno())

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other commands out of the folder, or waits for them to finish. Makes the folder when missing.

        Raises:
            StackError: The folder cannot be made, or holds something else.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            strangers = {path.name for path in self.path.iterdir()} - _LEFT_BEHIND if not self.exists() else ()
            if strangers:
                raise StackError(f"{self.path} holds other things ({min(strangers)}); name an empty folder with --data")
            lock = (self.path / _LOCK).open("w")
        except OSError as error:
            raise StackError(f"{self.path} cannot be used as data folder: {error.strerror}") from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def purge(self) -> None:
        """Deletes the folder and everything in it.

        Raises:
            StackError: It is not a data folder.
        """
        if not (self.path / _LOCK).exists():
            raise StackError(f"{self.path} is not the data folder of a stack, so it is not deleted")
        shutil.rmtree(self.path)
