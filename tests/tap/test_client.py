"""Faults of the network and of GitHub, limits, and secrets."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
import requests
from local_stack.simulator import small
from starlette.responses import Response
from tap_github_stats.client import Answer, Client, graphql_url
from tap_github_stats.errors import (
    AuthenticationError,
    IncompleteRunError,
    OutageError,
    QueryError,
    RateLimitError,
    TransientError,
)
from tap_github_stats.governor import Governor, Quota
from tap_github_stats.hydrate import CLIMB_AFTER, SIZES
from tap_github_stats.hydrate import _gone as gone_positions
from tap_github_stats.ladder import Ladder

from tests.tap.faults import Asked, Hooked, graphql_error
from tests.tap.running import Run, Tables, attempt, run, tap

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_stack.simulator.model import World
    from local_stack.testing import GitHubFactory

SECRET = "ghp_a1B2c3D4e5F6g7H8i9J0"

SECONDARY = '{"message": "You have exceeded a secondary rate limit."}'


def html(status: int) -> Response:
    return Response("<html>Unicorn!</html>", status, media_type="text/html")


def only_first(response: Callable[[], Response]) -> Callable[[Asked], Response | None]:
    """The first request of each operation gets another answer."""
    return lambda asked: response() if asked.number == 0 else None


def run_with(github: GitHubFactory, hook: Callable[[Asked], Response | None], **options: Any) -> tuple[Run, World]:
    world = small.world()
    return run(github(world, middleware=[Hooked(hook).middleware]), **options), world


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    "response",
    [
        lambda: html(500),
        lambda: html(502),
        lambda: html(503),
        lambda: html(504),
        lambda: Response('{"data": {"rateLimit"', 200),
        lambda: Response("[]", 200),
        lambda: Response("{}", 200),
        lambda: graphql_error(
            "RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.", data={"nodes": None}
        ),
        lambda: graphql_error(
            "", "Something went wrong while executing your query. This may be the result of a timeout"
        ),
    ],
    ids=["500", "502", "503", "504", "truncated", "no object", "empty", "resources", "timeout"],
)
def test_faults_that_pass_are_survived_without_loss(github: GitHubFactory, response: Callable[[], Response]) -> None:
    done, world = run_with(github, only_first(response))
    assert Tables().load(done.messages).differences(world) == []


def test_a_reset_connection_is_retried(
    github: GitHubFactory, no_waiting: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    send = requests.Session.request
    failed = False

    def break_once(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal failed
        if not failed:
            failed = True
            raise requests.ConnectionError("Connection aborted.")
        return send(self, *arguments, **options)

    monkeypatch.setattr(requests.Session, "request", break_once)
    world = small.world()
    assert Tables().load(run(github(world)).messages).differences(world) == []
    assert no_waiting == [1.0]


@pytest.mark.usefixtures("no_waiting")
def test_no_answer_in_time_makes_hydration_smaller(github: GitHubFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    send = requests.Session.request
    sizes = []

    def time_out(self: Any, method: str, url: str, json: Any = None, **options: Any) -> Any:
        if json and "ids" in json["variables"]:
            sizes.append(len(json["variables"]["ids"]))
            if sizes[-1] > 2:
                raise requests.ReadTimeout("Read timed out.")
        return send(self, method, url, json=json, **options)

    monkeypatch.setattr(requests.Session, "request", time_out)
    world = small.world()
    assert Tables().load(run(github(world)).messages).differences(world) == []
    assert sizes == [5, 3, 1, 1, 1, 1, 1]


@pytest.mark.usefixtures("no_waiting")
def test_a_server_that_is_down_ends_the_run() -> None:
    it = Client(api_url="http://127.0.0.1:9", token=SECRET, user_agent="test", governor=Governor(10))
    with pytest.raises(OutageError, match="failed 6 times") as error:
        it.look_at_the_clock()
    it.close()
    assert SECRET not in str(error.value)


@pytest.mark.usefixtures("no_waiting")
def test_a_github_that_fails_at_everything_ends_the_run(github: GitHubFactory) -> None:
    server = github(
        small.world(), middleware=[Hooked(lambda asked: html(502) if asked.operation == "Hydrate" else None).middleware]
    )
    done, error = attempt(tap(server))
    assert isinstance(error, OutageError | IncompleteRunError)
    assert done.rows("pull_requests") == []


@pytest.mark.usefixtures("no_waiting")
def test_an_error_that_nobody_knows_is_never_passed(github: GitHubFactory) -> None:
    server = github(
        small.world(),
        middleware=[
            Hooked(
                lambda asked: (
                    graphql_error("SURPRISE", "what is this?", data={"organization": None})
                    if asked.operation == "Probe"
                    else None
                )
            ).middleware
        ],
    )
    run, error = attempt(tap(server))
    assert isinstance(error, IncompleteRunError)
    assert "SURPRISE" in str(error)
    assert run.records == []
    assert "SURPRISE: what is this?" in str(error)
    assert "request " in str(error)


def test_a_refused_token_is_an_error_that_says_what_to_do_and_not_the_token(
    github: GitHubFactory, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        done, error = attempt(tap(github(small.world()), auth_token=SECRET))
    assert isinstance(error, AuthenticationError)
    assert "Check auth_token" in str(error)
    captured = capsys.readouterr()
    for text in (str(error), caplog.text, captured.out, captured.err, str(done.messages)):
        assert SECRET not in text


def test_a_netrc_does_not_replace_the_token(
    github: GitHubFactory, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    hooked = Hooked(lambda _: None)
    server = github(small.world(), middleware=[hooked.middleware])
    run(server)
    assert {asked.headers["authorization"] for asked in hooked.seen} == {f"Bearer {server.token}"}
    assert {asked.headers["user-agent"] for asked in hooked.seen} == {"tap-github-stats"}


def test_a_primary_limit_is_waited_out(
    github: GitHubFactory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = small.world()
    waits = []

    def pause(self: Governor, seconds: float) -> None:
        self.waited += seconds
        waits.append(seconds)
        world.clock.advance(int(seconds))

    monkeypatch.setattr(Governor, "pause", pause)
    monkeypatch.setattr(Governor, "now", lambda _: sum(waits))
    done = run(github(world, limit=2))
    assert waits
    assert all(3_500 < seconds < 3_700 for seconds in waits)
    assert Tables().load(done.messages).differences(world) == []
    assert "s before the next graphql request" in caplog.text


@pytest.mark.parametrize(
    ("response", "waited"),
    [
        (lambda: graphql_error("RATE_LIMITED", "API rate limit exceeded", headers={
            "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1772323320"}), 121),
        (lambda: graphql_error("RATE_LIMITED", "API rate limit exceeded"), 3601),
        (lambda: Response('{"message": "API rate limit exceeded"}', 403, headers={
            "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1772323320"}), 121),
        (lambda: Response(SECONDARY, 403, headers={"retry-after": "17"}), 17),
        (lambda: Response(SECONDARY, 403), 60),
        (lambda: Response("", 429, headers={"retry-after": "Sun, 01 Mar 2026 00:00:42 GMT"}), 42),
        (lambda: Response("", 429), 60),
        (lambda: graphql_error("", "You have exceeded a secondary rate limit."), 60),
    ],
    ids=["200 primary", "200 primary without headers", "403 primary", "403 secondary", "403 without a time",
         "429 with a date", "429 bare", "200 secondary"],
)  # fmt: skip
def test_every_spelling_of_a_limit_is_waited_out(
    github: GitHubFactory, no_waiting: list[float], response: Callable[[], Response], waited: int
) -> None:
    hook = only_first(response)
    done, world = run_with(github, lambda asked: hook(asked) if asked.operation == "Hydrate" else None, max_workers=1)
    assert Tables().load(done.messages).differences(world) == []
    assert [round(seconds) for seconds in no_waiting] == [waited]


def test_a_longer_wait_than_allowed_ends_the_run_with_its_state(github: GitHubFactory, no_waiting: list[float]) -> None:
    done, error = attempt(tap(github(small.world(), limit=1), max_wait=60))
    assert isinstance(error, RateLimitError)
    assert "max_wait" in str(error)
    assert no_waiting == []
    assert done.messages[-1]["type"] == "STATE"


@pytest.mark.usefixtures("no_waiting")
def test_a_server_without_limits_is_never_waited_for(github: GitHubFactory, no_waiting: list[float]) -> None:
    def hook(asked: Asked) -> Response | None:
        if asked.operation == "/rate_limit":
            return Response(
                '{"message": "Rate limiting is not enabled."}', 404, headers={"Date": "Sun, 01 Mar 2026 00:00:00 GMT"}
            )
        return None

    done, world = run_with(github, hook)
    assert Tables().load(done.messages).differences(world) == []
    assert no_waiting == []


def test_a_limit_of_zero_is_no_limit() -> None:
    governor = Governor(10)
    governor.observe("graphql", Quota(0, 0, 2_000_000_000), 1_900_000_000)
    governor.wait("graphql")


def test_secondary_waits_grow_until_something_is_served(no_waiting: list[float]) -> None:
    governor = Governor(10_000)
    for _ in range(3):
        governor.secondary(None)
        governor.wait("graphql")
    governor.accepted()
    governor.secondary(None)
    governor.wait("core")
    assert [round(seconds) for seconds in no_waiting] == [60, 120, 240, 60]


def test_a_fault_that_stays_is_named(github: GitHubFactory, no_waiting: list[float]) -> None:
    hook = Hooked(lambda asked: html(503) if asked.operation == "/rate_limit" else None)
    _, error = attempt(tap(github(small.world(), middleware=[hook.middleware])))
    assert isinstance(error, TransientError)
    assert "rate_limit failed 6 times, last with: HTTP 503" in str(error)
    assert no_waiting == [1, 2, 4, 8, 16]


@pytest.mark.parametrize(
    ("api_url", "expected"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://github.example.com/api/v3", "https://github.example.com/api/graphql"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/graphql"),
    ],
)
def test_graphql_is_found_beside_rest(api_url: str, expected: str) -> None:
    assert graphql_url(api_url) == expected


def test_the_ladder_goes_down_at_once_and_up_slowly() -> None:
    ladder = Ladder(SIZES, CLIMB_AFTER)
    sizes = [ladder.size]
    for _ in range(5):
        ladder.failed(ladder.size)
        sizes.append(ladder.size)
    assert sizes == [25, 12, 6, 3, 1, 1]
    for _ in range(CLIMB_AFTER):
        assert ladder.size == 1
        ladder.served(1)
    assert ladder.size == 3
    ladder.failed(25)  # an answer that was late: that size is known not to work
    assert ladder.size == 3


def test_what_may_be_hidden_is_null_and_anything_else_that_fails_inside_is_an_error() -> None:
    def answer(*errors: dict[str, Any]) -> Answer:
        return Answer({"nodes": []}, list(errors), 0, 0, "1234")

    gone = {"type": "NOT_FOUND", "path": ["nodes", 3], "message": "gone"}
    team = {"type": "FORBIDDEN", "path": ["nodes", 1, "reviewRequests", "nodes", 0, "requestedReviewer"]}
    fork = {"type": "NOT_FOUND", "path": ["nodes", 2, "headRepository", "nameWithOwner"]}
    reviews = {"type": "FORBIDDEN", "path": ["nodes", 1, "reviews"], "message": "no"}
    assert gone_positions(answer(gone, team, fork)).keys() == {3}
    for unknown in (reviews, {"message": "no path"}, {"type": "OTHER", "path": ["nodes", 3], "message": "why"}):
        with pytest.raises(QueryError, match="request 1234"):
            gone_positions(answer(gone, unknown))
