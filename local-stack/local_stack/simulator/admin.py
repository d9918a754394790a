"""The routes that only the local stack has: health, truth, evolve, counts, latency. They cost nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local_stack.simulator import truth
from local_stack.simulator.evolve import evolve
from local_stack.simulator.timestamps import parse_timestamp

if TYPE_CHECKING:
    from starlette.requests import Request

    from local_stack.simulator.service import Service


def routes(service: Service) -> list[Route]:
    """The admin routes of a service."""

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok", "organizations": [it.login for it in _organizations(service)]})

    async def rows(request: Request) -> Response:
        return _truth(service, request)

    async def move_on(request: Request) -> Response:
        return _evolve(service, await request.body())

    async def requests(request: Request) -> Response:
        if request.method == "DELETE":
            service.counts.reset()
        return JSONResponse(asdict(service.counts))

    async def latency(request: Request) -> Response:
        return _latency(service, await request.body())

    return [
        Route("/health", health),
        Route("/truth/{stream}", rows),
        Route("/evolve", move_on, methods=["POST"]),
        Route("/requests", requests, methods=["GET", "DELETE"]),
        Route("/latency", latency, methods=["POST"]),
    ]


def _organizations(service: Service) -> list[Any]:
    return list(service.world.organizations.values())


def _truth(service: Service, request: Request) -> Response:
    """JSON lines; `?since=` is an RFC 3339 timestamp or a second."""
    since = request.query_params.get("since")
    try:
        second = None if since is None else int(since) if since.isdigit() else parse_timestamp(since)
        with service.lock:
            rows = truth.rows(service.world, request.path_params["stream"], since=second)
            content = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    except ValueError as error:
        return JSONResponse({"message": str(error)}, 400)
    return Response(content, media_type="application/x-ndjson")


def _evolve(service: Service, content: bytes) -> Response:
    """`{"days": …, "seed": …, "events": [names] or absent}`; answers with what happened, one entry a change."""
    try:
        asked = orjson.loads(content)
        days, seed, events = float(asked["days"]), int(asked["seed"]), asked.get("events")
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return JSONResponse({"message": 'evolve takes {"days": number, "seed": integer, "events": [names]?}'}, 400)
    try:
        with service.lock:
            changes = evolve(service.world, days=days, seed=seed, events=events)
    except ValueError as error:
        return JSONResponse({"message": str(error)}, 400)
    body = {"now": service.world.clock.now(), "changes": changes}
    return Response(orjson.dumps(body, default=str), media_type="application/json")


def _latency(service: Service, content: bytes) -> Response:
    """`{"seconds": …}`."""
    try:
        seconds = float(orjson.loads(content)["seconds"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return JSONResponse({"message": 'latency takes {"seconds": number}'}, 400)
    if not 0 <= seconds <= _LONGEST:
        return JSONResponse({"message": f"latency must be between 0 and {_LONGEST} seconds"}, 400)
    service.latency = seconds
    return JSONResponse({"seconds": seconds})


_LONGEST = 60
