"""What GitHub may answer one day: it costs what it is about, is named, and never passes for an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import generator
from starlette.responses import Response
from tap_github_stats.collector import STATE_SECONDS
from tap_github_stats.errors import IncompleteRunError, QueryError

from tests.tap.faults import Asked, Hooked, graphql_error
from tests.tap.running import Tables, attempt, catalog, run, tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_stack.simulator.model import World
    from local_stack.testing import GitHubFactory

NOW = 1_790_000_000
COUNT = 60


@pytest.fixture
def world() -> World:
    return generator.generate(organization="acme", repositories=6, pull_requests=COUNT, seed=9, now=NOW, frozen=True)


def repositories_of(answer: dict[str, Any]) -> list[Any]:
    nodes: list[Any] = answer["data"]["organization"]["repositories"]["nodes"]
    return nodes


def test_one_organization_that_cannot_be_read_holds_up_no_other(github: GitHubFactory, world: World) -> None:
    generator.generate(organization="beta", repositories=2, pull_requests=10, seed=2, now=NOW, into=world)

    def hook(asked: Asked) -> Response | None:
        if asked.operation == "Probe" and asked.variables["organization"] == "acme":
            return graphql_error("SURPRISE", "what is this?", data={"organization": None})
        return None

    server = github(world, middleware=[Hooked(hook, date="").middleware])
    done, error = attempt(tap(server, organizations=["acme", "beta"]))
    assert isinstance(error, IncompleteRunError)
    assert "acme" in str(error)
    assert "beta" not in str(error)
    assert {row["organization"] for row in done.rows("pull_requests")} == {"beta"}
    assert len(done.rows("pull_requests")) == 10


def test_a_repository_that_vanished_is_named_once(
    github: GitHubFactory, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    server = github(world)
    first = run(server)
    gone = next(iter(world.organizations["acme"].repositories))
    del world.organizations["acme"].repositories[gone]
    world.clock.advance(60)
    second = run(server, state=first.state)
    assert f"Skipped acme/(repository id {gone})" in caplog.text
    assert "skipped=1" in caplog.text
    caplog.clear()
    world.clock.advance(60)
    run(server, state=second.state)
    assert "skipped=0" in caplog.text


@pytest.mark.parametrize("where", ["repository", "head"])
def test_a_null_in_the_probe_is_an_error_that_names_the_place(github: GitHubFactory, world: World, where: str) -> None:
    def change(asked: Asked, answer: dict[str, Any]) -> None:
        if asked.operation == "Probe":
            nodes = repositories_of(answer)
            if where == "repository":
                nodes[2] = None
            else:
                next(node for node in nodes if node["pullRequests"]["nodes"])["pullRequests"]["nodes"][0] = None

    server = github(world, middleware=[Hooked(change=change).middleware])
    _, error = attempt(tap(server))
    assert isinstance(error, IncompleteRunError)
    assert "unexpected form" in str(error)


def test_a_null_in_an_index_holds_that_repository_only(github: GitHubFactory, world: World) -> None:
    def change(asked: Asked, answer: dict[str, Any]) -> None:
        if asked.operation == "Index":
            answer["data"]["node"]["pullRequests"]["nodes"][0] = None

    hooked = Hooked(change=change)
    server = github(world, middleware=[hooked.middleware])
    first, error = attempt(tap(server))
    assert isinstance(error, IncompleteRunError)
    assert 0 < len(first.rows("pull_requests")) < COUNT
    hooked.change = None
    world.clock.advance(60)
    second = run(server, state=first.state)
    assert Tables().load([*first.messages, *second.messages]).differences(world) == []


def test_a_column_that_may_not_be_seen_hides_no_repository(github: GitHubFactory, world: World) -> None:
    def change(asked: Asked, answer: dict[str, Any]) -> None:
        if asked.operation == "Probe":
            for position, node in enumerate(repositories_of(answer)):
                node["defaultBranchRef"] = None
                path = ["organization", "repositories", "nodes", position, "defaultBranchRef"]
                answer.setdefault("errors", []).append({"type": "FORBIDDEN", "path": path, "message": "no contents"})

    done = run(github(world, middleware=[Hooked(change=change).middleware]))
    assert len(done.rows("repositories")) == 6
    assert len(done.rows("pull_requests")) == COUNT
    assert {row["default_branch"] for row in done.rows("repositories")} == {None}


def test_no_review_comment_is_missed_where_github_gives_no_total(github: GitHubFactory, world: World) -> None:
    def change(asked: Asked, answer: dict[str, Any]) -> None:
        if asked.operation == "Hydrate":
            for node in answer["data"]["nodes"]:
                node["totalCommentsCount"] = None

    done = run(github(world, middleware=[Hooked(change=change).middleware]))
    assert Tables().load(done.messages).differences(world) == []


def test_a_pull_request_is_never_written_without_its_children(github: GitHubFactory, world: World) -> None:
    server = github(world)
    first = run(server)
    repository = next(it for it in world.organizations["acme"].repositories.values() if it.pull_requests)
    it = next(each for each in repository.pull_requests.values() if each.commits)
    it.title, it.updated_at = "new", world.clock.now()
    world.clock.advance(60)
    children = [stream for stream in first.state["bookmarks"] if stream != "pull_requests"]
    without = run(server, state=first.state, catalog=catalog(tap(server), streams=children))
    assert without.rows("pull_requests") == []
    again = run(server, state=without.state)
    assert [row["title"] for row in again.rows("pull_requests")] == ["new"]
    assert len(again.rows("pull_request_commits")) == len(it.commits)


def test_without_the_time_of_github_nothing_is_read(github: GitHubFactory, world: World) -> None:
    def hook(asked: Asked) -> Response | None:
        return Response('{"resources": {}}', 200) if asked.operation == "/rate_limit" else None

    done, error = attempt(tap(github(world, middleware=[Hooked(hook, date="").middleware])))
    assert isinstance(error, QueryError)
    assert "Date" in str(error)
    assert done.records == []


def test_partial_results_for_want_of_single_sign_on_are_no_results(github: GitHubFactory, world: World) -> None:
    def hook(asked: Asked) -> Response | None:
        if asked.operation != "Probe":
            return None
        headers = {"X-GitHub-SSO": "partial-results; organizations=21955855"}
        return graphql_error("", "", data={"organization": None}, headers=headers)

    _, error = attempt(tap(github(world, middleware=[Hooked(hook).middleware])))
    assert isinstance(error, IncompleteRunError)
    assert "single sign-on" in str(error)


@pytest.mark.usefixtures("no_waiting")
def test_an_answer_that_ends_early_is_asked_for_in_smaller_parts(
    github: GitHubFactory, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    import requests  # noqa: PLC0415 - what is broken here

    whole = requests.Session.request

    def broken(self: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
        body = options.get("json") or {}
        if len(body.get("variables", {}).get("ids", ())) > 6:
            raise requests.exceptions.ChunkedEncodingError("Response ended prematurely")
        return whole(self, method, url, **options)

    monkeypatch.setattr(requests.Session, "request", broken)
    done = run(github(world))
    assert Tables().load(done.messages).differences(world) == []


def test_a_state_follows_in_time_even_where_a_stream_map_drops_everything(
    github: GitHubFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = generator.generate(organization="acme", repositories=3, pull_requests=450, seed=4, now=NOW, frozen=True)
    clock = iter(range(0, 10**9, STATE_SECONDS + 1))
    nothing: Callable[[], float] = lambda: float(next(clock))  # noqa: E731 - one line
    monkeypatch.setattr("tap_github_stats.collector.time.monotonic", nothing)
    streams = [stream.name for stream in tap(github(large)).streams.values()]
    done = run(github(large), stream_maps={stream: {"__filter__": "False"} for stream in streams})
    assert done.records == []
    assert len(done.states) > 1
