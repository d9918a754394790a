"""When a request may be sent: GitHub's limits are waited out here, and nowhere else."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Final

from tap_github_stats.errors import RateLimitError

LOGGER: Final = logging.getLogger("tap-github-stats.governor")

SECONDARY_WAIT: Final = 60.0
"""Seconds to wait after a secondary limit that names no time, doubled each time it comes again in a row."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What GitHub said is left of a primary limit. `reset` is a second of the server's clock."""

    limit: int
    remaining: int
    reset: int


class Stopped(BaseException):
    """The run is being ended; whoever waits for quota waits no longer. Like KeyboardInterrupt it is no error."""


class Governor:
    """Holds requests back while a limit is exhausted.

    A primary limit is known by its remaining count and its reset, both of which a GHES server may leave out: without
    them nothing is ever held back. The length of a wait is counted by the server's own clock.

    Args:
        max_wait: Longest wait in seconds; a longer one ends the run with `RateLimitError`.
    """

    def __init__(self, max_wait: float) -> None:
        self.quotas: dict[str, Quota] = {}
        self.waited = 0.0
        self._max_wait = max_wait
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}
        self._secondary_in_a_row = 0
        self._stopping = threading.Event()

    def wait(self, resource: str) -> None:
        """Returns when a request of this kind (`graphql` or `core`) may be sent.

        Raises:
            RateLimitError: That would take longer than `max_wait`.
        """
        while True:
            if self._stopping.is_set():
                raise Stopped
            with self._lock:
                until = self._until.get(resource)
                seconds = 0.0 if until is None else until - self.now()
            if seconds <= 0:
                return
            if seconds > self._max_wait:
                raise RateLimitError(
                    f"GitHub's limit for {resource} is used up for another {seconds:.0f} s, which is longer than "
                    f"max_wait ({self._max_wait:.0f} s). The state holds what was done; run again later."
                )
            self.pause(seconds)

    def observe(self, resource: str, quota: Quota, server_time: int) -> None:
        """Takes note of what an answer said about a primary limit."""
        if quota.limit <= 0:
            return
        with self._lock:
            self.quotas[resource] = quota
        if quota.remaining <= 0 and quota.reset > server_time:
            self.hold(resource, quota.reset - server_time + 1, "the primary limit is used up")

    def primary(self, resource: str, reset: int | None, server_time: int) -> None:
        """A request was refused because the primary limit is used up, until `reset` if GitHub said so."""
        known = self.quotas.get(resource)
        reset = reset if reset is not None else known.reset if known else None
        seconds = SECONDARY_WAIT if reset is None else max(1, reset - server_time + 1)
        self.hold(resource, seconds, "GitHub refused a request: the primary limit is used up")

    def secondary(self, retry_after: float | None) -> None:
        """A request was refused because of a secondary limit, which holds for requests of every kind."""
        with self._lock:
            if self._until.get("graphql", 0.0) <= self.now():  # else it is one more answer to the same burst
                self._secondary_in_a_row += 1
            growing = 2 ** min(max(self._secondary_in_a_row - 1, 0), 5)
        seconds = SECONDARY_WAIT * growing if retry_after is None else max(retry_after, growing)
        for resource in ("graphql", "core"):
            self.hold(resource, seconds, "GitHub refused a request: secondary limit")

    def accepted(self) -> None:
        """A request was served: secondary waits start small again."""
        with self._lock:
            self._secondary_in_a_row = 0

    def hold(self, resource: str, seconds: float, why: str) -> None:
        """Sends no request of this kind for so many seconds, and says so in the log."""
        with self._lock:
            until = self.now() + seconds
            known = self._until.get(resource)
            if known is not None and until <= known + 1:
                return
            self._until[resource] = until
        LOGGER.warning("Waiting %.0f s before the next %s request: %s.", seconds, resource, why)

    def now(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Waits; `stop` ends it early."""
        self.waited += seconds
        if self._stopping.wait(seconds):
            raise Stopped

    def stop(self) -> None:
        """Ends all waiting, now and from now on."""
        self._stopping.set()
