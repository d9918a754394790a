"""How GitHub spells points in time."""

from __future__ import annotations

import time
from datetime import datetime
from email.utils import formatdate
from functools import lru_cache


@lru_cache(maxsize=65_536)
def timestamp(second: int) -> str:
    """RFC 3339 in UTC, as in `2024-03-01T12:00:00Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


def optional_timestamp(second: int | None) -> str | None:
    """The same; None for None."""
    return None if second is None else timestamp(second)


def http_date(second: int) -> str:
    """As in the `Date` header: `Fri, 01 Mar 2024 12:00:00 GMT`."""
    return formatdate(second, usegmt=True)


def parse_timestamp(text: str) -> int:
    """The second that an ISO 8601 text with a zone names.

    Raises:
        ValueError: It names none.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return int(moment.timestamp())
