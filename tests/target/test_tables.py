"""Places and settings that do not fit are refused before a row is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.api_core import exceptions as api
from google.cloud import bigquery, storage
from singer_sdk.exceptions import ConfigValidationError
from target_bigquery_merge.errors import SchemaError, TerminalError

from .helpers import record, schema

if TYPE_CHECKING:
    from .helpers import Loading

SCHEMA = schema("s", {"id": {"type": "integer"}, "day": {"type": "string", "format": "date"}, "free": {}}, ["id"])


def test_a_dataset_elsewhere_is_refused(loading: Loading) -> None:
    with pytest.raises(TerminalError, match=r"lies in US, but 'location' is EU. Set 'location' to US"):
        loading.run([SCHEMA], location="EU")


def test_a_bucket_that_the_dataset_cannot_load_from_is_refused(
    loading: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage.Bucket, "location", "EU")
    dataset = f"{loading.warehouse.dataset}_tokyo"
    with pytest.raises(TerminalError, match=r"lies in asia-northeast1 and cannot load from bucket .* in EU"):
        loading.run([SCHEMA], dataset=dataset, location="asia-northeast1")


def test_dataset_and_bucket_are_made_when_missing(loading: Loading) -> None:
    dataset, bucket = f"{loading.warehouse.dataset}_new", f"{loading.warehouse.bucket}-new"
    loading.run([SCHEMA, record("s", {"id": 1})], dataset=dataset, bucket=bucket)
    found = loading.warehouse.query(f"SELECT id FROM `{loading.warehouse.project}.{dataset}.s`")  # noqa: S608 -- ours
    assert found == [{"id": 1}]
    assert loading.warehouse.storage.bucket(bucket).exists()


def test_one_local_and_one_real_service_are_refused(loading: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    with pytest.raises(ConfigValidationError) as failure:
        loading.run([SCHEMA])
    assert failure.value.errors[0].startswith("Set both BIGQUERY_EMULATOR_HOST and STORAGE_EMULATOR_HOST, or neither")


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        ({"partition_field": "id"}, "partition_field 'id' is INTEGER, which cannot be partitioned by day"),
        (
            {"partition_field": "day", "partition_granularity": "hour"},
            "partition_field 'day' is DATE, which cannot be partitioned by hour",
        ),
        ({"partition_field": "nope"}, "partition_field 'nope' is not a property of its schema"),
        ({"version_field": "nope"}, "version_field 'nope' is not a property"),
        ({"version_field": "free"}, "version_field 'free' is JSON, which has no order"),
        ({"clustering_fields": ["nope"]}, "clustering_fields 'nope' is not a property"),
        ({"clustering_fields": ["id"] * 5}, "clustered by up to four columns of simple types, not by 5 columns"),
    ],
)
def test_settings_that_do_not_fit_the_schema_are_refused(
    loading: Loading, stream: dict[str, Any], message: str
) -> None:
    with pytest.raises(SchemaError, match=message):
        loading.run([SCHEMA], streams={"s": stream})


def test_a_date_partitions_as_well(loading: Loading) -> None:
    for text in ("2024-01-01", "2024-02-02"):
        loading.run([SCHEMA, record("s", {"id": 1, "day": text})], streams={"s": {"partition_field": "day"}})
    assert loading.rows("s") == [{"id": 1, "day": "2024-02-02", "free": None}]


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("properties", "keys", "config", "declared"),
    [
        ({"id": TEXT, "n": {"type": "integer"}}, ["id", "n"], {}, ["id", "n"]),
        ({"id": TEXT}, ["id", "id"], {}, ["id"]),
        ({"id": {"type": ["string", "null"]}}, ["id"], {}, None),
        ({"id": {"type": "number"}}, ["id"], {}, None),
        ({"id": {"type": "string", "format": "time"}}, ["id"], {}, None),
        ({f"k{n}": TEXT for n in range(17)}, [f"k{n}" for n in range(17)], {}, None),
        ({"id": TEXT}, ["id"], {"validate_records": False}, None),
    ],
)
def test_a_primary_key_is_declared_only_where_bigquery_takes_it(
    loading: Loading, properties: dict[str, Any], keys: list[str], config: dict[str, Any], declared: list[str] | None
) -> None:
    loading.run([schema("s", properties, keys)], **config)
    assert primary_key(loading) == declared


def primary_key(loading: Loading) -> list[str] | None:
    constraints = loading.table("s").table_constraints
    return constraints.primary_key.columns if constraints and constraints.primary_key else None


def refused(*_: Any, **__: Any) -> None:
    raise api.Forbidden("access denied")  # type: ignore[no-untyped-call]


def test_a_bucket_may_be_used_by_who_may_not_look_at_it(
    loading: Loading, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # roles/storage.objectAdmin has no storage.buckets.get.
    monkeypatch.setattr(storage.Client, "lookup_bucket", refused)
    loading.run([SCHEMA, record("s", {"id": 1})])
    assert [row["id"] for row in loading.rows("s")] == [1]
    assert any("the location of the bucket is not checked" in message for message in caplog.messages)


@pytest.mark.parametrize(
    ("owner", "name", "message"),
    [
        (bigquery.Client, "get_dataset", "Looking for dataset .*: 403 access denied"),
        (bigquery.Client, "get_table", "Looking for table .*: 403 access denied"),
        (bigquery.Client, "create_table", "Making table .*: 403 access denied"),
        (storage.Bucket, "list_blobs", "Listing the checkpoints of pipeline 'default': 403 access denied"),
    ],
)
def test_who_may_not_do_something_is_told_what(
    loading: Loading, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, message: str
) -> None:
    monkeypatch.setattr(owner, name, refused)
    with pytest.raises(TerminalError, match=message):
        loading.run([SCHEMA])


def test_two_streams_never_share_a_table(loading: Loading) -> None:
    for stream in ("a_b", "a-b", "a b"):
        loading.run([schema(stream, {"v": TEXT}, ["v"]), record(stream, {"v": stream})])
    for stream in ("a b", "a-b", "a_b"):
        loading.run([schema(stream, {"v": TEXT}, ["v"]), record(stream, {"v": stream})])
    tables = {tuple(row["v"] for row in loading.rows(table)) for table in loading.tables()}
    assert tables == {("a_b",), ("a-b",), ("a b",)}
    assert loading.rows("a_b") == [{"v": "a_b"}]


BY_DAY = {"streams": {"s": {"partition_field": "day"}}}


def test_a_stream_without_the_partition_column_of_its_table_is_merged_all_the_same(
    loading: Loading, caplog: pytest.LogCaptureFixture
) -> None:
    loading.run(
        [SCHEMA, *(record("s", {"id": number, "day": "2024-01-01", "free": "old"}) for number in (1, 2))], **BY_DAY
    )
    lacking = schema("s", {"id": {"type": "integer"}, "free": {}}, ["id"])
    loading.run([lacking, *(record("s", {"id": number, "free": "new"}) for number in (2, 3))], **BY_DAY)
    assert loading.rows("s") == [
        {"id": 1, "day": "2024-01-01", "free": "old"},
        {"id": 2, "day": "2024-01-01", "free": "new"},
        {"id": 3, "day": None, "free": "new"},
    ]
    assert any("lacks 'day', by which table" in message for message in caplog.messages)
