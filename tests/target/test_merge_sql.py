"""The statements name partitions by literals, and only those that the rows have to do with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from google.cloud import bigquery

from .helpers import record, schema

if TYPE_CHECKING:
    from .helpers import Loading

AT = {"type": ["string", "null"], "format": "date-time"}
SCHEMA = schema("s", {"id": {"type": "integer"}, "at": AT}, ["id"])


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that the target sends to BigQuery."""
    sent: list[str] = []
    query = bigquery.Client.query

    def note(self: Any, text: str, **options: Any) -> Any:
        if "job_id" in options:  # the target's, not the test's own
            sent.append(text)
            assert options["job_retry"] is None
        return query(self, text, **options)

    monkeypatch.setattr(bigquery.Client, "query", note)
    return sent


def run(loading: Loading, *rows: tuple[int, str | None], **stream: Any) -> None:
    settings = {"s": {"partition_field": "at", **stream}}
    loading.run([SCHEMA, *(record("s", {"id": number, "at": at}) for number, at in rows)], streams=settings)


def ranges(statement: str) -> set[str]:
    assert statement.lstrip().startswith("--")
    found = re.findall(r"stored\.`at` >= TIMESTAMP '([^']+)' AND stored\.`at` < TIMESTAMP '([^']+)'", statement)
    return {f"{first[:10]}..{end[:10]}" for first, end in found} | {
        "NULL" for _ in re.findall("`at` IS NULL", statement)
    }


def test_a_merge_names_the_partitions_of_its_rows_and_of_their_keys_and_no_other(
    loading: Loading, statements: list[str]
) -> None:
    run(loading, *((number, f"2024-01-{number:02}T12:00:00Z") for number in range(1, 29)))
    statements.clear()
    run(loading, (3, "2024-05-05T00:00:00Z"), (90, "2024-06-06T00:00:00Z"), (10, "2024-01-10T01:00:00Z"))
    lookup, merge = statements
    assert "MERGE" not in lookup
    assert ranges(merge) == {
        "2024-01-03..2024-01-04",
        "2024-05-05..2024-05-06",
        "2024-06-06..2024-06-07",
        "2024-01-10..2024-01-11",
    }
    assert [row["id"] for row in loading.rows("s") if str(row["at"]) > "2024-05"] == [3, 90]


def test_the_null_partition_is_named_where_it_is_touched(loading: Loading, statements: list[str]) -> None:
    run(loading, (1, None), (2, "2024-01-01T00:00:00Z"))
    statements.clear()
    run(loading, (1, "2024-01-02T00:00:00Z"))
    assert ranges(statements[-1]) == {"NULL", "2024-01-02..2024-01-03"}


def test_the_lookup_reads_keys_and_partitions_only(loading: Loading, statements: list[str]) -> None:
    run(loading, (1, None))
    run(loading, (1, None))
    lookup = next(text for text in reversed(statements) if "MERGE" not in text)
    stored = lookup[lookup.index("LEFT JOIN") :]
    assert set(re.findall(r"`(\w+)`", stored)) - {loading.warehouse.project, loading.warehouse.dataset} == {
        "id",
        "at",
        "s",
    }


def test_nothing_is_looked_up_where_nothing_can_be(loading: Loading, statements: list[str]) -> None:
    run(loading, (1, "2024-01-01T00:00:00Z"))
    assert all("LEFT JOIN" not in text for text in statements)
    run(loading, (1, "2024-01-01T00:00:00Z"), immutable_partition=True)
    assert all("LEFT JOIN" not in text for text in statements)
    assert ranges(statements[-1]) == {"2024-01-01..2024-01-02"}


def test_values_are_parameters(loading: Loading, statements: list[str]) -> None:
    run(loading, (4_711, "2024-01-01T00:00:00Z"))
    assert all("4711" not in text for text in statements)
    assert all("@through" in text for text in statements)
