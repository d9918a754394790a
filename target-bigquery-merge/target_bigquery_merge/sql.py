"""The one place where text becomes SQL.

Statements are templates in `sql/*.sql`. Names enter them only through `identifier` and `table`, values only as query
parameters or through `literal`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.cloud.bigquery import TableReference


def identifier(*path: str) -> str:
    """Quote a name, or a path of names, as GoogleSQL does."""
    return ".".join("`" + part.replace("\\", "\\\\").replace("`", "\\`") + "`" for part in path)


def table(reference: TableReference) -> str:
    """Quote the full name of a table."""
    return identifier(reference.project, reference.dataset_id, reference.table_id)


def literal(value: date | datetime) -> str:
    """Spell a point in time as a typed literal, which BigQuery can prune partitions by."""
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}+00'"
    return f"DATE '{value.isoformat()}'"


def render(template: str, **parts: str) -> str:
    """Fill the template of that name with parts that are SQL already."""
    return _template(template).substitute(parts)


@cache
def _template(name: str) -> Template:
    return Template((files(__package__) / "sql" / f"{name}.sql").read_text(encoding="utf-8"))
