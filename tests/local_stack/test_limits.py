"""GitHub's limits: page sizes, nodes, ids, points, requests, tokens; and what was served is counted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import ids, small
from local_stack.simulator.limits import HOUR
from local_stack.simulator.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

HYDRATE = """
query Hydrate($ids: [ID!]!, $commits: Int!, $reviews: Int!, $reviewComments: Int!, $comments: Int!) {
  rateLimit { cost nodeCount }
  nodes(ids: $ids) { ... on PullRequest {
    labels(first: 20) { nodes { name } }
    reviewRequests(first: 20) { nodes { id } }
    timelineItems(last: 20) { nodes { __typename } }
    commits(first: $commits) { nodes { id } }
    reviews(first: $reviews) { nodes { comments(first: $reviewComments) { nodes { id } } } }
    comments(first: $comments) { nodes { id } }
  } }
}
"""

REPOSITORY = '{ repository(owner: "Octo-Org", name: "widgets") { %s } }'


@pytest.mark.parametrize(
    ("sizes", "cost", "nodes"),
    [((100, 100, 100, 100), 27, 259_025), ((50, 30, 20, 50), 9, 19_775), ((20, 10, 10, 20), 4, 5_275)],
)
def test_hydrating_25_pull_requests_costs_what_the_documentation_says(
    api: Any, sizes: tuple[int, ...], cost: int, nodes: int
) -> None:
    names = ("commits", "reviews", "reviewComments", "comments")
    pages = dict(zip(names, sizes, strict=True))
    limit = api.ask(HYDRATE, ids=[ids.pull_request(501, 3000000001)] * 25, **pages)["rateLimit"]
    assert limit == {"cost": cost, "nodeCount": nodes}


@pytest.mark.parametrize(
    ("selection", "cost", "nodes"),
    [
        # The example of GitHub's documentation: 1 + 100 + 5,000 requests.
        (
            """organization(login: "Octo-Org") { repositories(first: 100) { nodes { pullRequests(first: 50) { nodes {
                labels(first: 60) { nodes { name } }
            } } } } }""",
            51,
            100 + 5_000 + 300_000,
        ),
        ("viewer { login }", 1, 0),
        # A total alone needs no page size and has no rows.
        ('repository(owner: "Octo-Org", name: "widgets") { pullRequests { totalCount } }', 1, 0),
        # Aliases are separate connections, the same connection twice is one.
        (
            """organization(login: "Octo-Org") {
                a: repositories(first: 10) { nodes { id } }
                b: repositories(last: 10) { nodes { id } } b: repositories(last: 10) { edges { node { name } } }
            }""",
            1,
            20,
        ),
        # What is skipped costs nothing.
        ('organization(login: "Octo-Org") { repositories(first: 100) @skip(if: true) { nodes { id } } }', 1, 0),
        (
            'organization(login: "Octo-Org") { ...@include(if: false) { repositories(first: 9) { nodes { id } } } }',
            1,
            0,
        ),
    ],
)
def test_points_are_connections_to_fill_by_hundred(api: Any, selection: str, cost: int, nodes: int) -> None:
    assert api.ask(f"{{ rateLimit {{ cost nodeCount }} {selection} }}")["rateLimit"] == {
        "cost": cost,
        "nodeCount": nodes,
    }


@pytest.mark.parametrize(
    ("connection", "error_type", "message"),
    [
        (
            "pullRequests { nodes { id } }",
            "MISSING_PAGINATION_BOUNDARIES",
            "You must provide a `first` or `last` value to properly paginate the `pullRequests` connection.",
        ),
        (
            "pullRequests { edges { node { id } } }",
            "MISSING_PAGINATION_BOUNDARIES",
            "You must provide a `first` or `last` value to properly paginate the `pullRequests` connection.",
        ),
        (
            "pullRequests(first: 101) { totalCount }",
            "EXCESSIVE_PAGINATION",
            "Requesting 101 records on the `pullRequests` connection exceeds the `first` limit of 100 records.",
        ),
        (
            "pullRequests(last: 1000) { nodes { id } }",
            "EXCESSIVE_PAGINATION",
            "Requesting 1000 records on the `pullRequests` connection exceeds the `last` limit of 100 records.",
        ),
        (
            "pullRequests(first: 0) { nodes { id } }",
            "INVALID_PAGINATION_BOUNDARIES",
            "`first` on the `pullRequests` connection must be at least 1, not 0.",
        ),
        (
            "pullRequests(first: 1, last: 1) { nodes { id } }",
            "INVALID_PAGINATION_BOUNDARIES",
            "Passing both `first` and `last` to paginate the `pullRequests` connection is not supported.",
        ),
    ],
)
def test_page_sizes_are_required_and_limited(api: Any, connection: str, error_type: str, message: str) -> None:
    response = api.post(REPOSITORY % connection)
    assert response.status_code == 200
    assert response.json() == {
        "data": None,
        "errors": [
            {
                "type": error_type,
                "path": ["repository", "pullRequests"],
                "locations": [{"line": 1, "column": 52}],
                "message": message,
            }
        ],
    }


def test_a_page_size_in_a_variable_or_a_fragment_counts_too(api: Any) -> None:
    query = """query ($first: Int!) { repository(owner: "Octo-Org", name: "widgets") { ...Some } }
      fragment Some on Repository { found: pullRequests(first: $first) { nodes { id } } }"""
    (error,) = api.errors(query, first=101)
    assert (error["type"], error["path"]) == ("EXCESSIVE_PAGINATION", ["repository", "found"])
    assert len(api.ask(query, first=100)["repository"]["found"]["nodes"]) == 4


def test_more_than_500000_possible_nodes_are_refused(api: Any) -> None:
    query = """query ($first: Int!) { organization(login: "Octo-Org") { repositories(first: $first) { nodes {
      pullRequests(first: 100) { nodes { comments(first: 49) { nodes { id } } } }
    } } } }"""
    assert api.errors(query, first=100) == [
        {
            "type": "MAX_NODE_LIMIT_EXCEEDED",
            "message": "This query requests up to 500,100 possible nodes which exceeds the maximum limit of 500,000.",
        }
    ]
    assert api.ask(query, first=99)["organization"]


def test_more_than_100_ids_are_refused(api: Any) -> None:
    query = "query ($ids: [ID!]!) { many: nodes(ids: $ids) { id } }"
    node_id = ids.repository(501)
    response = api.post(query, {"ids": [node_id] * 101})
    assert response.json() == {
        "data": None,
        "errors": [
            {
                "type": "ARGUMENT_LIMIT",
                "path": ["many"],
                "locations": [{"line": 1, "column": 24}],
                "message": "You may not provide more than 100 node ids; you provided 101.",
            }
        ],
    }
    assert api.ask(query, ids=[node_id] * 100) == {"many": [{"id": node_id}] * 100}


def test_refused_queries_cost_nothing(api: Any) -> None:
    api.post(REPOSITORY % "pullRequests { nodes { id } }")
    api.post("{ nonsense }")
    assert api.post("{ viewer { login } }").headers["x-ratelimit-used"] == "1"


def test_a_dry_run_is_priced_but_not_executed(api: Any) -> None:
    query = """query ($dry: Boolean!) { rateLimit(dryRun: $dry) { cost nodeCount used remaining }
      organization(login: "Octo-Org") { repositories(first: 30) { nodes {
        id pullRequests(first: 10) { nodes { id } }
      } } }
    }"""
    response = api.post(query, {"dry": True})
    assert response.json() == {"data": {"rateLimit": {"cost": 1, "nodeCount": 330, "used": 0, "remaining": 5000}}}
    assert len(api.ask(query, dry=False)["organization"]["repositories"]["nodes"]) == 3


def test_points_run_out_and_come_back_after_an_hour(serve: Callable[..., Any]) -> None:
    world = small.world()
    api = serve(world, limit=2)
    now = world.clock.now()
    query = "{ viewer { login } rateLimit { limit cost remaining used resetAt } }"
    first = api.post(query)
    assert first.json()["data"]["rateLimit"] == {
        "limit": 2,
        "cost": 1,
        "remaining": 1,
        "used": 1,
        "resetAt": timestamp(now + HOUR),
    }
    assert api.post(query).headers["x-ratelimit-remaining"] == "0"
    world.clock.advance(HOUR - 1)
    refused = api.post(query)
    assert refused.status_code == 200
    assert refused.json() == {
        "errors": [{"type": "RATE_LIMITED", "message": f"API rate limit exceeded for user ID {world.viewer.id}."}]
    }
    expected = {"limit": "2", "remaining": "0", "used": "2", "reset": str(now + HOUR), "resource": "graphql"}
    assert {name: refused.headers[f"x-ratelimit-{name}"] for name in expected} == expected
    world.clock.advance(1)
    assert api.ask(query)["rateLimit"]["resetAt"] == timestamp(now + 2 * HOUR)


def test_requests_run_out_apart_from_points(serve: Callable[..., Any]) -> None:
    world = small.world()
    api = serve(world, limit=1)
    now = world.clock.now()
    assert api.get("/user").headers["x-ratelimit-remaining"] == "0"
    refused = api.get("/user")
    assert refused.status_code == 403
    assert refused.json()["message"] == f"API rate limit exceeded for user ID {world.viewer.id}."
    expected = {"limit": "1", "remaining": "0", "used": "1", "reset": str(now + HOUR), "resource": "core"}
    assert {name: refused.headers[f"x-ratelimit-{name}"] for name in expected} == expected
    assert api.ask("{ viewer { login } }")
    world.clock.advance(HOUR)
    assert api.get("/user").status_code == 200


def test_rate_limit_shows_both_budgets_for_free(api: Any) -> None:
    now = api.world.clock.now()
    api.get("/user")
    api.get("/user")
    api.ask("{ viewer { login } }")
    for _ in range(2):
        resources = api.rest("/rate_limit")["resources"]
        assert resources["core"] == {"limit": 5000, "used": 2, "remaining": 4998, "reset": now + HOUR}
        assert resources["graphql"] == {"limit": 5000, "used": 1, "remaining": 4999, "reset": now + HOUR}


@pytest.mark.parametrize("path", ["/user", "/rate_limit", "/nothing", "/graphql"])
@pytest.mark.parametrize(
    ("header", "message"),
    [("bearer wrong", "Bad credentials"), ("token wrong", "Bad credentials"), (None, "Requires authentication")],
)
def test_a_wrong_token_is_refused(serve: Callable[..., Any], path: str, header: str | None, message: str) -> None:
    api = serve(small.world(), token="right")
    headers = {"Authorization": header}
    method = "POST" if path == "/graphql" else "GET"
    response = api.session.request(method, api.url + path, headers=headers, json={"query": "{ viewer { id } }"})
    assert response.status_code == 401
    assert response.json() == {
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": "401",
    }


@pytest.mark.parametrize("scheme", ["token", "bearer", "Bearer"])
def test_the_right_token_passes_in_both_spellings(serve: Callable[..., Any], scheme: str) -> None:
    api = serve(small.world(), token="right")
    api.session.headers["Authorization"] = f"{scheme} right"
    assert api.get("/user").status_code == 200


def test_every_answer_is_dated_by_the_world_and_has_an_id_of_its_own(api: Any) -> None:
    responses = [
        api.get("/user"),
        api.get("/none"),
        api.get("/rate_limit"),
        api.post("{ viewer { id } }"),
        api.post("{"),
    ]
    assert {it.headers["date"] for it in responses} == {"Sun, 01 Mar 2026 00:00:00 GMT"}
    assert len({it.headers["x-github-request-id"] for it in responses}) == len(responses)


def test_what_was_served_is_counted_until_the_next_reset(api: Any) -> None:
    api.ask("query Probe { viewer { login } }")
    api.ask("query Probe { viewer { login } }")
    api.ask("{ viewer { login } }")
    api.get("/repos/octo-org/widgets/pulls/1")
    api.get("/repos/octo-org/widgets/pulls/2")
    api.get("/none")
    api.get("/rate_limit")
    counts = f"{api.url}/_local_stack/requests"
    assert api.session.get(counts).json() == {
        "requests": 7,
        "graphql": 3,
        "rest": 4,
        "points": 3,
        "by_operation": {
            "Probe": 2,
            "anonymous": 1,
            "GET /repos/{owner}/{repo}/pulls/{number}": 2,
            "unknown": 1,
            "GET /rate_limit": 1,
        },
    }
    api.session.delete(counts)
    assert api.session.get(counts).json() == {
        "requests": 0,
        "graphql": 0,
        "rest": 0,
        "points": 0,
        "by_operation": {},
    }


def test_latency_delays_the_api_but_not_the_admin_routes(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def record(seconds: float) -> None:
        if seconds in {0.25, 0.5}:
            slept.append(seconds)
        else:
            await sleep(seconds)

    monkeypatch.setattr("local_stack.simulator.service.asyncio.sleep", record)
    api = serve(small.world(), latency=0.25)
    api.get("/user")
    api.ask("{ viewer { login } }")
    assert api.session.post(f"{api.url}/_local_stack/latency", json={"seconds": 0.5}).json() == {"seconds": 0.5}
    api.get("/user")
    assert slept == [0.25, 0.25, 0.5]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"seconds": -1}', b'{"seconds": 61}', b'{"seconds": "x"}'])
def test_a_senseless_latency_is_refused(api: Any, body: bytes) -> None:
    assert api.session.post(f"{api.url}/_local_stack/latency", data=body).status_code == 400
