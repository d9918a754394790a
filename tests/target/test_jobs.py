"""A job runs once: its id is its identity, every outcome is read, a new attempt follows only a known failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.api_core import exceptions as api
from target_bigquery_merge import answers, jobs
from target_bigquery_merge.errors import TerminalError, TransientError
from target_bigquery_merge.jobs import Jobs, job_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.api_core.retry import Retry
    from google.cloud import bigquery
    from local_stack.testing import Warehouse

INTERNAL = {"reason": "backendError", "message": "try again"}
INVALID = {"reason": "invalidQuery", "message": "never"}


class Job:
    """A job that has ended, or ends after some polls that may fail."""

    def __init__(self, error: dict[str, str] | None = None, polls: list[bool | Exception] | None = None) -> None:
        self.job_id = "id"
        self.error_result = error
        self._polls = [*(polls or []), True]

    def done(self) -> bool:
        poll = self._polls.pop(0)
        if isinstance(poll, Exception):
            raise poll
        return poll


class Service:
    """Answers insertions from a script, and remembers the ids."""

    def __init__(self, *answers: Any, existing: Job | None = None) -> None:
        self.ids: list[str] = []
        self.slept: list[float] = []
        self.unknown = 0
        self._answers = list(answers)
        self._existing = existing

    def insert(self, job_id: str) -> Any:
        self.ids.append(job_id)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def get_job(self, job_id: str, location: str | None, retry: Retry) -> Any:
        assert (job_id, location) == (self.ids[-1], "US")
        return retry(self._known)()

    def _known(self) -> Job | None:
        if self.unknown:
            self.unknown -= 1
            raise api.NotFound("not yet")  # type: ignore[no-untyped-call]
        return self._existing

    def run(self) -> Any:
        client: Any = self
        insert: Callable[[str], Any] = self.insert
        return Jobs(client, "US", sleep=self.slept.append).run("name", insert, "Stream 's', merge")


def test_ids_are_the_same_in_every_process_and_differ_by_what_they_do() -> None:
    assert job_name("merge", "p", "run", 1, "s", 0) == "bigquery-merge-merge-35cc72054d1ff3f786a32b23fbd0952ddd080457"
    names = {job_name(step, "p", "run", n, s) for step in ("load", "merge") for n in (1, 11) for s in ("s", "1s")}
    assert len(names) == 8


def test_a_job_that_exists_is_taken_up() -> None:
    existing = Job(polls=[False, False])
    service = Service(api.Conflict("exists"), existing=existing)  # type: ignore[no-untyped-call]
    assert service.run() is existing
    assert service.ids == ["name-1"]


def test_a_job_that_exists_but_failed_is_tried_again_under_the_next_id() -> None:
    done = Job()
    service = Service(api.Conflict("exists"), done, existing=Job(INTERNAL))  # type: ignore[no-untyped-call]
    assert service.run() is done
    assert service.ids == ["name-1", "name-2"]


def test_an_answer_that_got_lost_is_asked_for_under_the_same_id() -> None:
    existing = Job()
    service = Service(ConnectionError(), api.Conflict("exists"), existing=existing)  # type: ignore[no-untyped-call]
    assert service.run() is existing
    assert service.ids == ["name-1", "name-1"]


def test_no_new_attempt_starts_while_the_outcome_is_unknown() -> None:
    job = Job(polls=[api.ServiceUnavailable("?"), TimeoutError(), False])  # type: ignore[no-untyped-call]
    service = Service(job)
    assert service.run() is job
    assert service.ids == ["name-1"]


def test_an_error_that_passes_is_retried_and_one_that_stays_is_told() -> None:
    service = Service(Job(INTERNAL), Job(INVALID))
    with pytest.raises(TerminalError, match=r"Stream 's', merge: job name-2 failed: invalidQuery: never"):
        service.run()
    assert service.ids == ["name-1", "name-2"]


def test_concurrent_updates_of_a_table_are_retried() -> None:
    conflict = {"reason": "invalidQuery", "message": "Could not serialize access to table due to concurrent update"}
    service = Service(Job(conflict), Job())
    service.run()
    assert service.ids == ["name-1", "name-2"]


def test_an_error_that_does_not_pass_says_to_run_again() -> None:
    with pytest.raises(TransientError, match=r"failed 5 times, run again later. Last: backendError: try again"):
        Service(*(Job(INTERNAL) for _ in range(jobs.ATTEMPTS))).run()


def test_silence_ends_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "PATIENCE", 0.0)
    with pytest.raises(TransientError, match="inserting job name-1: no answer for 0 s, run again later"):
        Service(api.ServiceUnavailable("?")).run()  # type: ignore[no-untyped-call]


def test_bigquery_runs_a_job_of_one_id_once(warehouse: Warehouse) -> None:
    client = warehouse.bigquery
    table = f"`{warehouse.project}.{warehouse.dataset}.t`"
    client.query(f"CREATE TABLE {table} (a INT64)").result()
    name = job_name("append", warehouse.dataset)

    def insert(job_id: str) -> bigquery.QueryJob:
        return client.query(f"INSERT INTO {table} VALUES (1)", job_id=job_id, job_retry=None)  # noqa: S608 -- ours

    for _ in range(2):
        assert Jobs(client, "US").run(name, insert, "append").num_dml_affected_rows == 1
    assert warehouse.rows("t") == [{"a": 1}]


def test_a_job_that_is_not_yet_known_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    existing = Job()
    service = Service(api.Conflict("exists"), existing=existing)  # type: ignore[no-untyped-call]
    service.unknown = 2
    assert service.run() is existing
