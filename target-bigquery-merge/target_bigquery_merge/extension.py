"""How the schema of a table that exists follows the one that is planned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from google.cloud.bigquery import SchemaField

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_bigquery_merge.columns import Column


def extended(existing: Sequence[SchemaField], columns: Iterable[Column]) -> list[SchemaField]:
    """Return the fields of a table as the columns need them.

    Columns that the table lacks are added at the end, nullable; fields that the columns lack, or let be NULL, are
    REQUIRED no more. Nothing else changes.
    """
    planned = {column.name.lower(): column for column in columns}
    fields = [_followed(field, planned.pop(field.name.lower(), None)) for field in existing]
    return fields + [_relaxed(column).field() for column in planned.values()]


def _followed(field: SchemaField, column: Column | None) -> SchemaField:
    """Return a field of the table as its column needs it; None: no row fills it any more."""
    changes: dict[str, Any] = {}
    if field.mode == "REQUIRED" and (column is None or column.mode != "REQUIRED"):
        changes["mode"] = "NULLABLE"
    if column is not None and (below := extended(field.fields, column.fields)) != list(field.fields):
        changes["fields"] = [each.to_api_repr() for each in below]
    return SchemaField.from_api_repr({**field.to_api_repr(), **changes}) if changes else field


def _relaxed(column: Column) -> Column:
    """Return a column that can be added to a table with rows."""
    mode = "REPEATED" if column.mode == "REPEATED" else "NULLABLE"
    return replace(column, mode=mode, fields=tuple(_relaxed(below) for below in column.fields))
