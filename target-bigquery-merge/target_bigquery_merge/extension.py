"""How the schema of a table that exists follows the one that is planned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from google.cloud import bigquery

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_bigquery_merge.columns import Column


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
