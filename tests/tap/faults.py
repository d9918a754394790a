"""ASGI middleware for the simulated GitHub: things that happen between, or instead of, its answers."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send


@dataclass(frozen=True)
class Asked:
    """A request as it arrives.

    Attributes:
        operation: Name of the GraphQL operation; the path of a REST request.
        number: How many of this operation came before it.
        variables: Of a GraphQL request.
        headers: All headers.
    """

    operation: str
    number: int
    variables: dict[str, Any]
    headers: dict[str, str]


Hook = "Callable[[Asked], Response | None]"


@dataclass
class Hooked:
    """Hands each request to a function, whose response, if it gives one, is sent instead of GitHub's.

    GitHub's answers to GraphQL go through `change`, which may alter them. A response of the function has the date of
    the small organization, unless it has one of its own or `date` is empty.
    """

    hook: Callable[[Asked], Response | None] = lambda _: None
    change: Callable[[Asked, dict[str, Any]], None] | None = None
    date: str = "Sun, 01 Mar 2026 00:00:00 GMT"
    seen: list[Asked] = field(default_factory=list)

    @property
    def middleware(self) -> Middleware:
        """To be passed to `create_app`."""
        return Middleware(_App, hooked=self)


class _App:
    def __init__(self, app: ASGIApp, hooked: Hooked) -> None:
        self.app = app
        self.hooked = hooked
        self.counts: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        operation, variables = scope["path"], {}
        if body:
            content = json.loads(body)
            operation = content["query"].split("(")[0].split()[-1]
            variables = content["variables"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        asked = Asked(operation, self.counts[operation], variables, headers)
        self.counts[operation] += 1
        self.hooked.seen.append(asked)
        response = self.hooked.hook(asked)
        if response is not None and self.hooked.date:
            response.headers.setdefault("Date", self.hooked.date)

        async def replay() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        if response is not None or not body or self.hooked.change is None:
            await (response or self.app)(scope, replay, send)
            return
        start: dict[str, Any] = {}
        parts: list[bytes] = []

        async def keep(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.app(scope, replay, keep)
        answer = json.loads(b"".join(parts))
        self.hooked.change(asked, answer)
        changed = json.dumps(answer).encode()
        others = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        await send({**start, "headers": [*others, (b"content-length", str(len(changed)).encode())]})
        await send({"type": "http.response.body", "body": changed})


def graphql_error(kind: str, message: str, *, data: Any = None, headers: dict[str, str] | None = None) -> Response:
    """An answer of status 200 with one error."""
    content = {"data": data, "errors": [{"type": kind, "message": message}]}
    return Response(json.dumps(content), 200, headers, "application/json")
