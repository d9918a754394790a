"""The table of each stream: made where missing, otherwise taken as it is and extended.

A table that exists keeps what it is: its partitions, clustering and descriptions; the MERGE follows its partitions, not
the settings.
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

from target_bigquery_merge.answers import answered
from target_bigquery_merge.clients import REQUEST_TIMEOUT
from target_bigquery_merge.columns import METADATA, SDK_METADATA, Column, columns_of
from target_bigquery_merge.errors import SchemaError, TransientError
from target_bigquery_merge.extension import extended
from target_bigquery_merge.layout import Layout
from target_bigquery_merge.names import TABLE_NAME_LENGTH, label, table_name, with_fingerprint
from target_bigquery_merge.partitions import Granularity, Partitioning
from target_bigquery_merge.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_bigquery_merge.settings import Settings

logger = logging.getLogger("target-bigquery-merge")

UPDATE_ATTEMPTS = 5

_MARK = re.compile(r'Stream name: (?P<mark>"(?:[^"\\]|\\.)*")\Z')


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
        reference, existing = self._table_of(stream)
        columns = self._columns(stream, schema, key_properties, existing)
        sources = {column.source: column for column in columns if column.source is not None}
        layout = Layout(stream, sources, key_properties, self._settings)
        keys, version = layout.keys, layout.version
        if existing is None:
            made = self._create(self._planned(reference, schema, columns, layout))
            if made is None:
                return self.prepare(stream, schema, key_properties)
            table, fresh = made, True
        else:
            table, fresh = self._extend(existing, columns), False
        prepared = Stream(
            name=stream,
            schema=schema,
            key_properties=tuple(key_properties),
            table=table.reference,
            columns=columns,
            keys=tuple(key.name for key in keys),
            nullable_keys=frozenset(key.name for key in keys if key.nullable or not self._settings.validate_records),
            path_fields=layout.path_fields,
            partitioning=_partitioning(table),
            immutable_partition=self._settings.stream(stream).immutable_partition,
            filter_required=bool(table.require_partition_filter),
            version_column=version.name if version else None,
            fresh=fresh,
        )
        if prepared.partitioning and not prepared.prunes:
            logger.warning(
                "Stream %r lacks %r, by which table %s is partitioned: new rows go to the NULL partition, and each "
                "MERGE reads the whole table.",
                stream,
                prepared.partitioning.column,
                table.reference,
            )
        return prepared

    def _table_of(self, stream: str) -> tuple[bigquery.TableReference, bigquery.Table | None]:
        """Find the table of a stream: one that says so, or a free name; two streams never share one."""
        dataset = bigquery.DatasetReference(self._settings.project, self._settings.dataset)
        plain = table_name(stream)
        for table_id in (plain, with_fingerprint(plain, stream, TABLE_NAME_LENGTH)):
            if self._taken.get(table_id, stream) != stream:
                continue
            reference = dataset.table(table_id)
            existing = self._find(reference)
            if existing is None or _owner(existing) == stream:
                self._taken[table_id] = stream
                return reference, existing
        raise SchemaError(f"Stream {stream!r}: its table {table_id!r} belongs to another stream. Use another dataset.")

    def _find(self, reference: bigquery.TableReference) -> bigquery.Table | None:
        def find() -> bigquery.Table | None:
            try:
                return self._client.get_table(reference, timeout=REQUEST_TIMEOUT)
            except api.NotFound:
                return None

        return answered(find, f"Looking for table {reference}")

    def _columns(
        self, stream: str, schema: Mapping[str, Any], keys: Sequence[str], existing: bigquery.Table | None
    ) -> tuple[Column, ...]:
        known = existing.schema if existing else ()
        modes = {field.name.lower(): field.mode for field in known}
        required = {"required": [*schema.get("required", ()), *keys]}
        planned = columns_of(stream, {**schema, **required}, known, validate=self._settings.validate_records)
        added = METADATA + (SDK_METADATA if self._settings.add_record_metadata else ())
        return planned + tuple(replace(column, mode=modes.get(column.name, column.mode)) for column in added)

    def _planned(
        self,
        reference: bigquery.TableReference,
        schema: Mapping[str, Any],
        columns: Sequence[Column],
        layout: Layout,
    ) -> bigquery.Table:
        """Plan a new table."""
        table = bigquery.Table(reference, [column.field() for column in columns])
        mark = "" if table.table_id == layout.stream else f"Stream name: {json.dumps(layout.stream)}"
        table.description = " ".join(part for part in (str(schema.get("description") or ""), mark) if part) or None
        table.labels = {"loaded_by": "target-bigquery-merge", "pipeline": label(self._settings.pipeline)}
        table.time_partitioning = layout.partitioning
        table.clustering_fields = layout.clustering or None
        if primary_key := layout.primary_key:
            table.table_constraints = TableConstraints(PrimaryKey(primary_key), None)
        return table

    def _create(self, table: bigquery.Table) -> bigquery.Table | None:
        """Make a table; None: somebody else has made it in the meantime."""

        def create() -> bigquery.Table | None:
            try:
                return self._client.create_table(table, timeout=REQUEST_TIMEOUT)
            except api.Conflict:
                return None
            except api.BadRequest as error:
                raise SchemaError(f"Table {table.reference} cannot be made: {error}") from error

        created = answered(create, f"Making table {table.reference}")
        if created is not None:
            logger.info("Table %s is made.", table.reference)
        return created

    def _extend(self, table: bigquery.Table, columns: Sequence[Column]) -> bigquery.Table:
        """Let the schema of a table follow; again when somebody else changed it at the same time."""

        def extend() -> bigquery.Table:
            current = table
            for _ in range(UPDATE_ATTEMPTS):
                fields = extended(current.schema, columns)
                if fields == list(current.schema):
                    return current
                current.schema = fields
                try:
                    updated = self._client.update_table(current, ["schema"], timeout=REQUEST_TIMEOUT)
                except api.PreconditionFailed:
                    current = self._client.get_table(table.reference, timeout=REQUEST_TIMEOUT)
                except api.BadRequest as error:
                    raise SchemaError(f"Table {table.reference} cannot be extended: {error}") from error
                else:
                    logger.info("The schema of table %s is extended.", table.reference)
                    return updated
            raise TransientError(f"Table {table.reference} is changed by others all the time, run again later.")

        return answered(extend, f"Extending table {table.reference}")


def _owner(table: bigquery.Table) -> str:
    """Return the stream that a table belongs to: its name, where its description tells no other."""
    mark = _MARK.search(table.description or "")
    return str(json.loads(mark["mark"])) if mark else table.table_id


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
