"""Jobs of BigQuery: deterministic ids, every outcome read, new attempts only after a known failure.

A job's id is its idempotency key. Inserting an id that exists answers 409: then the job is there, from this attempt or
from one whose answer got lost, and is taken up where it is. Only when a job is known to have ended with an error that
passes does the next attempt start, under the next id.
"""

from __future__ import annotations

import hashlib
import logging
import time
from typing import TYPE_CHECKING, Any, TypeVar

from google.api_core import exceptions as api
from google.api_core.retry import Retry, if_exception_type

from target_bigquery_merge.answers import answered, delay, is_transient
from target_bigquery_merge.errors import TerminalError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.cloud import bigquery
    from google.cloud.bigquery.job import LoadJob, QueryJob
    from google.cloud.bigquery.table import Row

JobT = TypeVar("JobT", "LoadJob", "QueryJob")
T = TypeVar("T")

logger = logging.getLogger("target-bigquery-merge")

ATTEMPTS = 5

# A job that exists may still be unknown to the server that is asked about it.
_SOON = Retry(predicate=if_exception_type(api.NotFound), timeout=120.0)


def job_name(step: str, *identity: object) -> str:
    """Name a job after what it does, the same in every process: `merge-<hash>`, without the attempt."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in identity).encode("utf-8", "surrogatepass"))
    return f"bigquery-merge-{step}-{digest.hexdigest()[:40]}"


class Jobs:
    """Runs jobs to their end."""

    def __init__(
        self, client: bigquery.Client, location: str | None, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Use this client, in the location of the dataset; `sleep` waits between attempts and polls."""
        self._client = client
        self.location = location
        self._sleep = sleep

    def run(self, name: str, insert: Callable[[str], JobT], about: str) -> JobT:
        """Run a job until it has succeeded.

        Args:
            name: Its name, from `job_name`.
            insert: Inserts it under the id that it is given, and returns it without waiting.
            about: What it does, for errors: the step, the stream and the table.

        Returns:
            The job, done without an error.

        Raises:
            TerminalError: It ended with an error that would come again.
            TransientError: It went on failing, or BigQuery did not answer.
        """
        error: dict[str, Any] = {}
        for attempt in range(1, ATTEMPTS + 1):
            job_id = f"{name}-{attempt}"
            job = self._ended(self._inserted(job_id, insert, about), about)
            if not job.error_result:
                return job
            error = job.error_result
            if not is_transient(error):
                raise TerminalError(f"{about}: job {job_id} failed: {_spoken(error)}")
            logger.warning("%s: job %s failed, attempt %d of %d: %s", about, job_id, attempt, ATTEMPTS, _spoken(error))
            if attempt < ATTEMPTS:
                self._sleep(delay(attempt))
        raise TransientError(f"{about}: job {name} failed {ATTEMPTS} times, run again later. Last: {_spoken(error)}")

    def _inserted(self, job_id: str, insert: Callable[[str], JobT], about: str) -> JobT:
        """Insert a job, or take up the one that has this id."""

        def attempt() -> JobT:
            try:
                return insert(job_id)
            except api.Conflict:
                logger.info("%s: job %s exists, going on with it.", about, job_id)
                return self._client.get_job(job_id, location=self.location, retry=_SOON)  # type: ignore[return-value] # the id names the kind

        return self._answered(attempt, f"{about}: inserting job {job_id}")

    def _ended(self, job: JobT, about: str) -> JobT:
        """Wait until a job is known to have ended, well or badly."""

        def wait() -> JobT:
            polls = 0
            while not job.done():
                polls += 1
                self._sleep(min(0.05 * polls, 2.0))
            return job

        return self._answered(wait, f"{about}: waiting for job {job.job_id}")

    def rows(self, job: QueryJob, about: str) -> list[Row]:
        """Read the result of a query that has succeeded."""
        return self._answered(lambda: list(job.result(job_retry=None)), f"{about}: reading job {job.job_id}")

    def _answered(self, request: Callable[[], T], about: str) -> T:
        return answered(request, about, sleep=self._sleep)


def _spoken(error: dict[str, Any]) -> str:
    return f"{error.get('reason', 'unknown reason')}: {error.get('message', 'no message')}"
