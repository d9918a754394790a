"""What GitHub does not show, or not as it is, holds a bookmark back and is never passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import generator, truth
from tap_github_stats import timestamps

from tests.tap.faults import Asked, Hooked
from tests.tap.running import Tables, attempt, run, tap

if TYPE_CHECKING:
    from local_stack.simulator.model import World
    from local_stack.testing import GitHubFactory

NOW = 1_790_000_000
COUNT = 40


@pytest.fixture
def world() -> World:
    return generator.generate(organization="acme", repositories=9, pull_requests=COUNT, seed=6, now=NOW, frozen=True)


@pytest.fixture
def large_world() -> World:
    """Has pull requests that overflow in every way."""
    return generator.generate(organization="acme", repositories=3, pull_requests=60, seed=9, now=NOW, frozen=True)


def refuse(answer: dict[str, Any], path: list[Any], kind: str) -> None:
    """Puts null in place of what is at the path, with an error."""
    holder: Any = answer["data"]
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = None
    message = "Resource protected by organization SAML enforcement."
    answer.setdefault("errors", []).append({"type": kind, "path": path, "message": message})


@pytest.mark.parametrize("kind", ["FORBIDDEN", "NOT_FOUND"])
def test_pull_requests_that_may_not_be_seen_are_listed_and_read_as_soon_as_they_may(
    github: GitHubFactory, world: World, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    def change(asked: Asked, answer: dict[str, Any]) -> None:
        if asked.operation == "Hydrate":
            for position in range(len(answer["data"]["nodes"])):
                refuse(answer, ["nodes", position], kind)

    hooked = Hooked(change=change)
    server = github(world, middleware=[hooked.middleware])
    first = run(server)
    assert first.rows("pull_requests") == []
    assert "Skipped acme/" in caplog.text
    assert "SAML enforcement" in caplog.text
    hooked.change = None
    world.clock.advance(60)
    second = run(server, state=first.state)
    assert len(second.rows("pull_requests")) == COUNT
    assert Tables().load([*first.messages, *second.messages]).differences(world) == []


def test_a_page_that_may_not_be_seen_leaves_its_pull_request_for_the_next_run(
    github: GitHubFactory, large_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def change(asked: Asked, answer: dict[str, Any]) -> None:
        if asked.operation == "Overflow":
            for alias in [name for name in answer["data"] if name.startswith("n")]:
                refuse(answer, [alias], "FORBIDDEN")

    hooked = Hooked(change=change)
    server = github(large_world, middleware=[hooked.middleware])
    first = run(server)
    assert 0 < len(first.rows("pull_requests")) < 60
    assert "SAML enforcement" in caplog.text
    hooked.change = None
    large_world.clock.advance(60)
    second = run(server, state=first.state)
    assert len(first.rows("pull_requests")) + len(second.rows("pull_requests")) == 60
    assert Tables().load([*first.messages, *second.messages]).differences(large_world) == []


@pytest.mark.parametrize("times", [1, 100])
def test_an_older_state_than_the_index_showed_is_asked_for_again_and_never_taken(
    github: GitHubFactory, world: World, no_waiting: list[float], times: int
) -> None:
    repository = next(it for it in world.organizations["acme"].repositories.values() if len(it.pull_requests) > 3)
    it = next(iter(repository.pull_requests.values()))
    before = timestamps.render(it.updated_at)
    it.title, it.updated_at = "new title", world.clock.now()
    world.clock.advance(60)
    shown = 0

    def change(asked: Asked, answer: dict[str, Any]) -> None:
        nonlocal shown
        for node in answer["data"]["nodes"] if asked.operation == "Hydrate" else ():
            if node["title"] == "new title" and shown < times:
                shown += 1
                node["title"], node["updatedAt"] = "old title", before

    hooked = Hooked(change=change)
    server = github(world, middleware=[hooked.middleware])
    first, error = attempt(tap(server))
    assert shown == min(times, 2)
    assert no_waiting == [2]
    assert len(first.rows("pull_requests")) == COUNT - (times > 1)
    assert (error is not None) == (times > 1)
    hooked.change = None
    world.clock.advance(60)
    second = run(server, state=first.state)
    assert Tables().load([*first.messages, *second.messages]).differences(world) == []


def test_five_pull_requests_that_fail_by_themselves_hold_only_their_repositories(
    github: GitHubFactory, world: World
) -> None:
    failing = sorted(truth.rows(world, "pull_requests"), key=lambda row: (row["repository_id"], row["updated_at"]))[:6]
    ids = {row["node_id"] for row in failing}

    def change(asked: Asked, answer: dict[str, Any]) -> None:
        for position, node_id in enumerate(asked.variables["ids"] if asked.operation == "Hydrate" else ()):
            if node_id in ids:
                refuse(answer, ["nodes", position], "INTERNAL")

    hooked = Hooked(change=change)
    server = github(world, middleware=[hooked.middleware])
    first, error = attempt(tap(server))
    assert "pull request" in str(error)
    assert len(first.rows("pull_requests")) == COUNT - len(ids)
    hooked.change = None
    world.clock.advance(60)
    second = run(server, state=first.state)
    assert {row["node_id"] for row in second.rows("pull_requests")} == ids
