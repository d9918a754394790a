"""From JSON schema to columns: types, modes, and names that stay with their properties."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud.bigquery import SchemaField
from hypothesis import given
from hypothesis import strategies as st
from target_bigquery_merge.columns import Column, columns_of
from target_bigquery_merge.errors import SchemaError
from target_bigquery_merge.extension import extended


def columns(properties: dict[str, Any], existing: tuple[SchemaField, ...] = (), **schema: Any) -> dict[str, Column]:
    planned = columns_of("s", {"type": "object", "properties": properties, **schema}, existing)
    return {column.source: column for column in planned if column.source is not None}


DATE_TIME = {"type": "string", "format": "date-time"}


@pytest.mark.parametrize(
    ("schema", "spelled"),
    [
        ({"type": "integer"}, "INTEGER"),
        ({"type": "number"}, "FLOAT"),
        ({"type": ["integer", "number", "null"]}, "FLOAT"),
        ({"type": "number", "multipleOf": 0.01}, "NUMERIC"),
        ({"type": "number", "multipleOf": 1e-20}, "BIGNUMERIC"),
        ({"type": "boolean"}, "BOOLEAN"),
        ({"type": "string"}, "STRING"),
        (DATE_TIME, "TIMESTAMP"),
        ({"type": ["null", "string"], "format": "date"}, "DATE"),
        ({"type": "string", "format": "time"}, "TIME"),
        ({"anyOf": [DATE_TIME, {"type": "null"}]}, "TIMESTAMP"),
        ({"oneOf": [DATE_TIME, {"type": "null"}]}, "TIMESTAMP"),
        ({"anyOf": [DATE_TIME, {"type": ["string", "null"]}]}, "STRING"),
        ({"enum": ["a", "b", None]}, "STRING"),
        ({"const": 1}, "INTEGER"),
        ({"type": ["string", "integer"]}, "JSON"),
        ({"type": "object"}, "JSON"),
        ({"type": "object", "properties": {}}, "JSON"),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": True}, "JSON"),
        ({"type": "object", "properties": {"a": {"type": "object"}}}, "JSON"),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, "RECORD"),
        ({"type": "array", "items": {"type": "string"}}, "REPEATED STRING"),
        (
            {"type": ["null", "array"], "items": {"type": "object", "properties": {"a": {"type": "integer"}}}},
            "REPEATED RECORD",
        ),
        ({"type": "array", "items": {"type": ["string", "null"]}}, "JSON"),
        ({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}, "JSON"),
        ({"type": "array"}, "JSON"),
        ({}, "JSON"),
    ],
)
def test_a_type_holds_every_value_that_the_schema_allows(schema: dict[str, Any], spelled: str) -> None:
    column = columns({"x": schema})["x"]
    assert f"{'REPEATED ' if column.mode == 'REPEATED' else ''}{column.type}" == spelled


def test_required_means_required_and_never_null() -> None:
    found = columns(
        {"a": {"type": "string"}, "b": {"type": ["string", "null"]}, "c": {"type": "string"}}, required=["a", "b"]
    )
    assert [found[name].mode for name in "abc"] == ["REQUIRED", "NULLABLE", "NULLABLE"]


def test_descriptions_of_the_schema_become_those_of_the_columns() -> None:
    found = columns({"a": {"type": "string", "description": "What it is."}})
    assert found["a"].field().description == "What it is."


def test_a_name_that_changes_is_recorded_with_the_column() -> None:
    found = columns({"agent:type": {"type": "string", "description": "Kind."}})
    assert found["agent:type"].name == "agent_type"
    assert found["agent:type"].description == 'Kind. Source name: "agent:type"'


@pytest.mark.parametrize(
    "names",
    [
        ("agent:type", "agent_type"),
        ("id", "ID"),
        ("a b", "a-b"),
        ("_TABLE_x", "column_TABLE_x"),
        ("x" * 400, "x" * 401),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_two_properties_never_share_a_column_in_whichever_order_they_come(names: tuple[str, str], order: int) -> None:
    first, second = names[::order]
    before = columns({first: {"type": "string"}})
    table = tuple(column.field() for column in before.values())
    after = columns({second: {"type": "string"}, first: {"type": "string"}}, table)
    assert after[first].name == before[first].name
    assert after[second].name.lower() != after[first].name.lower()


@given(st.lists(st.text(max_size=400), unique=True, max_size=8))
def test_any_property_name_becomes_a_safe_column_name(names: list[str]) -> None:
    found = columns({name: {"type": "string"} for name in names})
    lowered = [column.name.lower() for column in found.values()]
    assert len(set(lowered)) == len(lowered)
    for column in found.values():
        assert column.name.isascii()
        assert column.name.replace("_", "a").isalnum()
        assert not column.name[0].isdigit()
        assert len(column.name) <= 300
    # Read back from the table, every property finds its column again.
    again = columns({name: {"type": "string"} for name in reversed(names)}, tuple(c.field() for c in found.values()))
    assert {name: column.name for name, column in again.items()} == {n: c.name for n, c in found.items()}


def test_a_property_named_like_our_metadata_gets_another_column() -> None:
    found = columns({"ingestion_timestamp": {"type": "string"}, "_sdc_sequence": {"type": "integer"}})
    assert found["ingestion_timestamp"].name.startswith("ingestion_timestamp_")
    assert "_sdc_sequence" not in found


def test_a_column_that_cannot_hold_the_new_type_is_a_clear_error() -> None:
    with pytest.raises(SchemaError, match=r"property 'a'.*needs STRING.*'a' of the table is NULLABLE INTEGER"):
        columns({"a": {"type": "string"}}, (SchemaField("a", "INTEGER"),))
    assert columns({"a": {"type": "integer"}}, (SchemaField("a", "FLOAT"),))["a"].type == "INTEGER"


def test_a_column_is_required_only_where_both_table_and_schema_say_so() -> None:
    text = {"type": "string"}
    required, nullable = SchemaField("a", "STRING", "REQUIRED"), SchemaField("a", "STRING")
    assert columns({"a": text}, (required,), required=["a"])["a"].mode == "REQUIRED"
    assert columns({"a": text}, (nullable,), required=["a"])["a"].mode == "NULLABLE"
    assert columns({"a": text}, (required,))["a"].mode == "NULLABLE"
    assert columns({"a": {"type": ["string", "null"]}}, (required,), required=["a"])["a"].mode == "NULLABLE"


def test_a_required_column_that_the_schema_lacks_or_lets_be_null_is_relaxed_at_any_depth() -> None:
    def table(mode: str) -> list[SchemaField]:
        below = [SchemaField("kept", "STRING", "REQUIRED"), SchemaField("gone", "STRING", mode)]
        return [
            SchemaField("record", "RECORD", "REQUIRED", fields=[*below, SchemaField("null", "STRING", mode)]),
            SchemaField("gone", "RECORD", mode, fields=below[:1]),
            SchemaField("list", "STRING", "REPEATED"),
        ]

    properties = {"kept": {"type": "string"}, "null": {"type": ["string", "null"]}}
    record = {"type": "object", "properties": properties, "required": ["kept", "null"]}
    planned = columns({"record": record}, tuple(table("REQUIRED")), required=["record"])
    assert extended(table("REQUIRED"), planned.values()) == table("NULLABLE")


def test_columns_of_a_record_keep_the_order_of_the_table() -> None:
    existing = SchemaField("r", "RECORD", fields=[SchemaField(name, "STRING") for name in ("a", "gone", "b")])
    record = {"type": "object", "properties": {name: {"type": "string"} for name in ("new", "b", "a")}}
    found = columns({"r": record}, (existing,))["r"]
    assert [(column.source, column.name) for column in found.fields] == [
        ("a", "a"),
        (None, "gone"),
        ("b", "b"),
        ("new", "new"),
    ]


def test_a_record_that_exists_gets_its_new_columns_at_the_end() -> None:
    # Not end to end: the local BigQuery takes new columns of a RECORD and drops their values.
    existing = SchemaField("r", "RECORD", "REPEATED", fields=[SchemaField("b", "STRING", "REQUIRED")])
    record = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "required": ["a", "b"],
    }
    planned = columns({"r": {"type": "array", "items": record}, "n": {"type": "integer"}}, (existing,), required=["n"])
    assert extended([existing], planned.values()) == [
        SchemaField(
            "r", "RECORD", "REPEATED", fields=[SchemaField("b", "STRING", "REQUIRED"), SchemaField("a", "STRING")]
        ),
        SchemaField("n", "INTEGER"),
    ]
