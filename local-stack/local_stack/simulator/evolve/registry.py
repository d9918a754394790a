"""The events there are, in groups by what a reader of GitHub can see of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from local_stack.simulator.evolve.stage import Change, Stage

    Event: TypeAlias = Callable[[Stage, int], Change | None]

GROUPS: Final[dict[str, list[str]]] = {
    # Move `updatedAt` of the pull request, or `updated_at` or `pushed_at` of the repository, and take no row away.
    "updated_at": [],
    # Move `updatedAt` and take commits off a pull request.
    "force_pushes": [],
    # Change what tables hold without moving anything.
    "silent_edits": [],
    # Take rows away without moving anything.
    "deletions": [],
    # Change what a repository is called, whose it is, or whether it is there.
    "moves": [],
}
EVENTS: Final[dict[str, Event]] = {}
WEIGHTS: Final[dict[str, float]] = {}


def event(group: str, *, weight: float = 1.0) -> Callable[[Event], Event]:
    """Registers a function as the event of its name.

    The function makes the event happen at a second to something of its choice, and says to what; None if there is
    nothing to which it can happen.

    Args:
        group: Which of `GROUPS` it belongs to.
        weight: How often it happens compared with others.
    """

    def register(function: Event) -> Event:
        name = function.__name__
        GROUPS[group].append(name)
        EVENTS[name] = function
        WEIGHTS[name] = weight
        return function

    return register


def chosen(names: Collection[str] | None) -> list[str]:
    """The names of the events meant by names of events and of groups; all if None.

    Raises:
        ValueError: One of the names is of neither.
    """
    if names is None:
        return list(EVENTS)
    unknown = sorted(set(names) - set(EVENTS) - set(GROUPS))
    if unknown:
        known = f"groups {', '.join(GROUPS)}; events {', '.join(EVENTS)}"
        raise ValueError(f"no event {', '.join(unknown)}; there are {known}")
    wanted = set(names) | {event for group in GROUPS if group in names for event in GROUPS[group]}
    return [name for name in EVENTS if name in wanted]
