"""Points in time: whole seconds since 1970 (UTC) inside the tap, RFC 3339 with `Z` outside of it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def parse(text: str) -> int:
    """The second that an RFC 3339 or ISO 8601 timestamp names; UTC if it names no zone.

    Raises:
        ValueError: The text is no timestamp.
    """
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def render(second: int) -> str:
    """RFC 3339 with `Z`: the one spelling used in messages and state."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_utc(text: str) -> str:
    """The same point in time, spelled with `Z`. What GitHub spells so already (nearly everything) passes unchanged."""
    return text if text.endswith("Z") else render(parse(text))


def from_http(text: str) -> int:
    """The second that an HTTP `Date` header names.

    Raises:
        ValueError: The text is no HTTP date.
    """
    return int(parsedate_to_datetime(text).timestamp())
