"""Pages of GraphQL connections, and the opaque cursors between them.

Two kinds of lists, as on GitHub:

- A *keyset* is sorted by a value of its rows (a timestamp, a name) and then by id. Its cursor holds both, so a page
  starts behind the same point even if rows were updated, added or deleted meanwhile.
- A *sequence* has an order of its own (commits, comments). Its cursor holds the position and the identity of a row:
  it goes on behind that row wherever it is now, or at its old place if the row is gone.
"""

from __future__ import annotations

import base64
import binascii
import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")
Part: TypeAlias = int | str
Key: TypeAlias = tuple[Part, ...]

_PREFIX = b"cursor:v2:"


class InvalidCursorError(ValueError):
    """The text is no cursor of this list."""

    def __init__(self, cursor: str) -> None:
        super().__init__(f"`{cursor}` does not appear to be a valid cursor.")


@dataclass(frozen=True, slots=True)
class Window:
    """The pagination arguments of a connection; `first` and `last` have been checked before."""

    first: int | None = None
    last: int | None = None
    after: str | None = None
    before: str | None = None


@dataclass(slots=True)
class Page(Generic[T]):
    """A page of a connection, its rows in order.

    Attributes:
        items: The rows.
        total: How many rows the connection has over all pages.
        has_next: Whether rows follow the last one.
        has_previous: Whether rows precede the first one.
        key_at: Gives the key of the row at that index of `items`.
    """

    items: Sequence[T]
    total: int
    has_next: bool
    has_previous: bool
    key_at: Callable[[int], Key]

    def cursor(self, index: int) -> str:
        """The cursor of the row at that index of `items`."""
        return encode_cursor(self.key_at(index))


def encode_cursor(key: Key) -> str:
    """The cursor for that key."""
    return base64.b64encode(_PREFIX + orjson.dumps(key)).decode()


def decode_cursor(cursor: str, like: Key | None = None) -> Key:
    """The key that `encode_cursor` got.

    Raises:
        InvalidCursorError: It is no cursor, or its key has not the length and types of `like`.
    """
    try:
        text = base64.b64decode(cursor, validate=True)
        key = orjson.loads(text.removeprefix(_PREFIX))
    except (binascii.Error, ValueError):
        raise InvalidCursorError(cursor) from None
    fits = text.startswith(_PREFIX) and isinstance(key, list) and all(isinstance(part, (int, str)) for part in key)
    if not fits or (like is not None and [type(part) for part in key] != [type(part) for part in like]):
        raise InvalidCursorError(cursor)
    return tuple(key)


def page_of_keyset(rows: Iterable[T], key: Callable[[T], Key], window: Window, *, descending: bool = False) -> Page[T]:
    """A page of the rows sorted by `key`, which must be unique; O(rows) whatever the page.

    Raises:
        InvalidCursorError: `after` or `before` is no cursor of this list.
    """
    keyed = [(key(row), row) for row in rows]
    like = keyed[0][0] if keyed else None
    inside = keyed
    for cursor, wants_greater in ((window.after, not descending), (window.before, descending)):
        if cursor is not None:
            limit = decode_cursor(cursor, like)
            inside = [pair for pair in inside if (pair[0] > limit if wants_greater else pair[0] < limit)]
    from_the_end = window.first is None and window.last is not None
    count = window.last if from_the_end else window.first
    count = len(inside) if count is None else count
    choose = heapq.nlargest if descending is not from_the_end else heapq.nsmallest
    chosen = choose(count, inside, key=_first)
    if from_the_end:
        chosen.reverse()
    before, after = _outside(keyed, chosen, descending=descending)
    return Page([row for _, row in chosen], len(keyed), after, before, lambda index: chosen[index][0])


def page_of_sequence(rows: Sequence[T], identity: Callable[[T], Part], window: Window) -> Page[T]:
    """A page of rows that keep the order they are in.

    Raises:
        InvalidCursorError: `after` or `before` is no cursor of this list.
    """
    start, stop = 0, len(rows)
    if window.after is not None:
        position, found = _locate(rows, identity, window.after)
        start = position + found
    if window.before is not None:
        stop = max(start, min(stop, _locate(rows, identity, window.before)[0]))
    if window.first is not None:
        stop = min(stop, start + window.first)
    elif window.last is not None:
        start = max(start, stop - window.last)
    return Page(
        rows[start:stop] if start or stop < len(rows) else rows,
        len(rows),
        stop < len(rows),
        start > 0,
        lambda index: (start + index, identity(rows[start + index])),
    )


def _first(pair: tuple[Key, T]) -> Key:
    return pair[0]


def _outside(keyed: list[tuple[Key, T]], chosen: list[tuple[Key, T]], *, descending: bool) -> tuple[bool, bool]:
    """Whether rows of the whole list come before and after the chosen ones."""
    if len(chosen) == len(keyed):
        return False, False
    if not chosen:
        return True, False
    low, high = sorted((chosen[0][0], chosen[-1][0]))
    smaller = any(key < low for key, _ in keyed)
    greater = any(key > high for key, _ in keyed)
    return (greater, smaller) if descending else (smaller, greater)


def _locate(rows: Sequence[T], identity: Callable[[T], Part], cursor: str) -> tuple[int, int]:
    """The place of the cursor's row and 1, or, if it is gone, the place where it was and 0."""
    position, wanted = decode_cursor(cursor, (0, identity(rows[0])) if rows else None)[:2]
    if not isinstance(position, int):
        raise InvalidCursorError(cursor)
    if position < len(rows) and identity(rows[position]) == wanted:
        return position, 1
    for index, row in enumerate(rows):
        if identity(row) == wanted:
            return index, 1
    return min(position, len(rows)), 0
