"""The REST routes, and the HTTP around them: tokens, budget, conditional requests, errors."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

import orjson
from starlette.routing import Route

from local_stack.simulator.rest import accounts, comments, commits, pull_requests, repositories, reviews
from local_stack.simulator.rest.call import Call, RestError, Result

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from local_stack.simulator.service import Service

Handler: TypeAlias = Callable[[Call], Result]


def _viewer(call: Call) -> Result:
    return Result(accounts.viewer(call.base, call.service.world.viewer))


def _organization(call: Call) -> Result:
    return Result(accounts.organization(call.base, call.organization()))


def _meta(_call: Call) -> Result:
    return Result({"verifiable_password_authentication": False})


_OF_REPOSITORY: dict[str, tuple[Handler, str]] = {
    "": (repositories.one, "/repos/repos#get-a-repository"),
    "/pulls": (pull_requests.of_repository, "/pulls/pulls#list-pull-requests"),
    "/pulls/comments": (
        comments.diff_of_repository,
        "/pulls/comments#list-review-comments-in-a-repository",
    ),
    "/pulls/{number:int}": (pull_requests.one, "/pulls/pulls#get-a-pull-request"),
    "/pulls/{number:int}/commits": (commits.of_pull_request, "/pulls/pulls#list-commits-on-a-pull-request"),
    "/pulls/{number:int}/reviews": (reviews.of_pull_request, "/pulls/reviews#list-reviews-for-a-pull-request"),
    "/pulls/{number:int}/reviews/{review_id:int}/comments": (
        comments.diff_of_review,
        "/pulls/reviews#list-comments-for-a-pull-request-review",
    ),
    "/pulls/{number:int}/comments": (
        comments.diff_of_pull_request,
        "/pulls/comments#list-review-comments-on-a-pull-request",
    ),
    "/issues/comments": (
        comments.conversation_of_repository,
        "/issues/comments#list-issue-comments-for-a-repository",
    ),
    "/issues/{number:int}/comments": (
        comments.conversation_of_pull_request,
        "/issues/comments#list-issue-comments",
    ),
}

_ROUTES: dict[str, tuple[Handler, str]] = {
    "/user": (_viewer, "/users/users#get-the-authenticated-user"),
    "/meta": (_meta, "/meta/meta#get-github-meta-information"),
    "/orgs/{org}": (_organization, "/orgs/orgs#get-an-organization"),
    "/orgs/{org}/repos": (repositories.of_organization, "/repos/repos#list-organization-repositories"),
    "/organizations/{organization_id:int}/repos": (
        repositories.of_organization,
        "/repos/repos#list-organization-repositories",
    ),
    **{f"/repos/{{owner}}/{{repo}}{path}": handled for path, handled in _OF_REPOSITORY.items()},
    **{f"/repositories/{{repository_id:int}}{path}": handled for path, handled in _OF_REPOSITORY.items()},
}


def routes(service: Service) -> list[Route]:
    """The REST routes of a service, without a prefix; the last one answers 404 to everything else."""

    async def rate_limit(request: Request) -> Response:
        with service.lock:
            service.counts.add("rest", "GET /rate_limit")
            return service.refusal(request) or _rate_limit(service)

    async def nothing(request: Request) -> Response:
        with service.lock:
            service.counts.add("rest", "unknown")
            return service.refusal(request) or _failed(service, RestError(404, "Not Found", ""))

    return [
        Route("/rate_limit", rate_limit),
        *(_route(service, path, handler, documentation) for path, (handler, documentation) in _ROUTES.items()),
        Route("/{path:path}", nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]


def _route(service: Service, path: str, handler: Handler, documentation: str) -> Route:
    operation = "GET " + path.replace(":int", "")

    async def endpoint(request: Request) -> Response:
        with service.lock:
            service.counts.add("rest", operation)
            return service.refusal(request) or _respond(service, request, handler, documentation)

    return Route(path, endpoint)


def _respond(service: Service, request: Request, handler: Handler, documentation: str) -> Response:
    if not service.core.remaining:
        message = f"API rate limit exceeded for user ID {service.world.viewer.id}."
        return _failed(service, RestError(403, message, "/overview/rate-limits-for-the-rest-api"))
    prefix = request.scope.get("root_path", "")
    base = f"{request.url.scheme}://{request.url.netloc}{prefix}"
    path = request.url.path.removeprefix(prefix)
    call = Call(service, base, path, request.path_params, dict(request.query_params), documentation)
    try:
        result = handler(call)
    except RestError as error:
        service.core.take(1)
        return _failed(service, error)
    content = orjson.dumps(result.body)
    digest = sha256(content + result.headers.get("Link", "").encode()).hexdigest()
    headers = {"ETag": f'W/"{digest}"', "Cache-Control": "private, max-age=60, s-maxage=60", **result.headers}
    if _matches(request.headers.get("if-none-match", ""), digest):
        # An unchanged answer is not counted against the limit.
        return service.respond(b"", 304, budget=service.core, headers=headers)
    service.core.take(1)
    return service.respond(content, result.status, budget=service.core, headers=headers)


def _failed(service: Service, error: RestError) -> Response:
    return service.respond(error.body, error.status, budget=service.core, headers=error.headers)


def _matches(condition: str, digest: str) -> bool:
    tags = (tag.strip().removeprefix("W/").strip('"') for tag in condition.split(","))
    return condition.strip() == "*" or digest in tags


def _rate_limit(service: Service) -> Response:
    core = service.core.body()
    unused = {"limit": 30, "used": 0, "remaining": 30, "reset": service.world.clock.now() + 60}
    resources = {"core": core, "search": unused, "graphql": service.points.body()}
    return service.respond({"resources": resources, "rate": core}, budget=service.core)
