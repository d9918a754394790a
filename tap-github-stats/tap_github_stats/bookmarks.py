"""How far one stream has been read in one organization, and the only code that moves it on.

Each repository has a *position*: every change of its pull requests before that second has been read and written.
Pull requests whose `updatedAt` lies at or after the position are read again, save for those in `read`: they were read
after that second had certainly passed, so nothing can have been added to it since.

The JSON form names the positions compactly, for each repository the first that applies:

    exceptions  {id: {"bookmark": time}}  differs on its own: not read to the end, because of an error
    paused      {time: ids}               left out of the last run (by the filter, or out of sight) since that time
    (not in `known`)                      read from `start`
    progress    [[through id, time], ...] an unfinished run: repositories up to that id are at that time
    watermark   time                      all others

`known` and the ids of `paused` are spelled as in `idset`; `read` is `{repository id: {number: updatedAt}}`, or for a
stream of repositories `{repository id: time}`.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tap_github_stats import idset, timestamps
from tap_github_stats.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable

Json: TypeAlias = dict[str, Any]

REPOSITORY_ITSELF: Final = 0
"""The number under which `read` holds a repository's own row; no pull request has it."""


class Bookmarks:
    """The positions of one stream, or of several that stand at the same point, in one organization.

    A run calls `begin`, then `remember` and `advance` in ascending order of repository ids, then `finish`. What
    `to_json` gives at any moment in between is a point to resume from. No position ever moves back.

    Attributes:
        start: Where a repository that has no position begins; None, like 0, is the beginning of everything.
        watermark: Where the last finished run ended; None before.
        positions: Position by id of each known repository.
        read: By repository and number, the `updatedAt` of pull requests at or after the position that need no reading.
        paused: Known repositories that the last run left out.
        exceptions: Known repositories that the last run could not read to the end.
    """

    def __init__(self, start: int | None = None) -> None:
        self.start = start
        self.watermark: int | None = None
        self.positions: dict[int, int] = {}
        self.read: dict[int, dict[int, int]] = {}
        self.paused: set[int] = set()
        self.exceptions: set[int] = set()
        self._ceiling = 0
        self._to_do: list[int] = []
        self._done = 0

    def copy(self) -> Bookmarks:
        """An independent copy."""
        twin = Bookmarks(self.start)
        twin.watermark = self.watermark
        twin.positions = dict(self.positions)
        twin.read = {repository: dict(numbers) for repository, numbers in self.read.items()}
        twin.paused = set(self.paused)
        twin.exceptions = set(self.exceptions)
        return twin

    def position(self, repository: int) -> int:
        """The second before which everything of this repository has been read."""
        return self.positions.get(repository, self.start or 0)

    def wants(self, repository: int, number: int, updated: int) -> bool:
        """Whether a pull request that shows this `updatedAt` has to be read."""
        return updated >= self.position(repository) and self.read.get(repository, {}).get(number) != updated

    def begin(self, repositories: Iterable[int], ceiling: int) -> None:
        """Starts a run over these repositories, none of which will be complete past `ceiling`."""
        self._to_do = sorted(repositories)
        self._done = 0
        self._ceiling = ceiling
        self.paused = self.positions.keys() - set(self._to_do)
        self.exceptions = set()

    def remember(self, repository: int, number: int, updated: int) -> None:
        """Notes that this pull request was read after the second `updated` had certainly passed."""
        self.read.setdefault(repository, {})[number] = updated

    def advance(self, repository: int, position: int) -> None:
        """All repositories of the run with smaller ids are complete, and this one is up to `position`."""
        while self._done < len(self._to_do) and self._to_do[self._done] < repository:
            self._move(self._to_do[self._done], self._ceiling)
            self._done += 1
        self._move(repository, min(position, self._ceiling))

    def hold(self, repository: int) -> None:
        """Keeps this repository where it is until the end of the run: it could not be read to the end."""
        self.exceptions.add(repository)

    def finish(self) -> None:
        """All repositories of the run are complete, save those held."""
        for repository in self._to_do[self._done :]:
            self._move(repository, self._ceiling)
        self._to_do = []
        self.watermark = self._ceiling if self.watermark is None else max(self.watermark, self._ceiling)
        self.exceptions.update(
            repository
            for repository, position in self.positions.items()
            if position != self.watermark and repository not in self.paused
        )

    def _move(self, repository: int, position: int) -> None:
        if repository in self.exceptions:
            return
        position = max(position, self.position(repository))
        self.positions[repository] = position
        if numbers := self.read.pop(repository, None):
            kept = {number: updated for number, updated in numbers.items() if updated >= position}
            if kept:
                self.read[repository] = kept

    def to_json(self) -> Json:
        """The JSON form that the module describes, without empty parts."""
        form: Json = {}
        if self.start is not None:
            form["start"] = timestamps.render(self.start)
        if self.watermark is not None:
            form["watermark"] = timestamps.render(self.watermark)
        if self.positions:
            form["known"] = idset.encode(self.positions)
        if steps := self._steps():
            form["progress"] = steps
        if exceptions := {
            str(repository): {"bookmark": timestamps.render(self.positions[repository])}
            for repository in sorted(self.exceptions & self.positions.keys())
        }:
            form["exceptions"] = exceptions
        if paused := self._paused():
            form["paused"] = paused
        if self.read:
            form["read"] = {str(repository): _read_to_json(self.read[repository]) for repository in sorted(self.read)}
        return form

    def _steps(self) -> list[list[Any]]:
        apart = self.paused | self.exceptions
        regular = sorted(repository for repository in self.positions if repository not in apart)
        steps = [(list(run)[-1], position) for position, run in groupby(regular, self.positions.__getitem__)]
        if steps and steps[-1][1] == self.watermark:
            del steps[-1]
        return [[through, timestamps.render(position)] for through, position in steps]

    def _paused(self) -> dict[str, str]:
        groups: dict[int, list[int]] = {}
        for repository in self.paused:
            groups.setdefault(self.positions[repository], []).append(repository)
        return {timestamps.render(position): idset.encode(groups[position]) for position in sorted(groups)}

    @classmethod
    def from_json(cls, form: Json) -> Bookmarks:
        """Reads the JSON form that the module describes; unknown parts are ignored.

        Raises:
            StateError: A part of it cannot be understood.
        """
        try:
            return cls._from_json(form)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise StateError(f"a bookmark in the state cannot be understood: {error}") from error

    @classmethod
    def _from_json(cls, form: Json) -> Bookmarks:
        self = cls(timestamps.parse(form["start"]) if "start" in form else None)
        if "watermark" in form:
            self.watermark = timestamps.parse(form["watermark"])
        steps = sorted((through, timestamps.parse(text)) for through, text in form.get("progress", []))
        step = 0
        for repository in idset.decode(form.get("known", "")):
            while step < len(steps) and steps[step][0] < repository:
                step += 1
            position = steps[step][1] if step < len(steps) else self.watermark
            if position is not None:
                self.positions[repository] = position
        for text, ids in form.get("paused", {}).items():
            paused = idset.decode(ids)
            self.paused.update(paused)
            self.positions.update(dict.fromkeys(paused, timestamps.parse(text)))
        for key, exception in form.get("exceptions", {}).items():
            self.exceptions.add(int(key))
            if "bookmark" in exception:
                self.positions[int(key)] = timestamps.parse(exception["bookmark"])
            else:
                self.positions.pop(int(key), None)
        for key, read in form.get("read", {}).items():
            self.read[int(key)] = _read_from_json(read)
        return self


def _read_to_json(numbers: dict[int, int]) -> str | dict[str, str]:
    if REPOSITORY_ITSELF in numbers:
        return timestamps.render(numbers[REPOSITORY_ITSELF])
    return {str(number): timestamps.render(numbers[number]) for number in sorted(numbers)}


def _read_from_json(read: str | dict[str, str]) -> dict[int, int]:
    if isinstance(read, str):
        return {REPOSITORY_ITSELF: timestamps.parse(read)}
    return {int(number): timestamps.parse(text) for number, text in read.items()}
