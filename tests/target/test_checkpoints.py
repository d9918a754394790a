"""A STATE is printed only after everything before it is in the tables; whatever fails, the next run makes it whole."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from google.api_core import exceptions as api
from google.cloud import bigquery, storage
from target_bigquery_merge import answers, checkpoint
from target_bigquery_merge.archive import Archive
from target_bigquery_merge.checkpoint import Protocol
from target_bigquery_merge.errors import TargetError, TerminalError
from target_bigquery_merge.merge import Merger

from .helpers import record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_bigquery_merge.batches import Checkpoint

    from .helpers import Loading

TEXT = {"type": "string"}
PROPERTIES: dict[str, Any] = {"id": {"type": "integer"}, "name": TEXT}
SCHEMA = schema("things", PROPERTIES, ["id"])
EVERY_STATE = {"batch_size_rows": 1}


def thing(number: int, name: str, extracted: str | None = None) -> dict[str, Any]:
    return record("things", {"id": number, "name": name}, extracted)


def test_each_state_comes_after_its_rows(loading: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Any, int]] = []
    print_state = checkpoint.print_state

    def observe(value: Any) -> None:
        seen.append((value, len(loading.rows("things"))))
        print_state(value)

    monkeypatch.setattr(checkpoint, "print_state", observe)
    messages = [SCHEMA, thing(1, "a"), state(at=1), thing(2, "b"), thing(3, "c"), state(at=3)]
    assert loading.run(messages, **EVERY_STATE) == [{"at": 1}, {"at": 3}]
    assert seen == [({"at": 1}, 1), ({"at": 3}, 3)]
    assert loading.tables() == {"things"}


def test_states_that_are_not_due_are_committed_with_the_end(loading: Loading) -> None:
    assert loading.run([SCHEMA, thing(1, "a"), state(at=1), thing(2, "b"), state(at=2)]) == [{"at": 2}]
    assert loading.rows("things") == [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]


def test_rows_after_the_last_state_are_loaded_at_the_end(loading: Loading) -> None:
    assert loading.run([SCHEMA, thing(1, "a"), state(at=1), thing(2, "b")]) == [{"at": 1}]
    assert len(loading.rows("things")) == 2


@pytest.mark.parametrize("value", [{}, None])
def test_an_empty_state_is_never_printed(loading: Loading, value: Any) -> None:
    empty = {"type": "STATE", "value": value}
    assert loading.run([empty, SCHEMA, thing(1, "a"), state(at=1), empty]) == [{"at": 1}]


def test_a_state_without_rows_is_passed_on(loading: Loading) -> None:
    assert loading.run([state(at=1)]) == [{"at": 1}]


def test_no_input_does_nothing(loading: Loading) -> None:
    assert loading.run([]) == []


def refused(names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make what refuses an object whose name ends so, and does the rest."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any, *values: Any, **named: Any) -> Any:
            if self.name.endswith(names):
                raise api.Forbidden("refused")  # type: ignore[no-untyped-call]
            return original(self, *values, **named)

        return call

    return make


def failing(error: Callable[..., Exception]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make what always fails."""

    def make(_: Callable[..., Any]) -> Callable[..., Any]:
        def call(*_: Any, **__: Any) -> None:
            raise error("it fails")

        return call

    return make


FAULTS = {
    "upload": (storage.Blob, "upload_from_string", refused(".jsonl.gz")),
    "manifest": (storage.Blob, "upload_from_string", refused(".manifest.json")),
    "load refused": (bigquery.Client, "load_table_from_uri", failing(api.BadRequest)),
    "load unanswered": (bigquery.Client, "load_table_from_uri", failing(api.ServiceUnavailable)),
    "query refused": (bigquery.Client, "query", failing(api.BadRequest)),
    "query unanswered": (bigquery.Client, "query", failing(api.ServiceUnavailable)),
    "marker": (storage.Blob, "upload_from_string", refused(".done.json")),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PATIENCE", 0.0)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.usefixtures("impatient")
def test_no_state_before_the_merge(loading: Loading, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    loading.run([SCHEMA, thing(1, "old", "2024-01-01T00:00:00Z"), state(at=1)])
    messages = [SCHEMA, thing(1, "new", "2024-01-02T00:00:00Z"), thing(2, "b", "2024-01-02T00:00:00Z"), state(at=2)]
    owner, name, make = FAULTS[fault]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, make(getattr(owner, name)))
        with pytest.raises(TargetError) as failure:
            loading.run(messages)
    assert "".join(getattr(failure.value, "__notes__", [])) == ""
    assert loading.tables() == {"things"}
    # The tap starts again from the old STATE and sends the same rows.
    assert loading.run(messages) == [{"at": 2}]
    assert loading.rows("things") == [{"id": 1, "name": "new"}, {"id": 2, "name": "b"}]


def test_a_load_job_that_ends_with_an_error_stops_the_run(loading: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    put = Archive.put
    monkeypatch.setattr(
        Archive, "put", lambda self, name, lines: put(self, name, [b'{"id":"not a number"}\n' for _ in lines])
    )
    with pytest.raises(TerminalError, match=r"Stream 'things', loading 1 files.*failed: invalid"):
        loading.run([SCHEMA, thing(1, "a"), state(at=1)])
    assert loading.rows("things") == []


def test_states_before_a_failure_stand_and_none_follows(loading: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = Protocol.commit

    def fail_second(self: Protocol, sealed: Checkpoint) -> Any:
        if sealed.number == 2:
            raise TerminalError("the second fails")
        return commit(self, sealed)

    monkeypatch.setattr(Protocol, "commit", fail_second)

    def messages() -> Iterator[dict[str, Any]]:
        yield SCHEMA
        for number in range(1, 6):
            yield thing(number, "x")
            yield state(at=number)

    with pytest.raises(TerminalError, match="the second fails") as failure:
        loading.run(messages(), **EVERY_STATE)
    assert failure.value.__notes__ == ['{"at": 1}\n']
    assert loading.rows("things") == [{"id": 1, "name": "x"}]


def test_a_crash_between_merge_and_state_doubles_nothing(loading: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [SCHEMA, thing(1, "a"), thing(2, "b"), state(at=1)]

    def crash(_: Any) -> None:
        raise BrokenPipeError

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "print_state", crash)
        with pytest.raises(BrokenPipeError):
            loading.run(messages)
    assert len(loading.rows("things")) == 2
    assert loading.run(messages) == [{"at": 1}]
    assert loading.rows("things") == [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]


def test_drain_all_of_the_sdk_prints_no_state(loading: Loading, capsys: pytest.CaptureFixture[str]) -> None:
    target = loading.target()
    messages = [SCHEMA, thing(1, "a"), state(at=1)]
    target.process_lines(io.StringIO("".join(f"{json.dumps(message)}\n" for message in messages)))
    target.drain_all(is_endofpipe=True)
    assert capsys.readouterr().out == ""
    target.process_endofpipe()
    assert capsys.readouterr().out == '{"at": 1}\n'


def test_children_are_merged_before_the_parents_that_are_named(
    loading: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    query = bigquery.Client.query

    def note(self: Any, text: str, **options: Any) -> Any:
        if "MERGE INTO" in text:
            order.append(options["job_config"].labels["stream"])
        return query(self, text, **options)

    monkeypatch.setattr(bigquery.Client, "query", note)
    names = ["owners", "pulls", "commits", "reviews"]
    messages = [schema(name, {"id": {"type": "integer"}}, ["id"]) for name in names]
    messages += [record(name, {"id": 1}) for name in names]
    loading.run(messages, merge_order=["pull*", "owners"])
    assert order == ["commits", "reviews", "pulls", "owners"]


def test_a_changed_schema_is_accepted_only_after_what_came_before_is_committed(loading: Loading) -> None:
    wider = schema("things", {**SCHEMA["schema"]["properties"], "size": {"type": "integer"}}, ["id"])
    messages = [
        SCHEMA,
        thing(1, "old", "2024-01-01T00:00:00Z"),
        thing(2, "old", "2024-01-01T00:00:00Z"),
        wider,
        record("things", {"id": 1, "name": "new", "size": 3}, "2024-01-01T00:00:00Z"),
        SCHEMA,
        thing(2, "newest", "2024-01-01T00:00:00Z"),
        state(at=1),
    ]
    assert loading.run(messages) == [{"at": 1}]
    assert loading.rows("things") == [{"id": 1, "name": "new", "size": 3}, {"id": 2, "name": "newest", "size": None}]


def test_new_columns_are_added_to_a_table_that_exists(loading: Loading) -> None:
    loading.run([SCHEMA, thing(1, "a")])
    more = {"tags": {"type": "array", "items": {"type": "string"}}, "needed": {"type": "string"}}
    wider = schema("things", {**SCHEMA["schema"]["properties"], **more}, ["id"], required=["needed"])
    loading.run([wider, record("things", {"id": 2, "name": "b", "tags": ["x"], "needed": "n"})])
    assert loading.rows("things") == [
        {"id": 1, "name": "a", "tags": [], "needed": None},
        {"id": 2, "name": "b", "tags": ["x"], "needed": "n"},
    ]
    assert {field.name: field.mode for field in loading.table("things").schema}["needed"] == "NULLABLE"


def test_a_required_column_that_leaves_the_schema_or_becomes_nullable_stops_nothing(loading: Loading) -> None:
    loading.run(
        [
            schema("things", {**PROPERTIES, "kind": TEXT}, ["id"], required=["id", "name", "kind"]),
            record("things", {"id": 1, "name": "a", "kind": "k"}),
        ]
    )
    loading.run([SCHEMA, thing(2, "b")])
    nullable = schema("things", {**PROPERTIES, "name": {"type": ["string", "null"]}}, ["id"])
    loading.run([nullable, record("things", {"id": 3, "name": None})])
    modes = {field.name: field.mode for field in loading.table("things").schema}
    assert [modes[name] for name in ("id", "name", "kind", "ingestion_timestamp")] == [
        "REQUIRED",
        "NULLABLE",
        "NULLABLE",
        "REQUIRED",
    ]
    assert [row["id"] for row in loading.rows("things")] == [1, 2, 3]


def test_rows_that_a_load_leaves_out_stop_the_run(loading: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = Archive.put

    def shortened(self: Archive, name: str, lines: Any) -> Any:
        return replace(upload(self, name, lines[:-1]), rows=len(lines))

    monkeypatch.setattr(Archive, "put", shortened)
    with pytest.raises(TerminalError, match="loaded 1 rows, but the files were written with 2") as failure:
        loading.run([SCHEMA, thing(1, "a"), thing(2, "b"), state(at=2)])
    assert failure.value.__notes__ == [""]  # no STATE
    assert loading.rows("things") == []


def test_rows_without_keys_come_once_though_another_stream_fails(
    loading: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge = Merger.merge
    failures = iter([True])

    def refusing(self: Merger, stream: Any, *rest: Any) -> Any:
        if stream.name == "things" and next(failures, False):
            raise TerminalError("refused")
        return merge(self, stream, *rest)

    monkeypatch.setattr(Merger, "merge", refusing)
    messages = [schema("log", {"text": TEXT}), SCHEMA, record("log", {"text": "once"}), thing(1, "a"), state(at=1)]
    with pytest.raises(TerminalError, match="refused"):
        loading.run(messages)
    assert loading.run(messages) == [{"at": 1}]
    assert loading.rows("log") == [{"text": "once"}]
    assert loading.rows("things") == [{"id": 1, "name": "a"}]


def test_a_clock_that_is_set_back_lets_no_older_row_win(loading: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([5_000, 5_000, 4_000])
    last = [5_000]

    def time_ns() -> int:
        last[0] = next(ticks, last[0])
        return last[0] * 10**9

    monkeypatch.setattr("target_bigquery_merge.runs.time.time_ns", time_ns)
    loading.run([SCHEMA, thing(1, "old"), thing(1, "new"), state(at=1)])
    assert loading.rows("things") == [{"id": 1, "name": "new"}]
