"""The numeric ids of a world: growing per kind of object, unevenly as on GitHub, and never given twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from local_stack.simulator.model import World


class Numbering:
    """Gives out the numeric ids of one world, kept in `World.last_ids` so that a deleted object's id stays taken."""

    def __init__(self, world: World, random: Random, *, start: int = 0, steps: dict[str, int] | None = None) -> None:
        """Continues where the world's ids end.

        Args:
            world: Whose ids.
            random: Decides how far an id lies from the one before.
            start: A kind that has no id yet gets ids above this.
            steps: Largest distance between two ids in a row, per kind; 1,000 for a kind that is not named.
        """
        self._last = world.last_ids
        self._random = random.random
        self._start = start
        self._steps = steps or {}

    def next(self, kind: str) -> int:
        """The next id of a kind, by its GraphQL type name. Accounts of all kinds share the kind `User`."""
        number = self._last.get(kind, self._start) + 1 + int(self._random() * self._steps.get(kind, 1_000))
        self._last[kind] = number
        return number
