"""Moves a world on in time, by the events that happen to pull requests and repositories on GitHub.

What moves a pull request's `updated_at` follows what is known of GitHub: its own edits and states, pushes, labels,
reviews and comments do. Edits and deletions of comments are unproven and taken not to move it, as a collector must
not rely on it.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from local_stack.simulator.evolve import (  # noqa: F401 - importing them registers their events
    pull_request_events,
    repository_events,
    review_events,
    silent_events,
)
from local_stack.simulator.evolve.registry import EVENTS, GROUPS, WEIGHTS, chosen
from local_stack.simulator.evolve.stage import Change, Stage
from local_stack.simulator.numbering import Numbering

if TYPE_CHECKING:
    from collections.abc import Collection

    from local_stack.simulator.model import World

__all__ = [
    "DELETION_EVENTS",
    "EVENTS",
    "FORCE_PUSH_EVENTS",
    "GROUPS",
    "MOVE_EVENTS",
    "SILENT_EVENTS",
    "UPDATED_AT_EVENTS",
    "Change",
    "evolve",
]

UPDATED_AT_EVENTS: Final = frozenset(GROUPS["updated_at"])
FORCE_PUSH_EVENTS: Final = frozenset(GROUPS["force_pushes"])
SILENT_EVENTS: Final = frozenset(GROUPS["silent_edits"])
DELETION_EVENTS: Final = frozenset(GROUPS["deletions"])
MOVE_EVENTS: Final = frozenset(GROUPS["moves"])

_DAY: Final = 86_400
# Everything has happened this long before the window ends.
_QUIET: Final = 60
_STEPS: Final = {"User": 100_000, "Repository": 20_000}
_TRIES: Final = 5


def evolve(
    world: World, *, days: float, seed: int, events: Collection[str] | None = None, count: int | None = None
) -> list[Change]:
    """Moves the clock on by some days, and lets things happen on the way.

    The clock stands at the second of an event when it happens, and no event lies in the last minute. The same world,
    time and arguments give the same changes.

    Args:
        world: What is moved on.
        days: How far; at least two minutes.
        seed: Decides what happens, and when.
        events: Names of events, or of groups of them (the keys of `GROUPS`), to choose from; all if None.
        count: How many events; by default every kind at least once, and more with the days and the pull requests.

    Returns:
        What happened, in order. An event that finds nothing it can happen to gives way to another one.

    Raises:
        ValueError: There is no organization or no such event, or the days are too short.
    """
    names = chosen(events)
    start = world.clock.now()
    end = start + int(days * _DAY)
    if end - _QUIET <= start + 1:
        raise ValueError(f"{days} days are too short for anything to happen in: at least two minutes")
    if not world.organizations:
        raise ValueError("the world has no organization in which anything could happen")
    random = Random(f"{seed}/{days}/{','.join(names)}/{count}")  # noqa: S311 - to be repeated
    stage = Stage(world, random, Numbering(world, random, steps=_STEPS))
    changes = []
    for name, at in _agenda(random, names, _number(world, days, names) if count is None else count, (start, end)):
        world.clock.advance(max(0, at - world.clock.now()))
        change = EVENTS[name](stage, at)
        tries = _TRIES
        while change is None and tries:
            change = EVENTS[_drawn(random, names)](stage, at)
            tries -= 1
        if change is not None:
            world.revision += 1
            changes.append(change)
    world.clock.advance(max(0, end - world.clock.now()))
    return changes


def _number(world: World, days: float, names: list[str]) -> int:
    """How many events there are: five a day and one more for each hundred pull requests, but enough for every kind."""
    repositories = [it for organization in world.organizations.values() for it in organization.repositories.values()]
    pull_requests = sum(len(repository.pull_requests) for repository in repositories)
    return max(2 * len(names), int(days * (5 + pull_requests / 100)))


def _agenda(random: Random, names: list[str], count: int, window: tuple[int, int]) -> list[tuple[str, int]]:
    start, end = window
    what = [*random.sample(names, len(names)), *(_drawn(random, names) for _ in range(count - len(names)))][:count]
    random.shuffle(what)
    return list(zip(what, sorted(random.randint(start + 1, end - _QUIET) for _ in what), strict=True))


def _drawn(random: Random, names: list[str]) -> str:
    return random.choices(names, weights=[WEIGHTS[name] for name in names])[0]
