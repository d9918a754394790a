"""Partitions of a table by time: their granularity, their ranges, and the predicates that name them by literals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from target_bigquery_merge import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# BigQuery lets one statement modify so many partitions.
MAX_PARTITIONS = 4_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Granularity(StrEnum):
    """How long a partition is."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"

    def next(self, start: date) -> date | None:
        """Return the start of the partition after the one that starts there; None after the last of the year 9999."""
        try:
            if self is Granularity.HOUR:
                return start + timedelta(hours=1)
            if self is Granularity.DAY:
                return start + timedelta(days=1)
            if self is Granularity.MONTH:
                return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
            return start.replace(year=start.year + 1)
        except (OverflowError, ValueError):
            return None


class Move(NamedTuple):
    """Some staged rows go to one partition, their keys are stored in another, the same, or nowhere yet.

    Partitions are numbered by their start in whole seconds (TIMESTAMP) or days (DATE) since 1970; None is the NULL
    partition.
    """

    destination: int | None
    home: int | None
    found: bool

    @property
    def partitions(self) -> set[int | None]:
        """The partitions that the move touches."""
        return {self.destination, self.home} if self.found else {self.destination}

    @property
    def code(self) -> str:
        """The move as the statements of `share.sql` spell it."""
        home = ("null" if self.home is None else str(self.home)) if self.found else "new"
        return f"{'null' if self.destination is None else self.destination}:{home}"


@dataclass(frozen=True)
class Partitioning:
    """A table's partition column."""

    column: str
    type: str
    granularity: Granularity

    def ordinal(self, expression: str) -> str:
        """Spell, in SQL, the number of the partition that a value falls in."""
        unit = self.granularity.name
        if self.type == "DATE":
            return f"UNIX_DATE(DATE_TRUNC({expression}, {unit}))"
        return f"UNIX_SECONDS(TIMESTAMP_TRUNC({expression}, {unit}))"

    def start(self, ordinal: int) -> date:
        """Return the start of the partition of that number."""
        if self.type == "DATE":
            return _EPOCH.date() + timedelta(days=ordinal)
        return _EPOCH + timedelta(seconds=ordinal)

    def predicate(self, column: str, partitions: Iterable[int | None]) -> str:
        """Spell, in SQL, that a column falls in one of these partitions: ranges of literals, NULL by name.

        Args:
            column: The partition column, quoted.
            partitions: Numbers of partitions; neighbours become one range.
        """
        ordinals = set(partitions)
        terms = [self._range(column, first, last) for first, last in self._runs(sorted(ordinals - {None}))]  # type: ignore[type-var] # None is out
        if None in ordinals:
            terms.append(f"{column} IS NULL")
        return f"({' OR '.join(terms) or 'FALSE'})"

    def _runs(self, ordinals: Sequence[int | None]) -> Iterator[tuple[date, date]]:
        """Yield the first and the last of each run of neighbouring partitions."""
        first: date | None = None
        last: date | None = None
        for ordinal in ordinals:
            start = self.start(ordinal)  # type: ignore[arg-type] # None is out
            if first is None or last is None:
                first = start
            elif self.granularity.next(last) != start:
                yield first, last
                first = start
            last = start
        if first is not None and last is not None:
            yield first, last

    def _range(self, column: str, first: date, last: date) -> str:
        end = self.granularity.next(last)
        lower = f"{column} >= {sql.literal(first)}"
        return f"({lower})" if end is None else f"({lower} AND {column} < {sql.literal(end)})"


def shares(moves: Iterable[Move], limit: int) -> list[list[Move]]:
    """Divide moves so that each share touches no more partitions than one statement may modify."""
    result: list[list[Move]] = []
    touched: set[int | None] = set()
    for move in sorted(moves, key=lambda move: (move.home or 0, move.destination or 0, move.code)):
        if not result or len(touched | move.partitions) > limit:
            result.append([])
            touched = set()
        result[-1].append(move)
        touched |= move.partitions
    return result
