"""Whatever happens in the middle of a run, nothing is lost and what was finished is not read again."""

from __future__ import annotations

import itertools
import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import evolve, generator, truth
from starlette.responses import Response
from tap_github_stats import collector, streams
from tap_github_stats.client import Answer, Client

from tests.tap.faults import Asked, Hooked
from tests.tap.running import Tables, attempt, run, run_tap, tap

if TYPE_CHECKING:
    from local_stack.simulator.model import PullRequest, Repository, World
    from local_stack.testing import GitHubFactory

NOW = 1_790_000_000
COUNT = 40


@pytest.fixture
def world() -> World:
    return generator.generate(organization="acme", repositories=9, pull_requests=COUNT, seed=6, now=NOW, frozen=True)


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many groups, and a STATE after each."""
    monkeypatch.setattr(collector, "GROUP", 5)
    monkeypatch.setattr(collector, "STATE_SHARE", 0)


def pull_requests(world: World) -> list[tuple[Repository, PullRequest]]:
    return [
        (repository, it)
        for organization in world.organizations.values()
        for repository in organization.repositories.values()
        for it in repository.pull_requests.values()
    ]


def keys(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["repository_id"], row["pr_number"]) for row in rows]


@pytest.mark.usefixtures("small_groups")
def test_resuming_from_any_state_gives_the_truth_and_repeats_nothing(github: GitHubFactory, world: World) -> None:
    server = github(world)
    whole = run(server, page_size_hydrate=5)
    assert len(whole.states) > 6
    world.clock.advance(60)
    for number, value in enumerate(whole.states):
        before = whole.until_state(number)
        rest = run(server, state=value, page_size_hydrate=5)
        assert Tables().load([*before, *rest.messages]).differences(world) == [], number
        done = {
            (message["record"]["repository_id"], message["record"]["pr_number"])
            for message in before
            if message.get("stream") == "pull_requests" and message["type"] == "RECORD"
        }
        assert not done & set(keys(rest.rows("pull_requests"))), number


@pytest.mark.usefixtures("small_groups")
def test_resuming_an_incremental_run_from_any_state_gives_the_truth(github: GitHubFactory, world: World) -> None:
    server = github(world)
    first = run(server)
    world.clock.advance(60)
    evolve.evolve(world, days=20, seed=2, events=["updated_at", "force_pushes"])
    second = run(server, state=first.state, page_size_hydrate=5)
    assert len(second.states) > 5
    for number, value in enumerate(second.states):
        rest = run(server, state=value)
        messages = [*first.messages, *second.until_state(number), *rest.messages]
        assert Tables().load(messages).differences(world) == [], number


@pytest.mark.usefixtures("small_groups")
def test_states_only_move_forward_and_the_last_one_is_never_lost(github: GitHubFactory, world: World) -> None:
    whole = run(github(world), page_size_hydrate=5)
    assert whole.messages[-1]["type"] == "STATE"
    through = [
        step[0]
        for value in whole.states[:-1]
        for step in value["bookmarks"]
        .get("pull_requests", {})
        .get("organizations", {})
        .get("acme", {})
        .get("progress", [])[:1]
    ]
    assert through == sorted(through)
    last = whole.state["bookmarks"]["pull_requests"]["organizations"]["acme"]
    assert set(last) == {"start", "watermark", "known"}


def test_state_takes_a_small_share_of_the_output(github: GitHubFactory, world: World) -> None:
    whole = run(github(world), page_size_hydrate=2)
    records = sum(len(json.dumps(message)) for message in whole.records)
    states = sum(len(json.dumps(value)) for value in whole.states[:-1])
    assert states <= records / 20 + 5_000


def test_a_pull_request_updated_between_index_and_hydrate_is_not_lost(github: GitHubFactory, world: World) -> None:
    updated: list[tuple[int, int]] = []

    def hook(asked: Asked) -> None:
        if asked.operation == "Hydrate" and asked.number == 1:
            for repository, it in pull_requests(world)[::7]:
                world.clock.advance(1)
                it.title, it.updated_at = "changed meanwhile", world.clock.now()
                it.issue_comments = it.issue_comments[:-1]
                updated.append((repository.id, it.number))

    server = github(world, middleware=[Hooked(hook).middleware])
    first = run(server, page_size_hydrate=10)
    assert updated
    world.clock.advance(60)
    second = run(server, state=first.state)
    assert set(updated) <= set(keys(second.rows("pull_requests")))
    assert Tables().load([*first.messages, *second.messages]).differences(world) == []
    world.clock.advance(60)
    assert run(server, state=second.state).records == []


def test_an_organization_that_changes_at_every_request_arrives_in_the_end(github: GitHubFactory, world: World) -> None:
    changing = True
    seeds = itertools.count()

    def hook(_: Asked) -> None:
        if changing:
            evolve.evolve(world, days=0.01, seed=next(seeds), events=["updated_at"], count=3)

    server = github(world, middleware=[Hooked(hook).middleware])
    tables = Tables()
    value = None
    for _ in range(4):
        done = run(server, state=value, page_size_hydrate=10)
        tables.load(done.messages)
        value = done.state
    changing = False
    world.clock.advance(60)
    tables.load(run(server, state=value).messages)
    assert tables.differences(world) == []


def test_updates_in_the_very_second_of_the_scan_are_not_lost(github: GitHubFactory) -> None:
    world = generator.generate(organization="acme", repositories=2, pull_requests=11, seed=6, now=NOW, frozen=True)
    for offset in (-7, -5, -4, -1, 0, 1):
        server = github(world)
        tables = Tables()
        first = run(server)
        tables.load(first.messages)
        _, it = pull_requests(world)[offset % 10]
        it.title, it.updated_at = f"changed at {offset}", world.clock.now() + min(offset, 0)
        world.clock.advance(max(0, offset))
        second = run(server, state=first.state)
        it.title += " twice in one second"
        world.clock.advance(30)
        third = run(server, state=second.state)
        tables.load([*second.messages, *third.messages])
        # What happens in a second that lies further back than clocks differ is not GitHub's to do.
        if offset >= -collector.SKEW:
            assert tables.differences(world) == [], offset
        else:
            it.title = it.title.removesuffix(" twice in one second")


def broken(world: World, number: int) -> tuple[Any, tuple[int, int]]:
    """A hook that fails every hydration that asks for one pull request, and which it is."""
    repository, it = pull_requests(world)[number]
    node_id = next(
        row["node_id"]
        for row in truth.rows(world, "pull_requests")
        if (row["repository_id"], row["pr_number"]) == (repository.id, it.number)
    )

    def hook(asked: Asked) -> Response | None:
        if asked.operation == "Hydrate" and node_id in asked.variables["ids"]:
            return Response("<html>502</html>", 502)
        return None

    return hook, (repository.id, it.number)


@pytest.mark.usefixtures("no_waiting")
def test_a_pull_request_that_cannot_be_read_holds_its_repository_and_nothing_else(
    github: GitHubFactory, world: World
) -> None:
    hook, key = broken(world, 20)
    hooked = Hooked(hook)
    server = github(world, middleware=[hooked.middleware])
    first, error = attempt(tap(server))
    assert "acme/" in str(error)
    assert f"pull request {key[1]}" in str(error)
    assert len(first.rows("pull_requests")) == COUNT - 1
    world.clock.advance(60)
    again, error = attempt(tap(server, state=first.state))
    assert error is not None
    assert again.records == []
    hooked.hook = lambda _: None
    last = run(server, state=again.state)
    assert keys(last.rows("pull_requests")) == [key]
    assert Tables().load([*first.messages, *again.messages, *last.messages]).differences(world) == []
    assert "exceptions" not in last.state["bookmarks"]["pull_requests"]["organizations"]["acme"]


def test_what_was_read_before_a_failure_is_written(
    github: GitHubFactory, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector, "GROUP", 15)
    refused = Response('{"message": "Bad credentials"}', 401)
    hooked = Hooked(lambda asked: refused if asked.operation == "Hydrate" and asked.number == 4 else None)
    first, error = attempt(tap(github(world, middleware=[hooked.middleware]), page_size_hydrate=5, max_workers=1))
    assert "Bad credentials" in str(error)
    assert len(first.rows("pull_requests")) == 20
    world.clock.advance(60)
    second = run(github(world), state=first.state)
    assert len(second.rows("pull_requests")) == COUNT - 20
    assert Tables().load([*first.messages, *second.messages]).differences(world) == []


def test_a_pull_request_that_is_deleted_is_counted_and_holds_its_repository_for_one_run(
    github: GitHubFactory, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    gone: list[Any] = []

    def hook(asked: Asked) -> None:
        if asked.operation == "Hydrate" and not gone:
            repository, it = pull_requests(world)[5]
            gone.append(repository.pull_requests.pop(it.number))
            world.revision += 1

    server = github(world, middleware=[Hooked(hook).middleware])
    with caplog.at_level("INFO"):
        done = run(server)
    assert "gone=1" in caplog.text
    assert "skipped=1" in caplog.text
    assert Tables().load(done.messages).differences(world, set(truth.STREAMS) - {"commits"}) == []
    world.clock.advance(60)
    again = run(server, state=done.state)
    assert again.records == []
    assert "exceptions" not in again.state["bookmarks"]["pull_requests"]["organizations"]["acme"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
@pytest.mark.usefixtures("small_groups")
def test_a_signal_ends_the_run_behind_a_message_with_a_state_to_resume_from(
    github: GitHubFactory, world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    server = github(world)
    signum = getattr(signal, name)
    emit = streams.GitHubStatsStream.emit
    written = 0

    def emit_and_count(self: streams.GitHubStatsStream, *arguments: Any) -> None:
        nonlocal written
        written += 1
        if written == 100:
            signal.raise_signal(signum)
        emit(self, *arguments)

    monkeypatch.setattr(streams.GitHubStatsStream, "emit", emit_and_count)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        first, error = attempt(tap(server, page_size_hydrate=5))
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert isinstance(error, SystemExit)
    assert error.code == 128 + signum
    assert first.messages[-1]["type"] == "STATE"
    assert 0 < len(first.rows("pull_requests")) < COUNT
    world.clock.advance(60)
    second = run_tap(tap(server, state=first.state))
    assert Tables().load([*first.messages, *second.messages]).differences(world) == []


@pytest.mark.parametrize("break_in", ["rows", "overflow"])
def test_an_answer_of_an_unexpected_form_holds_only_its_repository(
    github: GitHubFactory, world: World, monkeypatch: pytest.MonkeyPatch, break_in: str
) -> None:
    repository, it = pull_requests(world)[20]
    key = (repository.id, it.number)
    query = Client.query

    def spoil(self: Client, operation: str, variables: dict[str, Any], **options: Any) -> Answer:
        answer = query(self, operation, variables, **options)
        for node in answer.data.get("nodes", []):
            if node["number"] == key[1] and int(node["fullDatabaseId"]) == it.id:
                if break_in == "rows":
                    del node["title"]
                else:
                    node["reviews"]["nodes"] = [None]
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(Client, "query", spoil)
        first, error = attempt(tap(github(world)))
    assert f"pull request {it.number}: an answer of an unexpected form" in str(error)
    assert len(first.rows("pull_requests")) == COUNT - 1
    world.clock.advance(60)
    second = run(github(world), state=first.state)
    assert keys(second.rows("pull_requests")) == [key]


def test_a_repository_that_goes_away_during_the_run_is_skipped_and_listed(
    github: GitHubFactory, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    gone: list[Repository] = []

    def hook(asked: Asked) -> None:
        if asked.operation == "Index" and not gone:
            repositories = world.organizations["acme"].repositories
            gone.append(max(repositories.values(), key=lambda it: len(it.pull_requests)))
            del repositories[gone[0].id]
            world.revision += 1

    server = github(world, middleware=[Hooked(hook).middleware])
    done = run(server)
    assert f"Skipped acme/{gone[0].name}" in caplog.text
    assert Tables().load(done.messages).differences(world, set(truth.STREAMS) - {"repositories"}) == []
    world.organizations["acme"].repositories[gone[0].id] = gone[0]
    world.clock.advance(60)
    again = run(server, state=done.state)
    assert {row["repository"] for row in again.rows("pull_requests")} == {gone[0].name}
    assert Tables().load([*done.messages, *again.messages]).differences(world) == []
