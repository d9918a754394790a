"""The archive holds every row that was loaded, in named, checked files that a manifest lists."""

from __future__ import annotations

import base64
import gzip
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import google_crc32c
import pytest
from target_bigquery_merge import buffers
from target_bigquery_merge.archive import Archive
from target_bigquery_merge.errors import TerminalError

from .helpers import record, schema, state

if TYPE_CHECKING:
    from .helpers import Loading

TEXT = {"type": "string"}
REVIEWS = schema("reviews", {"organization": TEXT, "repository": TEXT, "id": {"type": "integer"}}, ["id"])
OTHER = schema("other", {"id": {"type": "integer"}}, ["id"])


def review(number: int, repository: str = "hello") -> dict[str, Any]:
    return record("reviews", {"organization": "octo", "repository": repository, "id": number})


def content(loading: Loading, name: str) -> bytes:
    return bytes(loading.warehouse.storage.bucket(loading.warehouse.bucket).blob(name).download_as_bytes())


def test_files_lie_under_their_path_fields_stream_and_date(loading: Loading) -> None:
    loading.run([REVIEWS, OTHER, review(1), review(2, "world.io"), record("other", {"id": 3})], prefix="/raw/")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    folders = [name.rpartition("/")[0] for name in loading.objects() if "_checkpoints" not in name]
    assert folders == [
        f"raw/octo/hello/reviews/{today}",
        f"raw/octo/world.io/reviews/{today}",
        f"raw/other/{today}",
    ]


def test_the_manifest_lists_the_files_and_the_files_hold_the_rows(loading: Loading) -> None:
    messages = [REVIEWS, OTHER, review(1), review(2, "world"), state(at=2), record("other", {"id": 3}), state(at=3)]
    loading.run(messages, batch_size_rows=1, pipeline="p q")
    names = loading.objects("_checkpoints/")
    runs = {name.split("/")[2] for name in names}
    assert len(runs) == 1
    (run,) = runs
    assert re.fullmatch(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8}", run)
    assert [name.removeprefix(f"_checkpoints/p%20q/{run}/") for name in names] == [
        "000001.done.json",
        "000001.manifest.json",
        "000002.done.json",
        "000002.manifest.json",
    ]
    rows: list[dict[str, Any]] = []
    for number, expected in ((1, {"at": 2}), (2, {"at": 3})):
        manifest = json.loads(content(loading, f"_checkpoints/p%20q/{run}/00000{number}.manifest.json"))
        assert manifest["state"] == expected
        assert (manifest["pipeline"], manifest["run_id"], manifest["checkpoint"]) == ("p q", run, number)
        assert (manifest["project"], manifest["dataset"]) == (loading.warehouse.project, loading.warehouse.dataset)
        for stream in manifest["streams"]:
            assert stream["key_properties"] == ["id"]
            assert {column["name"] for column in stream["columns"]} >= {"id", "_sdc_run_id", "ingestion_timestamp"}
            assert stream["rows"] == sum(file["rows"] for file in stream["files"])
            for file in stream["files"]:
                data = content(loading, file["name"])
                assert len(data) == file["bytes"]
                assert base64.b64decode(file["crc32c"]) == google_crc32c.value(data).to_bytes(4, "big")
                lines = gzip.decompress(data).splitlines()
                assert len(lines) == file["rows"]
                rows += map(json.loads, lines)
    assert sorted(row["id"] for row in rows) == [1, 2, 3]
    assert {row["_sdc_run_id"] for row in rows} == {run}


def test_no_file_has_more_rows_than_a_chunk(loading: Loading) -> None:
    loading.run([REVIEWS, *(review(number) for number in range(2_500))], chunk_size=1_000)
    files = list(loading.objects("octo/"))
    assert [len(gzip.decompress(content(loading, name)).splitlines()) for name in files] == [1_000, 1_000, 500]
    assert [name[-14:] for name in files] == ["00001.jsonl.gz", "00002.jsonl.gz", "00003.jsonl.gz"]
    assert len(loading.rows("reviews")) == 2_500


def test_memory_is_bounded_by_writing_the_largest_groups_early(
    loading: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffers, "MEMORY_BYTES", 10_000)
    loading.run([REVIEWS, *(review(number, f"r{number % 7}") for number in range(300))])
    assert 7 < len(loading.objects("octo/")) < 60
    assert len(loading.rows("reviews")) == 300


def test_an_object_is_never_overwritten(loading: Loading) -> None:
    bucket = loading.warehouse.storage.bucket(loading.warehouse.bucket)
    archive = Archive(bucket)
    assert archive.create("a/b.json", b"one", "application/json") == archive.create("a/b.json", b"one", "text/plain")
    with pytest.raises(TerminalError, match="holds other bytes"):
        archive.create("a/b.json", b"two", "application/json")
    assert content(loading, "a/b.json") == b"one"


def test_unfinished_checkpoints_of_the_pipeline_are_told(loading: Loading, caplog: pytest.LogCaptureFixture) -> None:
    loading.run([OTHER, record("other", {"id": 1}), state(at=1)])
    bucket = loading.warehouse.storage.bucket(loading.warehouse.bucket)
    bucket.blob(loading.objects("_checkpoints/default/")[0]).delete()
    loading.run([OTHER], pipeline="another")
    assert not [message for message in caplog.messages if "unfinished" in message]
    loading.run([OTHER])
    assert next(message for message in caplog.messages if "unfinished" in message).startswith(
        "Pipeline 'default': 1 checkpoints of the last seven days are unfinished"
    )


def test_without_persist_to_gcs_there_is_no_bucket(loading: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    config = {"persist_to_gcs": False, "bucket": "", "chunk_size": 1_000, "batch_size_rows": 1_500}
    messages: list[dict[str, Any]] = [REVIEWS]
    for number in range(4):
        messages += [*(review(number * 1_000 + each, f"r{each % 3}") for each in range(1_000)), state(at=number)]
    assert loading.run(messages, **config) == [{"at": 1}, {"at": 3}]
    assert sorted(row["id"] for row in loading.rows("reviews")) == list(range(4_000))
    assert loading.objects() == []
    assert loading.tables() == {"reviews"}
