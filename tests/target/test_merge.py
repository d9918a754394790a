"""One row per key, the latest observation of it, whatever the order, the partition or the NULLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from target_bigquery_merge import merge

from .helpers import record, schema, state

if TYPE_CHECKING:
    from .helpers import Loading

AT = {"type": ["string", "null"], "format": "date-time"}
SCHEMA = schema("s", {"id": {"type": "integer"}, "at": AT, "v": {"type": "string"}}, ["id"])
BY_DAY = {"streams": {"s": {"partition_field": "at"}}}


def row(number: int, at: str | None, v: str, extracted: str = "2024-06-01T00:00:00Z") -> dict[str, Any]:
    return record("s", {"id": number, "at": at, "v": v}, extracted)


def test_of_duplicates_in_a_batch_the_latest_observation_stays(loading: Loading) -> None:
    loading.run(
        [
            SCHEMA,
            row(1, None, "newest", "2024-06-03T00:00:00Z"),
            row(1, None, "oldest", "2024-06-01T00:00:00Z"),
            row(1, None, "middle", "2024-06-02T00:00:00Z"),
            row(2, None, "first"),
            row(2, None, "last of the same time"),
        ]
    )
    assert [(found["id"], found["v"]) for found in loading.rows("s")] == [(1, "newest"), (2, "last of the same time")]


@pytest.mark.parametrize("order", [(3, 1, 2), (2, 3, 1), (3, 2, 1)])
def test_an_older_observation_never_overwrites_a_newer_one(loading: Loading, order: tuple[int, ...]) -> None:
    for day in order:
        loading.run([SCHEMA, row(1, f"2024-01-0{day}T00:00:00Z", f"day {day}", f"2024-06-0{day}T00:00:00Z")], **BY_DAY)
    assert loading.rows("s") == [{"id": 1, "at": "2024-01-03T00:00:00Z", "v": "day 3"}]


def test_a_later_run_wins_over_an_earlier_one_that_saw_the_same(loading: Loading) -> None:
    for v in ("first run", "second run"):
        loading.run([SCHEMA, row(1, None, v)])
    assert [found["v"] for found in loading.rows("s")] == ["second run"]


def test_a_version_field_goes_before_the_time_of_observation(loading: Loading) -> None:
    config = {"streams": {"s": {"version_field": "v"}}}
    loading.run([SCHEMA, row(1, None, "2"), row(1, None, "1"), row(2, None, "1")], **config)
    loading.run([SCHEMA, row(1, None, "1"), row(2, None, "3")], **config)
    assert [(found["id"], found["v"]) for found in loading.rows("s")] == [(1, "2"), (2, "3")]


def test_a_row_that_changes_its_partition_moves(loading: Loading) -> None:
    loading.run([SCHEMA, row(1, "2024-01-01T10:00:00Z", "a"), row(2, "2024-01-01T11:00:00Z", "stays")], **BY_DAY)
    loading.run([SCHEMA, row(1, "2024-03-05T10:00:00Z", "b")], **BY_DAY)
    loading.run([SCHEMA, row(1, None, "c")], **BY_DAY)
    loading.run([SCHEMA, row(1, "2023-03-05T10:00:00Z", "d"), row(3, None, "new")], **BY_DAY)
    assert loading.rows("s") == [
        {"id": 1, "at": "2023-03-05T10:00:00Z", "v": "d"},
        {"id": 2, "at": "2024-01-01T11:00:00Z", "v": "stays"},
        {"id": 3, "at": None, "v": "new"},
    ]


@pytest.mark.parametrize("granularity", ["hour", "day", "month", "year"])
def test_every_granularity_finds_its_rows_again(loading: Loading, granularity: str) -> None:
    config = {"partition_granularity": granularity, **BY_DAY}
    first = [row(number, f"20{number:02}-12-31T23:59:59.999999Z", "a") for number in range(10, 15)]
    again = [row(number, f"20{number:02}-12-31T23:59:59.999999Z", "b") for number in range(12, 17)]
    loading.run([SCHEMA, *first], **config)
    loading.run([SCHEMA, *again], **config)
    assert loading.table("s").time_partitioning.type_ == granularity.upper()
    assert [(found["id"], found["v"]) for found in loading.rows("s")] == [
        (10, "a"),
        (11, "a"),
        (12, "b"),
        (13, "b"),
        (14, "b"),
        (15, "b"),
        (16, "b"),
    ]


def test_null_in_a_key_is_a_value_like_any_other(loading: Loading) -> None:
    nullable = {"type": ["string", "null"]}
    message = schema("s", {"a": nullable, "b": {"type": ["integer", "null"]}, "v": {"type": "string"}}, ["a", "b"])
    keys = [(None, None), ("", None), (None, 0), ("", 0), ("x", 1)]
    for v in ("first", "second"):
        loading.run([message, *(record("s", {"a": a, "b": b, "v": v}) for a, b in keys)])
    found = loading.rows("s")
    assert {(each["a"], each["b"]) for each in found} == set(keys)
    assert [each["v"] for each in found] == ["second"] * len(keys)


@pytest.mark.parametrize(("limit", "immutable"), [(1, True), (2, False), (3, False)])
def test_statements_divided_by_partitions_change_every_row_once(
    loading: Loading, monkeypatch: pytest.MonkeyPatch, *, limit: int, immutable: bool
) -> None:
    monkeypatch.setattr(merge, "MAX_PARTITIONS", limit)
    config = {"streams": {"s": {"partition_field": "at", "immutable_partition": immutable}}}
    first = [row(number, f"2024-01-0{number}T00:00:00Z", "a") for number in range(1, 6)]
    loading.run([SCHEMA, *first, row(6, None, "a")], **config)
    days = {number: number if immutable else number % 5 + 1 for number in range(1, 6)}
    second = [row(number, f"2024-01-0{days[number]}T00:00:00Z", "b") for number in range(1, 6)]
    older = row(1, "2024-01-09T00:00:00Z", "older", "2020-01-01T00:00:00Z")
    loading.run([SCHEMA, *second, older, row(6, None, "b"), row(7, "2024-01-09T00:00:00Z", "b")], **config)
    assert loading.rows("s") == [
        *({"id": number, "at": f"2024-01-0{day}T00:00:00Z", "v": "b"} for number, day in days.items()),
        {"id": 6, "at": None, "v": "b"},
        {"id": 7, "at": "2024-01-09T00:00:00Z", "v": "b"},
    ]


def test_without_keys_every_record_is_a_row(loading: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    message = schema("s", {"id": {"type": "integer"}, "at": AT}, [])
    same = [record("s", {"id": 1, "at": f"2024-01-0{day}T00:00:00Z"}) for day in (1, 1, 2, 3)]
    loading.run([message, *same, state(at=1)], **BY_DAY)
    monkeypatch.setattr(merge, "MAX_PARTITIONS", 1)
    loading.run([message, *same], **BY_DAY)
    assert len(loading.rows("s")) == 8
    assert len(loading.rows("s", metadata=True)[0]) == 6


def test_tables_without_partitions_are_merged_whole(loading: Loading) -> None:
    config = {"streams": {"*": {"partition_field": None}}}
    for v in ("a", "b"):
        loading.run([SCHEMA, row(1, "2024-01-01T00:00:00Z", v)], **config)
    assert loading.table("s").time_partitioning is None
    assert [found["v"] for found in loading.rows("s")] == ["b"]


def test_a_table_that_exists_keeps_its_partitions(loading: Loading) -> None:
    loading.run([SCHEMA, row(1, "2024-01-01T00:00:00Z", "a")], partition_granularity="month", **BY_DAY)
    loading.run([SCHEMA, row(1, "2024-01-20T00:00:00Z", "b")], **BY_DAY)
    assert loading.table("s").time_partitioning.type_ == "MONTH"
    assert [found["v"] for found in loading.rows("s")] == ["b"]


def test_every_type_arrives_as_it_was_sent(loading: Loading) -> None:
    properties = {
        "id": {"type": "integer"},
        "number": {"type": "number"},
        "decimal": {"type": "number", "multipleOf": 0.000000001},
        "big": {"type": "number", "multipleOf": 1e-30},
        "flag": {"type": "boolean"},
        "day": {"type": "string", "format": "date"},
        "moment": {"type": "string", "format": "date-time"},
        "clock": {"type": "string", "format": "time"},
        "text": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "who": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "ids": {"type": "array", "items": {"type": "integer"}}},
        },
        "list": {
            "type": "array",
            "items": {"type": "object", "properties": {"when": {"type": "string", "format": "date-time"}}},
        },
        "free": {},
    }
    values: dict[str, Any] = {
        "id": 2**63 - 1,
        "number": 0.1,
        "decimal": 1.5,
        "big": 3,
        "flag": False,
        "day": "2024-02-29",
        "moment": "2024-02-29T12:00:00.000001Z",
        "clock": "12:34:56.500000",
        "text": "`'\"\\\n\t\u2028\x7fé😀 ${x} $$ @through --",
        "tags": ["", "a,b", "🎉"],
        "who": {"name": "n", "ids": [1, -(2**63)]},
        "list": [{"when": "2024-02-29T12:00:00Z"}, {"when": "0001-01-01T00:00:00Z"}],
        "free": {"a": [1, "x", None, {"b": 0.5}]},
    }
    frees: list[Any] = ["text", '{"not": "parsed"}', 7, True, [1], {"a": 1}]
    message = schema("s", properties, ["id"])
    loading.run([message, record("s", values), *(record("s", {"id": n, "free": free}) for n, free in enumerate(frees))])
    found = {each["id"]: each for each in loading.rows("s")}
    decimals = {"decimal": "1.5", "big": "3"}
    assert found[2**63 - 1] == {**values, **decimals}
    assert [found[number]["free"] for number in range(len(frees))] == frees


def test_metadata_tells_when_where_and_in_which_order(loading: Loading) -> None:
    loading.run([SCHEMA, row(1, None, "a", "2024-06-01T02:00:00+02:00"), record("s", {"id": 2, "v": "b"})])
    one, two = sorted(loading.rows("s", metadata=True), key=lambda found: found["id"])
    assert (one["_sdc_sequence"], two["_sdc_sequence"]) == (1, 2)
    assert one["_sdc_run_id"] == two["_sdc_run_id"]
    assert one["_sdc_extracted_at"] == "2024-06-01T00:00:00Z"
    assert two["_sdc_extracted_at"] == two["ingestion_timestamp"]
    assert one["_sdc_run_id"][:8] == one["ingestion_timestamp"][:10].replace("-", "")


def test_the_other_metadata_of_the_sdk_comes_with_its_setting(loading: Loading) -> None:
    message = record("s", {"id": 1, "v": "a", "_sdc_deleted_at": "2024-01-01T00:00:00Z"}, version=7)
    loading.run([SCHEMA, message], add_record_metadata=True)
    (found,) = loading.rows("s", metadata=True)
    assert found["_sdc_table_version"] == 7
    assert found["_sdc_deleted_at"] == "2024-01-01T00:00:00Z"
    assert found["_sdc_batched_at"] <= found["_sdc_received_at"]
    assert found["_sdc_sync_started_at"] > 1_700_000_000_000
