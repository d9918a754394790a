"""Requests to BigQuery and Cloud Storage: repeated until they are answered, refusals told as errors of this target."""

from __future__ import annotations

import logging
import random
import time
from typing import TYPE_CHECKING, Any, TypeVar

from google.api_core import exceptions as api
from google.auth.exceptions import TransportError
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import RequestException

from target_bigquery_merge.errors import TerminalError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

logger = logging.getLogger("target-bigquery-merge")

# A request that gets no answer is repeated for so many seconds.
PATIENCE = 600.0
FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0

_TRANSIENT_REASONS = frozenset(
    {
        "backendError",
        "internalError",
        "jobBackendError",
        "jobInternalError",
        "jobRateLimitExceeded",
        "rateLimitExceeded",
        "tableUnavailable",
        "timeout",
    }
)
_TRANSIENT_MESSAGES = ("due to concurrent update", "Could not serialize access")
_NO_ANSWER = (
    api.RetryError,  # a client gave up repeating the request by itself
    api.ServerError,
    api.TooManyRequests,
    RequestsConnectionError,
    RequestException,
    TransportError,
    ConnectionError,
    TimeoutError,
)


def answered(request: Callable[[], T], about: str, *, sleep: Callable[[float], None] = time.sleep) -> T:
    """Repeat a request, one that may be repeated, until it is answered.

    Args:
        request: Makes the request; handles the refusals that it expects.
        about: What it does, for errors.
        sleep: Waits between attempts.

    Raises:
        TerminalError: The answer is an error that would come again.
        TransientError: There was no answer, or errors that pass, for `PATIENCE` seconds.
    """
    deadline = time.monotonic() + PATIENCE
    attempt = 0
    while True:
        attempt += 1
        try:
            return request()
        except _NO_ANSWER as error:
            if time.monotonic() > deadline:
                raise TransientError(f"{about}: no answer for {PATIENCE:.0f} s, run again later: {error}") from error
            logger.warning("%s: no answer, attempt %d: %s", about, attempt, error)
        except api.GoogleAPICallError as error:
            if not is_transient({"message": str(error), "reason": _reason(error)}):
                raise TerminalError(f"{about}: {error}") from error
            if time.monotonic() > deadline:
                raise TransientError(f"{about}: refused for {PATIENCE:.0f} s, run again later: {error}") from error
            logger.warning("%s: refused, attempt %d: %s", about, attempt, error)
        sleep(delay(attempt))


def is_transient(error: dict[str, Any]) -> bool:
    """Tell whether an error of BigQuery usually passes."""
    message = str(error.get("message", ""))
    return error.get("reason") in _TRANSIENT_REASONS or any(text in message for text in _TRANSIENT_MESSAGES)


def delay(attempt: int) -> float:
    """Return the seconds to wait after an attempt: doubling, with jitter."""
    return min(FIRST_DELAY * 2.0 ** (attempt - 1), LONGEST_DELAY) * random.uniform(0.5, 1.0)  # noqa: S311 -- jitter


def _reason(error: api.GoogleAPICallError) -> str:
    return str(error.errors[0].get("reason", "")) if error.errors and isinstance(error.errors[0], dict) else ""
