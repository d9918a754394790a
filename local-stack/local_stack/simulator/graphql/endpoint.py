"""The HTTP side of GraphQL: `POST /graphql`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from local_stack.simulator.graphql.execution import answer

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from local_stack.simulator.service import Service


async def respond(service: Service, request: Request) -> Response:
    """Answers a GraphQL request."""
    content = await request.body()
    with service.lock:
        return _respond(service, request, content)


def _respond(service: Service, request: Request, content: bytes) -> Response:
    refusal = service.refusal(request)
    if refusal is not None:
        service.counts.add("graphql", "unauthorized")
        return refusal
    try:
        asked: Any = orjson.loads(content)
    except orjson.JSONDecodeError:
        asked = None
    if not isinstance(asked, dict):
        service.counts.add("graphql", "malformed")
        problem = {"message": "Problems parsing JSON", "documentation_url": "https://docs.github.com/graphql"}
        return service.respond({**problem, "status": "400"}, 400, budget=service.points)
    text, variables, name = asked.get("query"), asked.get("variables"), asked.get("operationName")
    if not isinstance(text, str):
        service.counts.add("graphql", "malformed")
        errors = [{"message": "A query attribute must be specified and must be a string."}]
        return service.respond({"errors": errors}, budget=service.points)
    answered = answer(service.directory, service.points, text, variables if isinstance(variables, dict) else {}, name)
    service.counts.add("graphql", answered.operation)
    service.counts.points += answered.points
    headers = {"X-GitHub-Media-Type": "github.v4; format=json"}
    return service.respond(answered.body, budget=service.points, headers=headers)
