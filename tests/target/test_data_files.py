"""Whole inputs, as taps send them, give the tables beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .helpers import METADATA, record, schema, state

if TYPE_CHECKING:
    from .helpers import Loading

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("name", sorted(path.stem for path in DATA.glob("*.singer")))
def test_a_file_of_messages_gives_its_tables(loading: Loading, name: str) -> None:
    expected = json.loads((DATA / f"{name}.json").read_text())
    lines = (DATA / f"{name}.singer").read_text().splitlines()
    for run in range(2):
        states = loading.run(lines)
        assert states == expected["states"]
        assert loading.tables() == set(expected["tables"]), f"run {run}"
        for table, rows in expected["tables"].items():
            assert loading.rows(table) == rows


SCHEMA = schema(
    "things", {"id": {"type": "integer"}, "at": {"type": "object", "properties": {"x": {"type": "string"}}}}, ["id"]
)


def test_stream_maps_and_flattening_of_the_sdk_work(loading: Loading) -> None:
    maps = {"things": {"double": "int(id * 2)", "__filter__": "id > 1"}, "copy": {"__source__": "things", "id": "id"}}
    rows = [record("things", {"id": number, "at": {"x": f"x{number}"}}) for number in (1, 2)]
    config = {"stream_maps": maps, "flattening_enabled": True, "flattening_max_depth": 1}
    assert loading.run([SCHEMA, *rows, state(at=1)], **config) == [{"at": 1}]
    assert loading.rows("things") == [{"id": 2, "at__x": "x2", "double": 4}]
    assert loading.rows("copy") == [{"id": 1, "at__x": "x1"}, {"id": 2, "at__x": "x2"}]


def test_streams_that_a_map_removes_have_no_table(loading: Loading) -> None:
    loading.run([SCHEMA, record("things", {"id": 1})], stream_maps={"things": None})
    assert loading.tables() == set()


def test_tables_are_described_partitioned_clustered_and_keyed(loading: Loading) -> None:
    created = {"type": "string", "format": "date-time", "description": "When."}
    text = {"type": "string"}
    properties = {"id": {"type": "integer"}, "organization": text, "repository": text, "created_at": created}
    message = schema("my things", properties, ["id", "repository"], description="All things.", required=["created_at"])
    loading.run([message])
    table = loading.table("my_things")
    assert table.description == 'All things. Stream name: "my things"'
    assert (table.time_partitioning.field, table.time_partitioning.type_) == ("created_at", "DAY")
    assert table.clustering_fields == ["organization", "repository", "id"]
    assert table.labels == {"loaded_by": "target-bigquery-merge", "pipeline": "default"}
    assert loading.table("my_things").to_api_repr()["tableConstraints"]["primaryKey"]["columns"] == ["id", "repository"]
    fields = {field.name: field for field in table.schema}
    assert fields["created_at"].description == "When."
    assert {name for name, field in fields.items() if field.mode == "REQUIRED"} == {
        "id",
        "repository",
        "created_at",
        "ingestion_timestamp",
    }
    assert set(METADATA) <= set(fields)


def test_streams_with_similar_names_have_tables_of_their_own(loading: Loading) -> None:
    for _ in range(2):
        for number, stream in enumerate(("a-b", "a_b", "a.b")):
            loading.run([schema(stream, {"id": {"type": "integer"}}, ["id"]), record(stream, {"id": number})])
    assert sorted(row["id"] for table in loading.tables() for row in loading.rows(table)) == [0, 1, 2]
    assert len(loading.tables()) == 3
