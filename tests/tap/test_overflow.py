"""Everything behind the first page of each connection arrives, at a small price."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from local_stack.simulator import generator
from local_stack.simulator.pull_requests import Means
from starlette.responses import Response

from tests.tap.faults import Asked, Hooked, graphql_error
from tests.tap.running import Tables, run

if TYPE_CHECKING:
    from local_stack.simulator.model import World
    from local_stack.testing import GitHubFactory

NOW = 1_790_000_000
KINDS = {
    "commits(": 101,
    "reviews(": 104,
    "comments(": 104,
    "labels(": 30,
    "reviewRequests(": 25,
    "reviewThreads(": 1,
}


@pytest.fixture
def world() -> World:
    """Has every extreme of the generator: over 250 commits, over 100 reviews, over 100 comments of one review..."""
    return generator.generate(organization="acme", repositories=3, pull_requests=60, seed=9, now=NOW, frozen=True)


def test_the_world_overflows_every_connection(world: World) -> None:
    them = [
        it
        for repository in world.organizations["acme"].repositories.values()
        for it in repository.pull_requests.values()
    ]
    assert max(len(it.commits) for it in them) > 250
    assert max(len(it.reviews) for it in them) > 100
    assert max(len(it.issue_comments) for it in them) > 100
    assert max(len(it.labels) for it in them) > 20
    assert max(len(it.requested_reviewers) for it in them) > 10
    assert any(comment.review_id is None for it in them for comment in it.review_comments)
    in_one_review = [
        sum(comment.review_id == review.id for comment in it.review_comments) for it in them for review in it.reviews
    ]
    assert max(in_one_review) > 100


def test_every_connection_is_read_to_its_end(github: GitHubFactory, world: World) -> None:
    kinds: set[str] = set()

    def hook(asked: Asked) -> None:
        kinds.update(name for name in asked.variables if name in {"threadCommentsPage", "reviewCommentsPage"})

    server = github(world, middleware=[Hooked(hook).middleware])
    done = run(server)
    assert Tables().load(done.messages).differences(world) == []
    assert kinds == {"threadCommentsPage", "reviewCommentsPage"}
    assert server.requests()["by_operation"]["Overflow"] >= 3


def test_the_overflows_of_many_pull_requests_share_requests(github: GitHubFactory, world: World) -> None:
    hooked = Hooked(lambda _: None)
    run(github(world, middleware=[hooked.middleware]))
    pages = [
        sum(name.startswith("id") for name in asked.variables) for asked in hooked.seen if asked.operation == "Overflow"
    ]
    assert max(pages) > 5


def test_threads_are_read_only_where_comments_are_missing(github: GitHubFactory, world: World) -> None:
    for repository in world.organizations["acme"].repositories.values():
        for it in repository.pull_requests.values():
            it.review_comments = [comment for comment in it.review_comments if comment.review_id is not None]
    hooked = Hooked(lambda _: None)
    done = run(github(world, middleware=[hooked.middleware]))
    assert not any("threadCommentsPage" in asked.variables for asked in hooked.seen)
    assert Tables().load(done.messages).differences(world) == []


def test_an_overflow_that_is_too_much_is_asked_for_in_smaller_pieces(github: GitHubFactory, world: World) -> None:
    refused = 0

    def hook(asked: Asked) -> Response | None:
        nonlocal refused
        ids = sum(name.startswith("id") for name in asked.variables)
        if asked.operation == "Overflow" and ids > 3:
            refused += 1
            return graphql_error("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.", data={})
        if asked.operation == "Overflow" and asked.variables["first0"] > 40:
            refused += 1
            return Response("bad gateway", 502)
        return None

    done = run(github(world, middleware=[Hooked(hook).middleware]))
    assert refused > 2
    assert Tables().load(done.messages).differences(world) == []


def test_after_an_overflow_that_was_too_much_requests_grow_again(github: GitHubFactory, world: World) -> None:
    sizes: list[int] = []

    def hook(asked: Asked) -> Response | None:
        if asked.operation != "Overflow":
            return None
        sizes.append(sum(name.startswith("id") for name in asked.variables))
        return Response("bad gateway", 502) if len(sizes) == 1 else None

    done = run(github(world, middleware=[Hooked(hook).middleware]))
    assert sizes[1] == sizes[0] // 2
    assert max(sizes[2:]) > sizes[1]
    assert Tables().load(done.messages).differences(world) == []


def test_a_page_that_was_too_much_is_not_asked_for_again(github: GitHubFactory, world: World) -> None:
    refused: Counter[str] = Counter()

    def hook(asked: Asked) -> Response | None:
        firsts = [count for name, count in asked.variables.items() if name.startswith("first")]
        if asked.operation == "Overflow" and max(firsts) > 25:
            if len(firsts) == 1:
                refused[asked.variables["id0"]] += 1
            return Response("bad gateway", 502)
        return None

    done = run(github(world, middleware=[Hooked(hook).middleware]))
    # Once for each connection, of which at most two of one pull request are so long; each of these has more pages.
    assert set(refused.values()) <= {1, 2}
    assert refused
    assert Tables().load(done.messages).differences(world) == []


def test_a_backfill_stays_within_its_budget(github: GitHubFactory) -> None:
    count = 1_000
    world = generator.generate(
        organization="acme",
        repositories=5,
        pull_requests=count,
        seed=3,
        now=NOW,
        frozen=True,
        means=Means(4, 2.5, 3, 3),
    )
    server = github(world)
    done = run(server)
    served = server.requests()
    assert len(done.rows("pull_requests")) == count
    assert served["by_operation"]["Hydrate"] == count / 25
    assert served["requests"] <= 75 * count / 1_000
    assert served["points"] <= 220 * count / 1_000


def test_hydration_costs_four_points(github: GitHubFactory, world: World) -> None:
    server = github(world)
    run(server)
    by_operation = server.requests()["by_operation"]
    others = sum(count for name, count in by_operation.items() if name in {"Probe", "Index", "Overflow"})
    assert by_operation["Hydrate"] == math.ceil(60 / 25)
    # The last hydration is of 10 pull requests: 160 fetches, 2 points.
    assert server.requests()["points"] <= 4 + 4 + 2 + others


def test_few_changes_in_many_repositories_take_few_requests(github: GitHubFactory) -> None:
    world = generator.generate(
        organization="acme", repositories=300, pull_requests=400, seed=3, now=NOW, frozen=True, means=Means(1, 1, 1, 1)
    )
    server = github(world)
    first = run(server)
    world.clock.advance(60)
    server.reset()
    second = run(server, state=first.state)
    assert second.records == []
    assert server.requests()["requests"] <= 12
    changed = 0
    for number, repository in enumerate(
        [it for it in world.organizations["acme"].repositories.values() if it.pull_requests][:15]
    ):
        for it in list(repository.pull_requests.values())[: 2 if number < 5 else 1]:
            world.clock.advance(1)
            it.title, it.updated_at = "changed", world.clock.now()
            changed += 1
    assert changed == 20
    world.clock.advance(60)
    server.reset()
    third = run(server, state=second.state)
    assert len(third.rows("pull_requests")) == 20
    assert server.requests()["requests"] <= 16
