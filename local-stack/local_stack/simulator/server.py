"""The simulated GitHub as an ASGI app.

Routes: GraphQL at `/graphql`, REST at the root, both again under `/api/graphql` and `/api/v3` as GitHub Enterprise
Server has them, and the local stack's own under `/_local_stack`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route, Router

from local_stack.simulator import admin
from local_stack.simulator.graphql import endpoint
from local_stack.simulator.graphql.execution import executable_schema
from local_stack.simulator.limits import USER_LIMIT, Counts
from local_stack.simulator.rest import routes as rest
from local_stack.simulator.service import Latency, Service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from local_stack.simulator.model import World


_KEEP_ALIVE = 75
"""Seconds that an idle connection stays open, so that a client which waits for something else can go on with it."""


class GitHub(Starlette):
    """The app. `service` holds its state; hold `service.lock` to change the World from another thread."""

    def __init__(self, service: Service, middleware: Sequence[Middleware]) -> None:
        self.service = service

        async def graphql(request: Request) -> Response:
            return await endpoint.respond(service, request)

        api = Router(
            [
                Route("/graphql", graphql, methods=["POST"]),
                Route("/api/graphql", graphql, methods=["POST"]),
                Mount("/api/v3", routes=rest.routes(service)),
                *rest.routes(service),
            ],
            # Faults go behind the latency, so that they are as slow as answers are.
            middleware=[Middleware(Latency, service=service), *middleware],
        )
        super().__init__(routes=[Mount("/_local_stack", routes=admin.routes(service)), Mount("/", app=api)])

    @property
    def world(self) -> World:
        """What is served."""
        return self.service.world

    @property
    def counts(self) -> Counts:
        """The requests and points served since the last reset."""
        return self.service.counts


def create_app(
    world: World,
    *,
    latency: float = 0.0,
    token: str | None = None,
    limit: int = USER_LIMIT,
    middleware: Sequence[Middleware] = (),
) -> GitHub:
    """The simulated GitHub that serves a World.

    Args:
        world: What is served; it may change while it is served, see `Service`.
        latency: Seconds that every API answer is delayed.
        token: The one token that is accepted; any if None.
        limit: REST requests, and GraphQL points, that an hour allows.
        middleware: ASGI middleware around the API routes (not the admin routes), outermost first.

    Raises:
        SchemaMissingError: GitHub's GraphQL schema has not been fetched.
    """
    executable_schema()
    return GitHub(Service(world, token, latency, limit), middleware)


def server(app: GitHub, *, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Server:
    """A uvicorn server for the app, not yet running; port 0 takes a free one.

    It must not send a `Date` of its own: the app sends the World's.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
    )
    return uvicorn.Server(config)
