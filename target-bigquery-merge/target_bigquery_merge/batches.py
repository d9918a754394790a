"""What is handed from step to step of the checkpoint protocol: the rows of a checkpoint, and what merging them did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from target_bigquery_merge.archive import RowFile
    from target_bigquery_merge.stream import Stream


@dataclass(frozen=True)
class Batch:
    """The rows of one stream in one checkpoint, in files that are written or being written."""

    stream: Stream
    written: Sequence[Future[RowFile]]

    @property
    def files(self) -> list[RowFile]:
        """The files, when they are safe."""
        return [future.result() for future in self.written]

    @property
    def rows(self) -> int:
        """How many rows the files hold."""
        return sum(file.rows for file in self.files)


@dataclass(frozen=True)
class Checkpoint:
    """Everything between two points of the input.

    Attributes:
        number: Ordinal within the run, from 1.
        batches: Its rows, by stream, in the order in which the streams first had one.
        through: The ordinal of the last row that belongs to it; the files may hold rows beyond, which do not count.
        state: The STATE to print when it is merged; None: none.
    """

    number: int
    batches: Sequence[Batch]
    through: int
    state: Mapping[str, Any] | None


@dataclass
class Merged:
    """What merging a batch did.

    Attributes:
        stream: The stream.
        inserted: Rows that are new.
        updated: Rows that were replaced.
        bytes_billed: What BigQuery bills for the MERGE and its lookup.
        partitions: How many partitions were named; None: the table has none.
    """

    stream: str
    inserted: int = 0
    updated: int = 0
    bytes_billed: int = 0
    partitions: int | None = None
