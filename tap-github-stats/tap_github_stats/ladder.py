"""How much to ask for at once: less at once when GitHub gives up, more again after a while."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Ladder:
    """The size of request that works at the moment, for any number of threads.

    Args:
        sizes: What may be asked for, the greatest first.
        climb_after: So many requests served in a row at one size let the next greater one be tried again.
    """

    def __init__(self, sizes: Sequence[int], climb_after: int) -> None:
        self._sizes = sizes
        self._climb_after = climb_after
        self._rung = 0
        self._served = 0
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """What to ask for at once."""
        return self._sizes[self._rung]

    def below(self, size: int) -> int:
        """The next smaller size; the smallest one has none below it and stays."""
        return next((smaller for smaller in self._sizes if smaller < size), self._sizes[-1])

    def failed(self, size: int) -> None:
        """A request of this size was too much."""
        with self._lock:
            self._served = 0
            while self._rung + 1 < len(self._sizes) and self._sizes[self._rung] >= size:
                self._rung += 1

    def served(self, size: int) -> None:
        """A request of this size was served."""
        with self._lock:
            if size < self.size:
                return
            self._served += 1
            if self._served >= self._climb_after and self._rung > 0:
                self._rung -= 1
                self._served = 0


def halves(size: int) -> list[int]:
    """A size, half of it, and so on down to 1."""
    sizes = [size]
    while sizes[-1] > 1:
        sizes.append(sizes[-1] // 2)
    return sizes
