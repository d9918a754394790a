"""SIGTERM and SIGINT stop the target between two messages; only STATEs that are merged are printed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from .helpers import lines, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .helpers import Loading

SCHEMA = schema("s", {"id": {"type": "integer"}}, ["id"])


@contextmanager
def target(loading: Loading, **env: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "target_bigquery_merge", "--config=ENV"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **loading.warehouse.env, **env},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def send(process: subprocess.Popen[str], *messages: dict[str, Any]) -> None:
    assert process.stdin
    process.stdin.write(lines(messages))
    process.stdin.flush()


def await_reading(process: subprocess.Popen[str]) -> None:
    """Wait until all messages so far are read: reading is in order, and this one is answered in the log."""
    send(process, {"type": "ACTIVATE_VERSION", "stream": "s", "version": 1})
    assert process.stderr
    assert any("ACTIVATE_VERSION is ignored" in line for line in process.stderr)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_keeps_what_came_before_the_last_state(loading: Loading, number: signal.Signals, code: int) -> None:
    with target(loading, TARGET_BIGQUERY_MERGE_BATCH_SIZE_ROWS="2") as process:
        send(process, SCHEMA, record("s", {"id": 1}), record("s", {"id": 2}), state(at=2))
        assert process.stdout
        # The target has read this far, and waits for more.
        assert json.loads(process.stdout.readline()) == {"at": 2}
        send(process, record("s", {"id": 3}), state(at=3), record("s", {"id": 4}))
        await_reading(process)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert [json.loads(line) for line in output.splitlines()] == [{"at": 3}]
    assert f"{number.name}: stopping" in errors
    assert "Everything received" not in errors
    assert loading.rows("s") == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_nothing_is_acknowledged_that_was_not_committed(loading: Loading) -> None:
    with target(loading) as process:
        send(process, SCHEMA, record("s", {"id": 1}))
        await_reading(process)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (143, "")
    assert loading.rows("s") == []


def test_an_error_exits_with_1_and_its_reason(loading: Loading) -> None:
    done = loading.process([SCHEMA, record("s", {"id": 1}), state(at=1), record("s", {"id": "x"})])
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"at": 1}
    assert "Stream 's', line 4, field 'id': expected an integer, got a string" in done.stderr
    assert loading.rows("s") == [{"id": 1}]


def test_settings_that_are_wrong_exit_with_1_before_any_work(loading: Loading) -> None:
    done = loading.process([SCHEMA], TARGET_BIGQUERY_MERGE_BUCKET="")
    assert done.returncode == 1
    assert "'bucket' is required" in done.stderr
    assert loading.tables() == set()


def test_a_run_ends_well(loading: Loading) -> None:
    done = loading.process([SCHEMA, record("s", {"id": 1}), state(at="é")])
    assert (done.returncode, done.stdout) == (0, '{"at": "\\u00e9"}\n')
    assert "Stream 's': 1 rows received, 1 inserted, 0 updated." in done.stderr
    assert "Everything received is in BigQuery, in 1 checkpoints." in done.stderr
