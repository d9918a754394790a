"""What the log says about a run: a line every so often, and a summary at its end."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from tap_github_stats.errors import AccessError

if TYPE_CHECKING:
    from tap_github_stats.client import Client
    from tap_github_stats.errors import GitHubError
    from tap_github_stats.governor import Governor

LOGGER: Final = logging.getLogger("tap-github-stats.progress")


class Progress:
    """Counts what a run does. Every line is `name=value` pairs behind a word, for people and for log search.

    Args:
        client: Knows what was spent.
        governor: Knows what is left.
        interval: Seconds between lines.
    """

    def __init__(self, client: Client, governor: Governor, interval: float) -> None:
        self._client = client
        self._governor = governor
        self._interval = interval
        self._started = self._last = time.monotonic()
        self.organizations = 0
        self.repositories = 0
        self.repositories_to_read = 0
        self.repositories_read = 0
        self.indexed = 0
        self.pull_requests = 0
        self.gone = 0
        self.records: Counter[str] = Counter()
        self.skipped: dict[str, str] = {}
        self.failed: dict[str, str] = {}

    def unread(self, repository: str, number: int, why: GitHubError) -> None:
        """A pull request could not be read: what is gone or hidden is skipped, anything else has failed."""
        gone = isinstance(why, AccessError)
        self.gone += gone
        (self.skipped if gone else self.failed).setdefault(repository, f"pull request {number}: {why}")

    def tick(self) -> None:
        """Writes a line if it is time for one."""
        now = time.monotonic()
        if now - self._last < self._interval:
            return
        self._last = now
        seconds = now - self._started
        rate = self.pull_requests / seconds
        all_indexed = self.repositories_read >= self.repositories_to_read
        left = self.indexed - self.pull_requests
        LOGGER.info(
            "Progress: repositories=%d/%d pull_requests=%d/%d%s rate=%.1f/s%s requests=%d points=%d%s",
            self.repositories_read,
            self.repositories_to_read,
            self.pull_requests,
            self.indexed,
            "" if all_indexed else "+",
            rate,
            f" left={left / rate:.0f}s" if all_indexed and rate else "",
            self._client.spent.requests,
            self._client.spent.points,
            self._quota(),
        )

    def summarize(self) -> None:
        """Writes what the whole run did, and one line for each repository that was skipped."""
        for name, reason in sorted(self.skipped.items()):
            LOGGER.warning("Skipped %s: %s", name, reason)
        LOGGER.info(
            "Done: organizations=%d repositories=%d changed=%d skipped=%d failed=%d pull_requests=%d gone=%d %s "
            "requests=%d points=%d seconds=%.1f waited=%.0f%s",
            self.organizations,
            self.repositories,
            self.repositories_to_read,
            len(self.skipped),
            len(self.failed),
            self.pull_requests,
            self.gone,
            " ".join(f"{stream}={count}" for stream, count in sorted(self.records.items())) or "records=0",
            self._client.spent.requests,
            self._client.spent.points,
            time.monotonic() - self._started,
            self._governor.waited,
            self._quota(),
        )

    def _quota(self) -> str:
        quota = self._governor.quotas.get("graphql")
        return f" quota={quota.remaining}/{quota.limit}" if quota else ""
