"""Who runs, and when: the identity of a run and the clock that stamps its rows."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime


def spell(moment: datetime) -> str:
    """Spell a time in UTC as RFC 3339 with `Z`, to the microsecond."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


@dataclass(frozen=True)
class Run:
    """One run of one pipeline.

    Attributes:
        id: Unique, and sorted by its start: `20261124T031354.123456Z-0f3c9a71`.
        date: The UTC date of its start, for archive paths.
    """

    id: str
    date: str

    @classmethod
    def begin(cls) -> Run:
        """Begin a run now."""
        now = datetime.now(UTC)
        return cls(f"{now:%Y%m%dT%H%M%S.%f}Z-{secrets.token_hex(4)}", f"{now:%Y-%m-%d}")


class Clock:
    """Tells the time as text, spelled anew at most once a millisecond; it never goes back."""

    def __init__(self) -> None:
        self._tick = -1
        self._text = ""

    def now(self) -> str:
        """Return the present time."""
        tick = max(time.time_ns() // 1_000_000, self._tick)
        if tick != self._tick:
            self._tick = tick
            self._text = spell(datetime.fromtimestamp(tick / 1000, UTC))
        return self._text
