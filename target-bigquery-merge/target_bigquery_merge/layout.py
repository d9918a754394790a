"""How a stream's rows lie in a table: keys, version, partitions and clustering, from its settings and columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from google.cloud.bigquery import TimePartitioning

from target_bigquery_merge.columns import INGESTION_TIMESTAMP, Column
from target_bigquery_merge.errors import SchemaError
from target_bigquery_merge.partitions import Granularity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_bigquery_merge.settings import Settings

MAX_CLUSTERING = 4
MAX_PRIMARY_KEY = 16
# Times that belong to a thing rather than to its latest version: its rows seldom change their partition.
PARTITION_GUESSES = (
    "created_at",
    "submitted_at",
    "commit_date",
    "createdAt",
    "created",
    "created_date",
    "creation_date",
)

# What tables can be clustered by, and what a primary key can have.
_CLUSTERED = {"INTEGER", "STRING", "BOOLEAN", "DATE", "TIMESTAMP", "NUMERIC", "BIGNUMERIC"}
_ORDERED = _CLUSTERED | {"FLOAT", "TIME"}
_PARTITIONED = {"TIMESTAMP", "DATE"}


@dataclass(frozen=True)
class Layout:
    """The layout of one stream.

    Attributes:
        stream: The stream, for errors.
        columns: Its columns, by the properties that fill them.
        key_properties: Its key properties.
        settings: The settings of the target.
    """

    stream: str
    columns: Mapping[str, Column]
    key_properties: Sequence[str]
    settings: Settings

    @property
    def keys(self) -> list[Column]:
        """The key columns, each once.

        Raises:
            SchemaError: A key property is no column, or one of a type that cannot be compared.
        """
        return [self._key(key) for key in dict.fromkeys(self.key_properties)]

    def _key(self, key: str) -> Column:
        column = self.columns.get(key)
        if column is None:
            raise SchemaError(f"Stream {self.stream!r}: key property {key!r} is not in its schema.")
        if not _simple(column, _ORDERED):
            raise SchemaError(f"Stream {self.stream!r}: key property {key!r} is {column.type}, which cannot be a key.")
        return column

    @property
    def version(self) -> Column | None:
        """The column that `version_field` names.

        Raises:
            SchemaError: It is no column, or one without an order.
        """
        field = self.settings.stream(self.stream).version_field
        if not field:
            return None
        column = self._named(field, "version_field")
        if not _simple(column, _ORDERED):
            raise SchemaError(f"Stream {self.stream!r}: version_field {field!r} is {column.type}, which has no order.")
        return column

    @property
    def path_fields(self) -> tuple[str, ...]:
        """The path fields, where the stream has all of them."""
        fields = self.settings.path_fields
        return fields if all(name in self.columns and _clusters(self.columns[name]) for name in fields) else ()

    @property
    def primary_key(self) -> list[str]:
        """The key that a new table declares: where no key can be NULL, and BigQuery takes these columns."""
        keys = self.keys
        declared = len(keys) <= MAX_PRIMARY_KEY and all(
            key.type in _CLUSTERED and self.settings.validate_records and not key.nullable for key in keys
        )
        return [key.name for key in keys] if declared else []

    @property
    def partitioning(self) -> TimePartitioning | None:
        """The partitions of a new table.

        Unless a setting says otherwise: the first of `PARTITION_GUESSES` that is there, for the partition of a key
        should seldom change; for rows that are appended, the time of ingestion; none otherwise.

        Raises:
            SchemaError: `partition_field` cannot be partitioned so.
        """
        settings = self.settings.stream(self.stream)
        if settings.unpartitioned:
            return None
        if settings.partition_field:
            column = self._named(settings.partition_field, "partition_field")
            name, kind = column.name, column.type
        else:
            guesses = [self.columns[guess] for guess in PARTITION_GUESSES if guess in self.columns]
            guess = next((one for one in guesses if one.type in _PARTITIONED and one.mode != "REPEATED"), None)
            if guess is None and self.key_properties:
                return None
            name, kind = (guess.name, guess.type) if guess else (INGESTION_TIMESTAMP, "TIMESTAMP")
        hourly_date = kind == "DATE" and settings.granularity is Granularity.HOUR
        if kind not in _PARTITIONED or hourly_date:
            raise SchemaError(
                f"Stream {self.stream!r}: partition_field {name!r} is {kind}, which cannot be partitioned by "
                f"{settings.granularity.value}: name a date-time, or a date and a granularity of a day or more."
            )
        return TimePartitioning(type_=settings.granularity.name, field=name)

    @property
    def clustering(self) -> list[str]:
        """What a new table is clustered by: the setting, or the path fields and the keys.

        Raises:
            SchemaError: A table cannot be clustered by what the setting names.
        """
        fields = self.settings.stream(self.stream).clustering_fields
        if fields is None:
            guesses = [self.columns[field] for field in self.path_fields] + self.keys
            return list(dict.fromkeys(column.name for column in guesses if _clusters(column)))[:MAX_CLUSTERING]
        chosen = [self._named(field, "clustering_fields") for field in fields]
        wrong = [column.name for column in chosen if not _clusters(column)]
        if wrong or len(chosen) > MAX_CLUSTERING:
            raise SchemaError(
                f"Stream {self.stream!r}: a table is clustered by up to four columns of simple types, not by "
                f"{', '.join(wrong) or f'{len(chosen)} columns'}."
            )
        return [column.name for column in chosen]

    def _named(self, field: str, setting: str) -> Column:
        by_name = (column for column in self.columns.values() if column.name == field)
        column = self.columns.get(field) or next(by_name, None)
        if column is None:
            raise SchemaError(f"Stream {self.stream!r}: {setting} {field!r} is not a property of its schema.")
        return column


def _simple(column: Column, types: set[str]) -> bool:
    return column.type in types and column.mode != "REPEATED"


def _clusters(column: Column) -> bool:
    return _simple(column, _CLUSTERED)
