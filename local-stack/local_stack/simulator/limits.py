"""The primary rate limits: how many requests or points an hour allows, and the headers that say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_stack.simulator.model import Clock

HOUR = 3600
USER_LIMIT = 5_000


@dataclass(slots=True)
class RateLimit:
    """One budget of one token: `limit` units in each hour, which starts with the first use after the last one ended.

    Attributes:
        resource: What it is the budget of: `core` (REST requests) or `graphql` (points).
        clock: GitHub's clock.
        limit: Units in an hour.
        used: Units used in the current hour; may pass `limit`, as a query runs while anything remains.
        reset_at: The second at which the current hour ends.
    """

    resource: str
    clock: Clock
    limit: int = USER_LIMIT
    used: int = 0
    reset_at: int = 0

    @property
    def remaining(self) -> int:
        """Units left in the current hour."""
        self._roll()
        return max(0, self.limit - self.used)

    def take(self, units: int) -> bool:
        """Takes units from the budget; False, and nothing is taken, if nothing remains."""
        if not self.remaining:
            return False
        self.used += units
        return True

    def headers(self) -> dict[str, str]:
        """The headers of a response, after it was paid for."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Reset": str(self.reset_at),
            "X-RateLimit-Resource": self.resource,
        }

    def body(self) -> dict[str, int]:
        """The budget as `GET /rate_limit` shows it."""
        remaining = self.remaining
        return {"limit": self.limit, "used": self.used, "remaining": remaining, "reset": self.reset_at}

    def _roll(self) -> None:
        now = self.clock.now()
        if now >= self.reset_at:
            self.used, self.reset_at = 0, now + HOUR


@dataclass(slots=True)
class Counts:
    """What was served since the last reset. Conditional and failed requests count too; the admin routes do not."""

    requests: int = 0
    graphql: int = 0
    rest: int = 0
    points: int = 0
    by_operation: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, operation: str) -> None:
        """Counts one request: `kind` is `graphql` or `rest`, `operation` its operation name or route."""
        self.requests += 1
        if kind == "graphql":
            self.graphql += 1
        else:
            self.rest += 1
        self.by_operation[operation] = self.by_operation.get(operation, 0) + 1

    def reset(self) -> None:
        """Starts again at zero."""
        self.requests = self.graphql = self.rest = self.points = 0
        self.by_operation = {}
