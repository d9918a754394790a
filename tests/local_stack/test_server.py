"""The local stack's own routes, and answers that are never torn by changes meanwhile."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests
from local_stack.simulator import small, truth
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send


def test_health_names_the_organizations(api: Any) -> None:
    answer = api.session.get(f"{api.url}/_local_stack/health")
    assert answer.json() == {"status": "ok", "organizations": ["Octo-Org"]}


@pytest.mark.parametrize("stream", truth.STREAMS)
def test_truth_is_served_as_json_lines(api: Any, stream: str) -> None:
    answer = api.session.get(f"{api.url}/_local_stack/truth/{stream}")
    lines = [json.loads(line) for line in answer.iter_lines()]
    assert lines == list(truth.rows(api.world, stream))
    assert lines


@pytest.mark.parametrize("since", ["2026-02-01T00:00:00Z", "1769904000"])
def test_truth_can_start_at_a_second(api: Any, since: str) -> None:
    answer = api.session.get(f"{api.url}/_local_stack/truth/pull_requests", params={"since": since})
    assert len(answer.text.splitlines()) == len(list(truth.rows(api.world, "pull_requests", since=1769904000))) == 3


@pytest.mark.parametrize("path", ["truth/nothing", "truth/commits?since=yesterday"])
def test_senseless_questions_for_truth_are_refused(api: Any, path: str) -> None:
    assert api.session.get(f"{api.url}/_local_stack/{path}").status_code == 400


def test_evolve_moves_the_served_world(api: Any) -> None:
    before = api.rest("/repos/octo-org/widgets/pulls", state="all")
    now = api.world.clock.now()
    answer = api.session.post(f"{api.url}/_local_stack/evolve", json={"days": 2, "seed": 1, "events": ["updated_at"]})
    assert answer.status_code == 200
    assert answer.json()["now"] == api.world.clock.now() == now + 2 * 86_400
    assert answer.json()["changes"]
    assert api.rest("/repos/octo-org/widgets/pulls", state="all") != before


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"days": 1}', b'{"days": 1, "seed": 1, "events": ["nonsense"]}', b'{"days": 0, "seed": 1}'],
)
def test_a_senseless_evolution_is_refused_and_changes_nothing(api: Any, body: bytes) -> None:
    revision = api.world.revision
    assert api.session.post(f"{api.url}/_local_stack/evolve", data=body).status_code == 400
    assert api.world.revision == revision


def test_the_admin_routes_need_no_token_and_count_for_nothing(serve: Callable[..., Any]) -> None:
    api = serve(small.world())
    with requests.Session() as anyone:
        anyone.trust_env = False
        for path in ("health", "requests", "truth/commits"):
            assert anyone.get(f"{api.url}/_local_stack/{path}").status_code == 200
        assert anyone.get(f"{api.url}/_local_stack/requests").json()["requests"] == 0


COUNTS = """{ organization(login: "Octo-Org") { repositories(first: 10) { nodes { pullRequests(first: 20) { nodes {
  totalCommentsCount
  comments { totalCount }
  reviewThreads(first: 30) { nodes { comments { totalCount } } }
} } } } } }"""


def test_no_answer_shows_half_a_change(serve: Callable[..., Any]) -> None:
    api = serve(small.world())
    evolved = threading.Event()

    def evolve() -> None:
        with requests.Session() as session:
            session.trust_env = False
            for seed in range(15):
                session.post(f"{api.url}/_local_stack/evolve", json={"days": 1, "seed": seed}).raise_for_status()
        evolved.set()

    writer = threading.Thread(target=evolve)
    writer.start()
    answers = 0
    while answers < 10 or not evolved.is_set():
        answers += 1
        for repository in api.ask(COUNTS)["organization"]["repositories"]["nodes"]:
            for it in repository["pullRequests"]["nodes"]:
                on_lines = sum(thread["comments"]["totalCount"] for thread in it["reviewThreads"]["nodes"])
                assert it["totalCommentsCount"] == it["comments"]["totalCount"] + on_lines
    writer.join()


class Teapot:
    """Middleware that answers by itself, as a fault would."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app = app
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers requests for its path, and passes the others on."""
        app = PlainTextResponse("short and stout", 418) if scope.get("path") == self.path else self.app
        await app(scope, receive, send)


def test_middleware_sees_the_api_but_not_the_admin_routes(serve: Callable[..., Any]) -> None:
    faults = [Middleware(Teapot, path="/user"), Middleware(Teapot, path="/_local_stack/health")]
    api = serve(small.world(), middleware=faults)
    assert api.get("/user").status_code == 418
    assert api.get("/meta").status_code == 200
    assert api.get("/_local_stack/health").status_code == 200
