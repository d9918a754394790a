"""The columns of a stream's table: name, type, mode and description, from its JSON schema and the table that exists.

A column's name is its property's where BigQuery allows it. Any other name is recorded at the end of the column's
description (`Source name: "agent:type"`), and read from there when the stream comes again: so a property keeps its
column, whatever properties arrive later, and two properties never share one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.cloud.bigquery import SchemaField

from target_bigquery_merge.errors import SchemaError
from target_bigquery_merge.json_schema import FieldType, field_type
from target_bigquery_merge.names import COLUMN_NAME_LENGTH, column_name, fingerprint, with_fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DESCRIPTION_LENGTH = 1024

INGESTION_TIMESTAMP = "ingestion_timestamp"
EXTRACTED_AT = "_sdc_extracted_at"
RUN_ID = "_sdc_run_id"
SEQUENCE = "_sdc_sequence"
# The parts of a row's version that are always there, the most significant first.
OBSERVATION = (EXTRACTED_AT, RUN_ID, SEQUENCE)

_LONG_SOURCE = 300
_MARK = re.compile(r'Source name: (?P<mark>"(?:[^"\\]|\\.)*"|sha256:[0-9a-f]+)\Z')
_ALIASES = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD", "DECIMAL": "NUMERIC"}
# A value of the first type is stored in a column of any of the second without loss of meaning.
_FITS = {
    "INTEGER": {"FLOAT", "NUMERIC", "BIGNUMERIC"},
    "NUMERIC": {"BIGNUMERIC", "FLOAT"},
    "BIGNUMERIC": {"FLOAT"},
}


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        source: The property that fills it; None: no property does.
        name: Its name in BigQuery.
        type: Its type as the API spells it: INTEGER, FLOAT, BOOLEAN, RECORD ...
        mode: NULLABLE, REQUIRED or REPEATED.
        nullable: Whether the schema lets the property be null.
        description: What the schema says about it, and its source where the name differs.
        fields: The columns of a RECORD.
    """

    source: str | None
    name: str
    type: str
    mode: str = "NULLABLE"
    nullable: bool = True
    description: str | None = None
    fields: tuple[Column, ...] = ()

    def field(self) -> SchemaField:
        """Return the column as BigQuery takes it."""
        fields = tuple(column.field() for column in self.fields)
        return SchemaField(self.name, self.type, self.mode, description=self.description, fields=fields)  # type: ignore[arg-type] # None is its default

    def staged(self) -> SchemaField:
        """Return the column of the staging table.

        JSON is staged as text and parsed by the MERGE: a load job takes a JSON value that is a string for the string,
        other ways in take it for JSON text.
        """
        kind = "STRING" if self.type == "JSON" else self.type
        mode = "REPEATED" if self.mode == "REPEATED" else "NULLABLE"
        return SchemaField(self.name, kind, mode, fields=tuple(column.staged() for column in self.fields))


METADATA = (
    Column(None, INGESTION_TIMESTAMP, "TIMESTAMP", "REQUIRED", description="When the target received this version."),
    Column(
        None, EXTRACTED_AT, "TIMESTAMP", description="When the source said this; versions are compared by it first."
    ),
    Column(None, RUN_ID, "STRING", description="The run that brought this version; begins with its start in UTC."),
    Column(None, SEQUENCE, "INTEGER", description="Ordinal of the record within its run, from 1."),
)
SDK_METADATA = (
    Column(None, "_sdc_received_at", "TIMESTAMP", description="When the target received the record."),
    Column(None, "_sdc_batched_at", "TIMESTAMP", description="When the checkpoint that holds the record was begun."),
    Column(None, "_sdc_deleted_at", "TIMESTAMP", description="When the source says that the record was deleted."),
    Column(None, "_sdc_table_version", "INTEGER", description="The table version that the tap gave."),
    Column(None, "_sdc_sync_started_at", "INTEGER", description="Start of the target, in milliseconds since 1970."),
)
_SDK_NAMES = frozenset(column.name for column in METADATA + SDK_METADATA if column.name.startswith("_sdc_"))


def columns_of(
    stream: str, schema: Mapping[str, Any], existing: Sequence[SchemaField] = (), *, validate: bool = True
) -> tuple[Column, ...]:
    """Plan the columns of a stream, without those that the target adds.

    Args:
        stream: The stream, for errors.
        schema: Its JSON schema.
        existing: The columns of the table, where there is one: they keep their names, and none
            becomes REQUIRED.
        validate: Whether what the schema requires becomes REQUIRED.

    Raises:
        SchemaError: A column of the table cannot hold what the schema allows.
    """
    properties = {name: below for name, below in schema["properties"].items() if name not in _SDK_NAMES}
    required = frozenset(schema.get("required", ())) if validate else frozenset()
    return _columns(stream, properties, required, existing, reserved=[column.name for column in METADATA])


def _columns(
    path: str,
    properties: Mapping[str, Mapping[str, Any]],
    required: frozenset[str],
    existing: Sequence[SchemaField],
    reserved: Iterable[str] = (),
) -> tuple[Column, ...]:
    reserved = {name.lower() for name in reserved}
    held = {_mark_of(field): field for field in existing if field.name.lower() not in reserved}
    taken = reserved | {field.name.lower() for field in existing}
    names = _assign(properties, {mark: field.name for mark, field in held.items()}, taken)
    return tuple(
        _column(path, source, names[source], below, source in required, held.get(_mark(source)))
        for source, below in properties.items()
    )


def _column(  # noqa: PLR0913, PLR0917 -- one call, one column
    path: str,
    source: str,
    name: str,
    schema: Mapping[str, Any],
    required: bool,  # noqa: FBT001 -- one call
    existing: SchemaField | None,
) -> Column:
    planned = field_type(schema)
    mode = "REPEATED" if planned.repeated else "REQUIRED" if required and not planned.nullable else "NULLABLE"
    if existing is not None:
        _assert_fits(path, source, planned, existing)
        mode = existing.mode if mode == "REQUIRED" else mode
    return Column(
        source=source,
        name=name,
        type=planned.name,
        mode=mode,
        nullable=planned.nullable,
        description=_description(schema, source, name),
        fields=_below(f"{path}.{source}", planned, existing.fields if existing else ()),
    )


def _below(path: str, planned: FieldType, existing: Sequence[SchemaField]) -> tuple[Column, ...]:
    """Plan the columns of a RECORD, in the order of the table, for BigQuery assigns them by their place."""
    if not planned.properties:
        return ()
    columns = {column.name: column for column in _columns(path, planned.properties, planned.required, existing)}
    stored = {field.name: columns.get(field.name, _unfilled(field)) for field in existing}
    return tuple((stored | columns).values())


def _unfilled(field: SchemaField) -> Column:
    """Keep the place of a column of the table that the schema does not know."""
    kind = _ALIASES.get(field.field_type, field.field_type)
    mode = "REPEATED" if field.mode == "REPEATED" else "NULLABLE"
    return Column(None, field.name, kind, mode, fields=tuple(map(_unfilled, field.fields)))


def _assert_fits(path: str, source: str, planned: FieldType, existing: SchemaField) -> None:
    stored = _ALIASES.get(existing.field_type, existing.field_type)
    fits = stored == planned.name or stored in _FITS.get(planned.name, ())
    if fits and (existing.mode == "REPEATED") == planned.repeated:
        return
    wanted = f"{'REPEATED ' if planned.repeated else ''}{planned.name}"
    raise SchemaError(
        f"Stream {path!r}, property {source!r}: the schema needs {wanted}, but column {existing.name!r} of the table "
        f"is {existing.mode} {stored}. Change the column, rename the property with a stream map, or load into another "
        "dataset."
    )


def _assign(sources: Iterable[str], held: Mapping[str, str], taken: set[str]) -> dict[str, str]:
    """Give each property a name: the one it has, its own where that is free, one with a fingerprint otherwise."""
    names = {}
    # Properties whose names need no change come first, so that they get them.
    for source in sorted(sources, key=lambda source: column_name(source) != source):
        name = held.get(_mark(source))
        if name is None:
            name = column_name(source)
            if name.lower() in taken:
                name = with_fingerprint(name, source, COLUMN_NAME_LENGTH)
            taken.add(name.lower())
        names[source] = name
    return names


def _description(schema: Mapping[str, Any] | bool, source: str, name: str) -> str | None:  # noqa: FBT001 -- a schema
    text = str(schema.get("description") or "") if isinstance(schema, dict) else ""
    mark = f"Source name: {_mark(source)}" if source != name else ""
    text = text[: DESCRIPTION_LENGTH - len(mark) - 1]
    return " ".join(part for part in (text, mark) if part) or None


def _mark(source: str) -> str:
    """Spell a property's name for a description: in JSON, or as a fingerprint where it is very long."""
    spelled = json.dumps(source)
    return spelled if len(spelled) <= _LONG_SOURCE else f"sha256:{fingerprint(source, 64)}"


def _mark_of(field: SchemaField) -> str:
    """Read from a column of the table which property fills it."""
    found = _MARK.search(field.description or "")
    return found["mark"] if found else _mark(field.name)
