"""Dataset, bucket and tables: made where missing, checked where they exist, extended by new columns.

A table that exists keeps what it is: its partitions, clustering, descriptions and the modes of its columns; the MERGE
follows its partitions, not the settings.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from google.api_core import exceptions as api
from google.cloud import bigquery
from google.cloud.bigquery.table import PrimaryKey, TableConstraints

from target_bigquery_merge.columns import INGESTION_TIMESTAMP, METADATA, SDK_METADATA, Column, columns_of
from target_bigquery_merge.errors import SchemaError, TerminalError
from target_bigquery_merge.load import REQUEST_TIMEOUT
from target_bigquery_merge.locations import can_load
from target_bigquery_merge.names import TABLE_NAME_LENGTH, label, table_name, with_fingerprint
from target_bigquery_merge.partitions import Granularity, Partitioning
from target_bigquery_merge.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from google.cloud import storage

    from target_bigquery_merge.settings import Settings, StreamSettings

logger = logging.getLogger("target-bigquery-merge")

DEFAULT_LOCATION = "US"
MAX_CLUSTERING = 4
UPDATE_ATTEMPTS = 5
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

_CLUSTERED = {"INTEGER", "STRING", "BOOLEAN", "DATE", "TIMESTAMP", "NUMERIC", "BIGNUMERIC"}
_KEYED = _CLUSTERED | {"FLOAT", "TIME"}
_MARK = re.compile(r'Stream name: (?P<mark>"(?:[^"\\]|\\.)*")\Z')


def prepare_dataset(client: bigquery.Client, settings: Settings) -> str:
    """Make the dataset where it is missing and return its location.

    Raises:
        TerminalError: It lies elsewhere than `location` says.
    """
    dataset = bigquery.Dataset(bigquery.DatasetReference(settings.project, settings.dataset))
    try:
        existing = client.get_dataset(dataset.reference, timeout=REQUEST_TIMEOUT)
    except api.NotFound:
        dataset.location = settings.location or DEFAULT_LOCATION
        existing = client.create_dataset(dataset, exists_ok=True, timeout=REQUEST_TIMEOUT)
        logger.info("Dataset %s.%s is made in %s.", settings.project, settings.dataset, dataset.location)
    location = str(existing.location or settings.location or DEFAULT_LOCATION)
    if settings.location and settings.location.upper() != location.upper():
        raise TerminalError(
            f"Dataset {settings.project}.{settings.dataset} lies in {location}, but 'location' is "
            f"{settings.location}. Set 'location' to {location}, or choose another dataset."
        )
    return location


def prepare_bucket(client: storage.Client, settings: Settings, location: str) -> storage.Bucket:
    """Make the bucket where it is missing, and check that the dataset's location can load from it.

    Raises:
        TerminalError: It cannot, or the bucket cannot be used.
    """
    try:
        bucket = client.lookup_bucket(settings.bucket, timeout=REQUEST_TIMEOUT)
        if bucket is None:
            bucket = client.bucket(settings.bucket)
            bucket.iam_configuration.uniform_bucket_level_access_enabled = True
            bucket = client.create_bucket(bucket, location=location, timeout=REQUEST_TIMEOUT)
            logger.info("Bucket %s is made in %s.", settings.bucket, location)
    except api.Conflict:
        bucket = client.get_bucket(settings.bucket, timeout=REQUEST_TIMEOUT)
    except api.Forbidden as error:
        raise TerminalError(
            f"Bucket {settings.bucket}: access denied. The account needs storage.buckets.get and the rights to create "
            f"and read objects, and storage.buckets.create where the bucket is missing: {error}"
        ) from error
    if bucket.location and not can_load(location, bucket.location):
        raise TerminalError(
            f"Dataset {settings.dataset} lies in {location} and cannot load from bucket {settings.bucket} in "
            f"{bucket.location}. Choose a bucket in {location}."
        )
    return bucket


class Tables:
    """Prepares the table of each stream."""

    def __init__(self, client: bigquery.Client, settings: Settings) -> None:
        """Prepare tables in the dataset of the settings."""
        self._client = client
        self._settings = settings
        self._taken: dict[str, str] = {}

    def prepare(self, stream: str, schema: Mapping[str, Any], key_properties: Sequence[str]) -> Stream:
        """Make, or extend, the table of a stream so that every row its schema allows fits in.

        Raises:
            SchemaError: The schema cannot become a table, or does not fit the one that exists.
        """
        settings = self._settings.stream(stream)
        table_id, existing = self._table_of(stream)
        columns = self._columns(stream, schema, key_properties, existing)
        names = {column.source: column for column in columns if column.source is not None}
        keys = [_key(stream, names, key) for key in key_properties]
        version = _version(stream, names, settings.version_field) if settings.version_field else None
        table = bigquery.Table(self._reference(table_id), [column.field() for column in columns])
        self._partition(table, stream, names, settings, keyed=bool(keys))
        if existing is None:
            self._describe(table, stream, schema, names, keys, settings)
            existing, fresh = self._create(table)
            if not fresh:
                return self.prepare(stream, schema, key_properties)
        else:
            fresh = False
            existing = self._extend(existing, columns)
        return Stream(
            name=stream,
            schema=schema,
            key_properties=tuple(key_properties),
            table=existing.reference,
            columns=columns,
            keys=tuple(key.name for key in keys),
            nullable_keys=frozenset(key.name for key in keys if key.nullable or not self._settings.validate_records),
            path_fields=self._path_fields(names),
            partitioning=_partitioning(existing),
            immutable_partition=settings.immutable_partition,
            filter_required=bool(existing.require_partition_filter),
            version_column=version.name if version else None,
            fresh=fresh,
        )

    def _reference(self, table_id: str) -> bigquery.TableReference:
        return bigquery.TableReference(
            bigquery.DatasetReference(self._settings.project, self._settings.dataset), table_id
        )

    def _table_of(self, stream: str) -> tuple[str, bigquery.Table | None]:
        """Find the table of a stream: one that says so, or a free name; two streams never share one."""
        plain = table_name(stream)
        for table_id in (plain, with_fingerprint(plain, stream, TABLE_NAME_LENGTH)):
            if self._taken.get(table_id, stream) != stream:
                continue
            try:
                existing = self._client.get_table(self._reference(table_id), timeout=REQUEST_TIMEOUT)
            except api.NotFound:
                existing = None
            mark = _MARK.search(existing.description or "") if existing else None
            if mark is None or json.loads(mark["mark"]) == stream:
                self._taken[table_id] = stream
                return table_id, existing
        raise SchemaError(f"Stream {stream!r}: its table {table_id!r} belongs to another stream. Use another dataset.")

    def _columns(
        self, stream: str, schema: Mapping[str, Any], keys: Sequence[str], existing: bigquery.Table | None
    ) -> tuple[Column, ...]:
        known = existing.schema if existing else ()
        modes = {field.name.lower(): field.mode for field in known}
        required = {"required": [*schema.get("required", ()), *keys]}
        planned = columns_of(stream, {**schema, **required}, known, validate=self._settings.validate_records)
        added = METADATA + (SDK_METADATA if self._settings.add_record_metadata else ())
        return planned + tuple(replace(column, mode=modes.get(column.name, column.mode)) for column in added)

    def _partition(
        self, table: bigquery.Table, stream: str, names: Mapping[str, Column], settings: StreamSettings, *, keyed: bool
    ) -> None:
        """Choose the partitions of a new table.

        Unless a setting says otherwise: the first of `PARTITION_GUESSES` that is there, for the partition of a key
        should seldom change; for rows that are appended, the time of ingestion; none otherwise.
        """
        if settings.unpartitioned:
            return
        if settings.partition_field:
            column = _named(stream, names, settings.partition_field, "partition_field")
            name, kind = column.name, column.type
        else:
            guesses = [names[guess] for guess in PARTITION_GUESSES if guess in names]
            guess = next((column for column in guesses if column.type in {"TIMESTAMP", "DATE"}), None)
            if guess is None and keyed:
                return
            name, kind = (guess.name, guess.type) if guess else (INGESTION_TIMESTAMP, "TIMESTAMP")
        hourly_date = kind == "DATE" and settings.granularity is Granularity.HOUR
        if kind not in {"TIMESTAMP", "DATE"} or hourly_date:
            raise SchemaError(
                f"Stream {stream!r}: partition_field {name!r} is {kind}, which cannot be partitioned by "
                f"{settings.granularity.value}: name a date-time, or a date and a granularity of a day or more."
            )
        table.time_partitioning = bigquery.TimePartitioning(type_=settings.granularity.name, field=name)

    def _describe(  # noqa: PLR0913, PLR0917 -- what a table is told
        self,
        table: bigquery.Table,
        stream: str,
        schema: Mapping[str, Any],
        names: Mapping[str, Column],
        keys: Sequence[Column],
        settings: StreamSettings,
    ) -> None:
        mark = "" if table.table_id == stream else f"Stream name: {json.dumps(stream)}"
        table.description = " ".join(part for part in (str(schema.get("description") or ""), mark) if part) or None
        table.labels = {"loaded_by": "target-bigquery-merge", "pipeline": label(self._settings.pipeline)}
        table.clustering_fields = self._clustering(stream, names, keys, settings) or None
        if keys and not any(key.nullable for key in keys):
            table.table_constraints = TableConstraints(PrimaryKey([key.name for key in keys]), None)

    def _clustering(
        self, stream: str, names: Mapping[str, Column], keys: Sequence[Column], settings: StreamSettings
    ) -> list[str]:
        """Choose what a new table is clustered by: the setting, or the path fields and the keys."""
        if settings.clustering_fields is None:
            guesses = [names[field] for field in self._path_fields(names)] + list(keys)
            usable = [column.name for column in guesses if column.type in _CLUSTERED and column.mode != "REPEATED"]
            return list(dict.fromkeys(usable))[:MAX_CLUSTERING]
        chosen = [_named(stream, names, field, "clustering_fields") for field in settings.clustering_fields]
        wrong = [column.name for column in chosen if column.type not in _CLUSTERED or column.mode == "REPEATED"]
        if wrong or len(chosen) > MAX_CLUSTERING:
            raise SchemaError(
                f"Stream {stream!r}: a table is clustered by up to four columns of simple types, not by "
                f"{', '.join(wrong) or f'{len(chosen)} columns'}."
            )
        return [column.name for column in chosen]

    def _path_fields(self, names: Mapping[str, Column]) -> tuple[str, ...]:
        fields = self._settings.path_fields
        simple = all(
            field in names and names[field].type in _CLUSTERED and names[field].mode != "REPEATED" for field in fields
        )
        return fields if simple else ()

    def _create(self, table: bigquery.Table) -> tuple[bigquery.Table, bool]:
        """Make a table; False: somebody else has made it in the meantime."""
        try:
            created = self._client.create_table(table, timeout=REQUEST_TIMEOUT)
        except api.Conflict:
            return self._client.get_table(table.reference, timeout=REQUEST_TIMEOUT), False
        except api.BadRequest as error:
            raise SchemaError(f"Table {table.reference} cannot be made: {error}") from error
        logger.info("Table %s is made.", table.reference)
        return created, True

    def _extend(self, table: bigquery.Table, columns: Sequence[Column]) -> bigquery.Table:
        """Add the columns that a table lacks; again when somebody else changed it at the same time."""
        for attempt in range(UPDATE_ATTEMPTS):
            fields = extended(table.schema, columns)
            if fields == list(table.schema):
                break
            table.schema = fields
            try:
                table = self._client.update_table(table, ["schema"], timeout=REQUEST_TIMEOUT)
            except api.PreconditionFailed:
                if attempt + 1 == UPDATE_ATTEMPTS:
                    raise
                table = self._client.get_table(table.reference, timeout=REQUEST_TIMEOUT)
            except api.BadRequest as error:
                raise SchemaError(f"Table {table.reference} cannot be extended: {error}") from error
            else:
                logger.info("Table %s has new columns.", table.reference)
                break
        return table


def extended(existing: Sequence[bigquery.SchemaField], columns: Iterable[Column]) -> list[bigquery.SchemaField]:
    """Return the fields of a table with those of the columns that it lacks at the end, nullable."""
    planned = {column.name.lower(): column for column in columns}
    fields = []
    for field in existing:
        column = planned.pop(field.name.lower(), None)
        below = extended(field.fields, column.fields) if column and column.fields else list(field.fields)
        if below != list(field.fields):
            field = bigquery.SchemaField.from_api_repr(  # noqa: PLW2901 -- the same field, extended
                {**field.to_api_repr(), "fields": [each.to_api_repr() for each in below]}
            )
        fields.append(field)
    return fields + [_relaxed(column).field() for column in planned.values()]


def _relaxed(column: Column) -> Column:
    """Return a column that can be added to a table with rows."""
    mode = "REPEATED" if column.mode == "REPEATED" else "NULLABLE"
    return replace(column, mode=mode, fields=tuple(_relaxed(below) for below in column.fields))


def _named(stream: str, names: Mapping[str, Column], field: str, setting: str) -> Column:
    column = names.get(field) or next((column for column in names.values() if column.name == field), None)
    if column is None:
        raise SchemaError(f"Stream {stream!r}: {setting} {field!r} is not a property of its schema.")
    return column


def _version(stream: str, names: Mapping[str, Column], field: str) -> Column:
    column = _named(stream, names, field, "version_field")
    if column.type not in _KEYED or column.mode == "REPEATED":
        raise SchemaError(f"Stream {stream!r}: version_field {field!r} is {column.type}, which has no order.")
    return column


def _key(stream: str, names: Mapping[str, Column], key: str) -> Column:
    column = names.get(key)
    if column is None:
        raise SchemaError(f"Stream {stream!r}: key property {key!r} is not in its schema.")
    if column.type not in _KEYED or column.mode == "REPEATED":
        raise SchemaError(f"Stream {stream!r}: key property {key!r} is {column.type}, which cannot be a key.")
    return column


def _partitioning(table: bigquery.Table) -> Partitioning | None:
    """Read from a table what its partitions are; None where a column does not decide about them."""
    partitioning = table.time_partitioning
    if partitioning is None or not partitioning.field:
        return None
    kinds = {field.name: field.field_type for field in table.schema}
    kind = kinds.get(partitioning.field)
    if kind not in {"TIMESTAMP", "DATE"}:
        return None
    return Partitioning(partitioning.field, kind, Granularity(partitioning.type_.lower()))
