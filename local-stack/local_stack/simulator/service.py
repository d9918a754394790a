"""One simulated GitHub: its World, budgets and counts, and what every answer has in common."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from local_stack.simulator.directory import Directory
from local_stack.simulator.limits import USER_LIMIT, Counts, RateLimit
from local_stack.simulator.timestamps import http_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from local_stack.simulator.model import World

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(slots=True)
class Service:
    """The state behind the routes.

    Every answer is made in one go while `lock` is held, and so is every change that the admin routes make: an answer
    shows the World before a change or after it, never in between. Whoever changes the World from another thread while
    it is served must hold `lock` too.

    Attributes:
        world: What is served.
        token: The one token that is accepted; any, or none at all, if None.
        latency: Seconds that every API answer is delayed.
        limit: Requests, and points, that an hour allows.
    """

    world: World
    token: str | None = None
    latency: float = 0.0
    limit: int = USER_LIMIT
    counts: Counts = field(default_factory=Counts)
    lock: threading.RLock = field(default_factory=threading.RLock)
    directory: Directory = field(init=False)
    core: RateLimit = field(init=False)
    points: RateLimit = field(init=False)
    _answers: int = 0

    def __post_init__(self) -> None:
        self.directory = Directory(self.world)
        self.core = RateLimit("core", self.world.clock, self.limit)
        self.points = RateLimit("graphql", self.world.clock, self.limit)

    def respond(
        self,
        body: bytes | Mapping[str, Any],
        status: int = 200,
        *,
        budget: RateLimit | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A response with the headers that all of GitHub's answers have; the date is the World's."""
        self._answers += 1
        now = self.world.clock.now()
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        everything = {
            "Date": http_date(now),
            "Server": "github.com",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Request-Id": f"{self._answers & 0xFFFF:04X}:1A2B3C:{self._answers:07X}:4D5E6F7:{now:X}",
            **(budget.headers() if budget else {}),
            **(headers or {}),
        }
        return Response(content, status, everything, "application/json; charset=utf-8")

    def refusal(self, request: Request) -> Response | None:
        """The 401 for a request with a wrong token or none; None if it may pass."""
        if self.token is None:
            return None
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() in {"token", "bearer"} and token.strip() == self.token:
            return None
        # Without any header GitHub serves some REST routes at 60 requests an hour; here it needs the token.
        message = "Bad credentials" if scheme else "Requires authentication"
        return self.respond({"message": message, "documentation_url": DOCUMENTATION, "status": "401"}, 401)


class Latency:
    """ASGI middleware that delays every request by the service's latency."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Waits, then passes the request on."""
        if scope["type"] == "http" and self.service.latency > 0:
            await asyncio.sleep(self.service.latency)
        await self.app(scope, receive, send)
