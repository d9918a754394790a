"""A stream as it is loaded: its table, columns and keys, and the rules of its MERGE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.cloud.bigquery import TableReference

    from target_bigquery_merge.columns import Column
    from target_bigquery_merge.partitions import Partitioning


@dataclass
class Stream:
    """One stream under one schema.

    Attributes:
        name: Its name in the messages, after stream maps.
        schema: The JSON schema of its SCHEMA message.
        key_properties: The key properties of its SCHEMA message.
        table: Where it goes.
        columns: All columns that a row may fill, those that the target adds included.
        keys: The key columns; none: rows are appended.
        nullable_keys: Those of them that may be NULL.
        path_fields: The properties that lead the path of its archive files.
        partitioning: What the table is partitioned by; None: nothing that a column decides about.
        immutable_partition: The partition of a key never changes.
        filter_required: Queries of the table must name partitions.
        version_column: The column that orders versions before the time of observation.
        fresh: The table was made by this run and nothing is in it yet.
    """

    name: str
    schema: Mapping[str, Any]
    key_properties: tuple[str, ...]
    table: TableReference
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    nullable_keys: frozenset[str]
    path_fields: tuple[str, ...]
    partitioning: Partitioning | None
    immutable_partition: bool
    filter_required: bool
    version_column: str | None
    fresh: bool

    @property
    def prunes(self) -> bool:
        """Whether the partitions that rows go to can be told, by the column that decides about them."""
        return self.partitioning is not None and any(column.name == self.partitioning.column for column in self.columns)
