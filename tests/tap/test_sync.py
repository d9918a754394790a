"""What the tap writes is what GitHub holds, the first time and every time after."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import evolve, generator, small, truth

from tests.tap.running import Tables, attempt, catalog, run, run_tap, tap

if TYPE_CHECKING:
    from local_stack.simulator.model import World
    from local_stack.testing import GitHubFactory

NOW = 1_790_000_000


@pytest.fixture
def world() -> World:
    return generator.generate(organization="Acme-Corp", repositories=12, pull_requests=70, seed=4, now=NOW, frozen=True)


def later(world: World, seconds: int = 60) -> None:
    world.clock.advance(seconds)


def test_every_record_of_the_small_organization_equals_the_truth(github: GitHubFactory) -> None:
    world = small.world()
    done = run(github(world))
    assert Tables().load(done.messages).differences(world) == []


def test_every_record_of_a_generated_organization_equals_the_truth(github: GitHubFactory, world: World) -> None:
    done = run(github(world))
    assert Tables().load(done.messages).differences(world) == []


def test_no_row_but_a_shared_commit_is_written_twice(github: GitHubFactory, world: World) -> None:
    done = run(github(world))
    for stream in set(truth.STREAMS) - {"commits"}:
        assert len(done.rows(stream)) == len(list(truth.rows(world, stream))), stream


def test_a_second_run_fetches_nothing_and_only_probes(github: GitHubFactory, world: World) -> None:
    server = github(world)
    first = run(server)
    later(world)
    server.reset()
    second = run(server, state=first.state)
    assert second.records == []
    assert server.requests()["requests"] <= math.ceil(12 / 30) + 2


def test_a_pull_request_updated_in_the_second_of_the_run_is_read_again_and_then_never_more(
    github: GitHubFactory, world: World
) -> None:
    server = github(world)
    first = run(server)
    newest = max(
        (it for organization in world.organizations.values() for repository in organization.repositories.values()
         for it in repository.pull_requests.values()),
        key=lambda it: it.updated_at,
    )  # fmt: skip
    newest.updated_at = world.clock.now()
    second = run(server, state=first.state)
    assert [row["pr_number"] for row in second.rows("pull_requests")] == [newest.number]
    later(world)
    third = run(server, state=second.state)
    assert [row["pr_number"] for row in third.rows("pull_requests")] == [newest.number]
    fourth = run(server, state=third.state)
    assert fourth.records == []


def test_runs_over_an_evolving_organization_equal_the_truth_each_time(github: GitHubFactory, world: World) -> None:
    server = github(world)
    tables = Tables()
    value: dict[str, Any] | None = None
    for seed in range(5):
        done = run(server, state=value)
        value = done.state
        assert tables.load(done.messages).differences(world) == []
        later(world)
        assert evolve.evolve(world, days=3, seed=seed, events=["updated_at", "force_pushes"])


def test_only_what_changed_is_written_again(github: GitHubFactory, world: World) -> None:
    server = github(world)
    first = run(server)
    later(world)
    changes = evolve.evolve(world, days=1, seed=1, events=["updated_at"], count=5)
    done = run(server, state=first.state)
    assert 0 < len(done.rows("pull_requests")) <= len(changes)


def test_each_schema_is_written_once_before_its_first_record(github: GitHubFactory, world: World) -> None:
    done = run(github(world))
    names = [message["stream"] for message in done.schemas]
    assert sorted(names) == sorted(truth.STREAMS)
    assert {message["type"] for message in done.messages[: len(names)]} == {"SCHEMA"}


def test_a_pull_request_comes_right_before_its_children(github: GitHubFactory, world: World) -> None:
    done = run(github(world))
    current = None
    for message in done.records:
        if message["stream"] == "pull_requests":
            current = (message["record"]["repository_id"], message["record"]["pr_number"])
        elif message["stream"] != "repositories":
            assert (message["record"]["repository_id"], message["record"]["pr_number"]) == current


def test_records_say_when_github_said_so(github: GitHubFactory, world: World) -> None:
    done = run(github(world))
    assert {message["time_extracted"] for message in done.records} == {"2026-09-21T14:13:20Z"}


def test_only_pull_requests_since_the_start_date_come(github: GitHubFactory, world: World) -> None:
    since = NOW - 200 * 86_400
    done = run(github(world), start_date="2026-03-05T14:13:20Z")
    assert Tables().load(done.messages).differences(world, since=since) == []


def test_without_a_start_date_the_lookback_counts(github: GitHubFactory, world: World) -> None:
    done = run(github(world), start_date="", lookback_days=100)
    assert Tables().load(done.messages).differences(world, since=NOW - 100 * 86_400) == []


def test_pull_requests_from_the_end_date_on_are_left_for_later(github: GitHubFactory, world: World) -> None:
    server = github(world)
    end = NOW - 100 * 86_400
    first = run(server, end_date="2026-06-13T14:13:20Z")
    updated = [row["updated_at"] for row in first.rows("pull_requests")]
    assert updated
    assert max(updated) < "2026-06-13T14:13:20Z"
    expected = [row for row in truth.rows(world, "pull_requests") if row["updated_at"] < "2026-06-13T14:13:20Z"]
    assert len(updated) == len(expected)
    assert truth.rows(world, "pull_requests", since=end)
    second = run(server, state=first.state)
    assert Tables().load([*first.messages, *second.messages]).differences(world) == []
    assert not {row["pull_request_id"] for row in first.rows("pull_requests")} & {
        row["pull_request_id"] for row in second.rows("pull_requests")
    }


def test_a_filter_lets_its_repositories_through_and_loses_nothing_of_the_others(
    github: GitHubFactory, world: World
) -> None:
    server = github(world)
    first = run(server)
    later(world)
    evolve.evolve(world, days=2, seed=7, events=["updated_at"])
    second = run(server, state=first.state, repositories=["ACME-corp/mono*", "x"])
    assert {row["repository"] for row in second.rows("pull_requests")} <= {"monolith", "x"}
    later(world)
    third = run(server, state=second.state)
    tables = Tables().load([*first.messages, *second.messages, *third.messages])
    assert tables.differences(world) == []
    again = {(row["repository"], row["pr_number"]) for row in second.rows("pull_requests")}
    assert not again & {(row["repository"], row["pr_number"]) for row in third.rows("pull_requests")}


def test_archived_repositories_and_forks_can_be_left_out(github: GitHubFactory, world: World) -> None:
    done = run(github(world), archived=False, forks=False)
    rows = list(truth.rows(world, "repositories"))
    expected = {row["repository"] for row in rows if not row["is_archived"] and not row["is_fork"]}
    assert expected < {row["repository"] for row in rows}
    assert {row["repository"] for row in done.rows("repositories")} == expected


def test_a_stream_selected_later_is_backfilled_alone(github: GitHubFactory, world: World) -> None:
    server = github(world)
    others = set(truth.STREAMS) - {"reviews"}
    first = run(server, catalog=catalog(tap(server), streams=others))
    assert first.rows("reviews") == []
    later(world)
    second = run(server, state=first.state)
    assert {message["stream"] for message in second.records} == {"reviews"}
    assert Tables().load([*first.messages, *second.messages]).differences(world) == []
    bookmarks = second.state["bookmarks"]
    assert bookmarks["reviews"] == {"organizations": {"acme-corp": {"like": "pull_requests"}}}


def test_a_stream_deselected_for_a_while_goes_on_where_it_was(github: GitHubFactory, world: World) -> None:
    server = github(world)
    messages = list((first := run(server)).messages)
    value = first.state
    for streams in ({"pull_requests", "reviews"}, set(truth.STREAMS)):
        later(world)
        evolve.evolve(world, days=2, seed=len(streams), events=["updated_at"])
        done = run(server, state=value, catalog=catalog(tap(server), streams=streams))
        assert {message["stream"] for message in done.records} <= streams
        value = done.state
        messages += done.messages
    tables = Tables()
    tables.load(messages)
    assert tables.differences(world, ["repositories", "pull_requests", "commits", "reviews"]) == []
    for child in ("pull_request_commits", "review_comments", "issue_comments"):
        wanted = {tuple(row[key] for key in tables.keys[child]) for row in truth.rows(world, child)}
        assert wanted == tables.rows[child].keys()


@pytest.mark.parametrize("stream", truth.STREAMS)
def test_a_stream_alone_brings_its_rows(github: GitHubFactory, world: World, stream: str) -> None:
    server = github(world)
    done = run(server, catalog=catalog(tap(server), streams=[stream]))
    assert {message["stream"] for message in done.messages if "stream" in message} == {stream}
    assert Tables().load(done.messages).differences(world, [stream]) == []


def test_a_deselected_column_is_left_out_and_a_key_cannot_be(github: GitHubFactory, world: World) -> None:
    server = github(world)
    chosen = catalog(tap(server), deselected=["issue_comments.body", "issue_comments.comment_id"])
    done = run(server, catalog=chosen)
    rows = done.rows("issue_comments")
    assert rows
    assert all("body" not in row and "comment_id" in row for row in rows)
    schema = next(message["schema"] for message in done.schemas if message["stream"] == "issue_comments")
    assert "body" not in schema["properties"]
    assert "comment_id" in schema["properties"]


def test_stream_maps_apply(github: GitHubFactory, world: World) -> None:
    maps = {
        "pull_requests": {"title": "title.upper()", "__alias__": "prs"},
        "reviews": {"__filter__": "state == 'APPROVED'"},
    }
    done = run(github(world), stream_maps=maps)
    assert {row["title"] for row in done.rows("prs")} == {
        row["title"].upper() for row in truth.rows(world, "pull_requests")
    }
    assert {row["state"] for row in done.rows("reviews")} == {"APPROVED"}


def test_several_organizations_have_their_own_bookmarks(github: GitHubFactory, world: World) -> None:
    generator.generate(organization="beta", repositories=3, pull_requests=20, seed=5, now=NOW, into=world)
    server = github(world)
    first = run(server)
    assert Tables().load(first.messages).differences(world) == []
    later(world)
    assert run(server, state=first.state).records == []
    assert set(first.state["bookmarks"]["pull_requests"]["organizations"]) == {"acme-corp", "beta"}
    alone = run(server, state=first.state, organizations="beta")
    assert alone.state["bookmarks"]["reviews"]["organizations"]["acme-corp"] == {"like": "pull_requests"}


def test_an_unknown_organization_fails_by_name_and_the_others_are_read(github: GitHubFactory, world: World) -> None:
    done, error = attempt(tap(github(world), organizations=["nobody-here", "acme-corp"]))
    assert "nobody-here" in str(error)
    assert Tables().load(done.messages).differences(world) == []


def test_an_earlier_start_date_does_not_move_the_bookmarks_back(
    github: GitHubFactory, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    server = github(world)
    first = run(server, start_date="2026-06-01")
    later(world)
    second = run(server, state=first.state, start_date="2020-01-01")
    assert second.records == []
    assert second.state["bookmarks"]["pull_requests"]["organizations"]["acme-corp"]["start"] == "2026-06-01T00:00:00Z"
    assert "start_date has changed" in caplog.text


def test_a_repository_that_appears_later_is_read_from_the_start(github: GitHubFactory, world: World) -> None:
    server = github(world)
    repositories = world.organizations["acme-corp"].repositories
    hidden = repositories.pop(sorted(repositories)[3])
    first = run(server)
    repositories[hidden.id] = hidden
    later(world)
    second = run(server, state=first.state)
    assert {row["repository"] for row in second.rows("pull_requests")} == {hidden.name}
    assert Tables().load([*first.messages, *second.messages]).differences(world) == []


def test_a_glob_that_matches_nothing_is_pointed_out(
    github: GitHubFactory, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    run(github(world), repositories=["mono*", "no-such-*"])
    assert "'no-such-*'" in caplog.text
    assert "'mono*'" not in caplog.text


def test_ghes_addresses_work(github: GitHubFactory, world: World) -> None:
    server = github(world)
    done = run(server, api_url=f"{server.url}/api/v3")
    assert Tables().load(done.messages).differences(world) == []


def test_the_run_says_what_it_did(github: GitHubFactory, world: World, caplog: pytest.LogCaptureFixture) -> None:
    server = github(world)
    with caplog.at_level("INFO"):
        run_tap(tap(server))
    line = next(message for message in caplog.messages if message.startswith("Done:"))
    served = server.requests()
    assert f"requests={served['requests']} points={served['points']}" in line
    assert "repositories=12" in line
    assert "pull_requests=70" in line
    assert server.token not in caplog.text
