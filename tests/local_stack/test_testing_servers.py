"""The local BigQuery and Cloud Storage behave, through the real clients, as the tests of the target rely on."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from local_stack.testing import Servers, Warehouse

exceptions = pytest.importorskip("google.api_core.exceptions")
bigquery = pytest.importorskip("google.cloud.bigquery")

ROW = {
    "id": 1,
    "name": "Zoë `quoted` 'x'",
    "at": "2026-01-02T03:04:05Z",
    "precise": "2026-01-02T03:04:05.678000Z",
    "tags": ["b", "a"],
    "nothing": None,
}
COLUMNS = (
    ("id", "INT64", "REQUIRED"),
    ("name", "STRING", "NULLABLE"),
    ("at", "TIMESTAMP", "NULLABLE"),
    ("precise", "TIMESTAMP", "NULLABLE"),
    ("tags", "STRING", "REPEATED"),
    ("nothing", "STRING", "NULLABLE"),
)


def load(warehouse: Warehouse, table: str, rows: Iterable[dict[str, Any]], job_id: str | None = None) -> None:
    """Through an object in the bucket, gzipped, as the target does it."""
    blob = warehouse.storage.bucket(warehouse.bucket).blob(f"files/{table}.jsonl.gz")
    blob.upload_from_string(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    warehouse.bigquery.load_table_from_uri(
        f"gs://{warehouse.bucket}/{blob.name}",
        f"{warehouse.project}.{warehouse.dataset}.{table}",
        job_id=job_id,
        job_config=bigquery.LoadJobConfig(
            schema=[bigquery.SchemaField(name, kind, mode) for name, kind, mode in COLUMNS],
            source_format="NEWLINE_DELIMITED_JSON",
            write_disposition="WRITE_APPEND",
        ),
    ).result()


def test_rows_come_back_as_plain_values(warehouse: Warehouse) -> None:
    load(warehouse, "plain", [ROW])
    assert warehouse.rows("plain") == [ROW]
    assert warehouse.rows("plain", ["id", "tags"]) == [{"id": 1, "tags": ["b", "a"]}]


def test_every_kind_of_value_becomes_plain(warehouse: Warehouse) -> None:
    assert warehouse.query(
        "SELECT NUMERIC '1.5' AS n, DATE '2026-01-02' AS d, DATETIME '2026-01-02 03:04:05' AS dt, "
        "TIME '03:04:05' AS t, B'abc' AS b, 1.5 AS f, TRUE AS yes, JSON '{\"a\": [1]}' AS j, "
        "[STRUCT(1 AS i, TIMESTAMP '2026-01-02 03:04:05+00' AS at)] AS r"
    ) == [
        {
            "n": "1.5",
            "d": "2026-01-02",
            "dt": "2026-01-02T03:04:05",
            "t": "03:04:05",
            "b": "YWJj",
            "f": 1.5,
            "yes": True,
            "j": {"a": [1]},
            "r": [{"i": 1, "at": "2026-01-02T03:04:05Z"}],
        }
    ]


def test_tests_do_not_see_each_other(warehouse: Warehouse) -> None:
    assert [it.dataset_id for it in warehouse.bigquery.list_datasets()] == ["local", warehouse.dataset]
    assert list(warehouse.bigquery.list_tables(warehouse.dataset)) == []
    assert list(warehouse.storage.list_blobs(warehouse.bucket)) == []


def test_dataset_and_bucket_are_in_one_location(warehouse: Warehouse) -> None:
    assert warehouse.bigquery.get_dataset(warehouse.dataset).location == "US"
    assert warehouse.storage.get_bucket(warehouse.bucket).location == "US"


def test_a_job_id_used_again_answers_409_and_loads_once(warehouse: Warehouse) -> None:
    load(warehouse, "once", [ROW], job_id=f"load-{warehouse.bucket}")
    with pytest.raises(exceptions.Conflict):
        load(warehouse, "once", [ROW], job_id=f"load-{warehouse.bucket}")
    assert warehouse.rows("once") == [ROW]


def test_merge_updates_and_inserts(warehouse: Warehouse) -> None:
    changed, added = ROW | {"name": "changed"}, ROW | {"id": 2}
    load(warehouse, "final", [ROW])
    load(warehouse, "staged", [changed, added])
    names = [name for name, _, _ in COLUMNS]
    warehouse.query(
        f"MERGE `{warehouse.dataset}.final` t USING `{warehouse.dataset}.staged` s ON t.id = s.id "  # noqa: S608 - own names
        f"WHEN MATCHED THEN UPDATE SET {', '.join(f'{name} = s.{name}' for name in names)} "
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(names)}) VALUES ({', '.join(f's.{name}' for name in names)})"
    )
    assert sorted(warehouse.rows("final"), key=lambda row: row["id"]) == [changed, added]


def test_merge_refuses_two_source_rows_for_one_target_row(warehouse: Warehouse) -> None:
    load(warehouse, "final", [ROW])
    load(warehouse, "staged", [ROW, ROW])
    with pytest.raises(exceptions.BadRequest):
        warehouse.query(
            f"MERGE `{warehouse.dataset}.final` t USING `{warehouse.dataset}.staged` s ON t.id = s.id "
            "WHEN MATCHED THEN UPDATE SET name = s.name"
        )
    assert warehouse.rows("final") == [ROW]


def test_a_commit_marker_is_created_once(warehouse: Warehouse) -> None:
    blob = warehouse.storage.bucket(warehouse.bucket).blob("done.json")
    blob.upload_from_string("{}", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        blob.upload_from_string("{}", if_generation_match=0)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_data_survives_the_end_of_both_servers(servers: Servers, warehouse: Warehouse, end: str) -> None:
    load(warehouse, "kept", [ROW])
    urls = servers.bigquery_url, servers.gcs_url
    for server in (servers.bigquery, servers.gcs):
        getattr(server, end)()
        assert not server.is_running
    servers.start()
    assert (servers.bigquery_url, servers.gcs_url) == urls
    assert warehouse.rows("kept") == [ROW]
    assert [blob.name for blob in warehouse.storage.list_blobs(warehouse.bucket)] == ["files/kept.jsonl.gz"]


SESSION = """
import os, pathlib, signal

def test_inner(servers):
    pathlib.Path(os.environ["PORTS"]).write_text(f"{servers.bigquery.port} {servers.gcs.port}")
    os.kill(os.getppid() if os.environ["WHO"] == "parent" else os.getpid(), int(os.environ["SIGNAL"]))
    if os.environ["WHO"] == "parent":
        signal.pause()
"""


@pytest.mark.parametrize(
    ("end", "who", "options"),
    [
        pytest.param(signal.SIGCONT, "test", (), id="as it should"),
        pytest.param(signal.SIGINT, "test", (), id="Ctrl-C"),
        pytest.param(signal.SIGINT, "parent", ("-n1",), id="Ctrl-C under xdist"),
        pytest.param(signal.SIGKILL, "test", (), id="kill"),
        pytest.param(signal.SIGKILL, "parent", ("-n1",), id="kill under xdist"),
    ],
)
def test_no_server_outlives_its_session(
    tmp_path: Path, end: signal.Signals, who: str, options: tuple[str, ...]
) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["local_stack.testing"]\n')
    (tmp_path / "test_inner.py").write_text(SESSION)
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}"),
            *(f"--basetemp={tmp_path / 'base'}", *options, str(tmp_path)),
        ],
        env=os.environ | {"PORTS": str(tmp_path / "ports"), "SIGNAL": str(int(end)), "WHO": who},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    left_behind = list(tmp_path.glob("base/**/*.pid"))
    for pid_file in left_behind:
        with pid_file.open("rb") as held_by_the_server:
            fcntl.flock(held_by_the_server, fcntl.LOCK_EX)  # comes back when the server has gone
    if not left_behind:
        for port in (tmp_path / "ports").read_text().split():
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", int(port)))
