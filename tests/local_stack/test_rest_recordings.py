"""REST answers have the shapes of real recorded ones; skipped where the recordings are not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from local_stack.simulator import small

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "github-recordings" / "hub4j"


@pytest.fixture(scope="module")
def exchanges() -> list[dict[str, Any]]:
    """The recorded exchanges of api.github.com, each with its body."""
    index = FOLDER / "index.json"
    if not index.is_file():
        pytest.skip(f"{FOLDER} is missing: real recordings are not part of the project")
    entries = [it for it in orjson.loads(index.read_bytes())["entries"] if it["kind"] == "recorded"]
    for entry in entries:
        content = (FOLDER / entry["file"]).read_bytes()
        entry["body"] = orjson.loads(content) if entry["file"].endswith(".json") else None
    return entries


def kinds(body: Any) -> dict[str, str]:
    """The JSON types of the fields of an object, those of nested objects with their path."""
    found: dict[str, str] = {}
    for name, value in body.items():
        if isinstance(value, dict):
            found |= {f"{name}.{inner}": kind for inner, kind in kinds(value).items()}
        elif value is not None:
            found[name] = type(value).__name__
    return found


def test_links_are_written_as_recorded_ones(exchanges: list[dict[str, Any]], serve: Callable[..., Any]) -> None:
    """The same relations in the same order, and addresses by id with the page last."""
    middle = {
        tuple(re.findall(r'rel="(\w+)"', it["headers"]["link"]))
        for it in exchanges
        if "link" in it["headers"] and re.search(r"[?&]page=(8|9)$", it["url"])
    }
    api = serve(small.world())
    response = api.get("/orgs/octo-org/repos", per_page=1, page=2)
    assert middle == {tuple(response.links)}
    recorded = next(it["headers"]["link"] for it in exchanges if "/organizations/" in it["headers"].get("link", ""))
    form = re.compile(r"<[^<>]+/organizations/\d+/repos\?per_page=\d+&page=\d+>; rel=\"prev\", <")
    assert form.match(recorded)
    assert form.match(response.headers["link"])


def test_limit_headers_are_those_of_recorded_answers(exchanges: list[dict[str, Any]], api: Any) -> None:
    recorded = {name for it in exchanges for name in it["headers"] if name.startswith("x-ratelimit")}
    for response in (api.get("/user"), api.post("{ viewer { login } }")):
        assert {name for name in response.headers if name.startswith("x-ratelimit")} == recorded
    graphql = {it["headers"].get("x-ratelimit-resource") for it in exchanges if it["url"] == "/graphql"}
    assert graphql == {"graphql"}


@pytest.mark.parametrize(
    ("recorded", "ours"),
    [
        (r"^/repos/[^/]+/[^/]+$", "/repos/octo-org/widgets"),
        (r"/pulls/\d+$", "/repos/octo-org/widgets/pulls/1"),
        (r"/pulls/\d+/reviews(\?.*)?$", "/repos/octo-org/widgets/pulls/1/reviews"),
        (r"/pulls/\d+/comments(\?.*)?$", "/repos/octo-org/widgets/pulls/1/comments"),
        (r"/issues/\d+/comments(\?.*)?$", "/repos/octo-org/widgets/issues/1/comments"),
        (r"/pulls/\d+/commits(\?.*)?$", "/repos/octo-org/widgets/pulls/1/commits"),
        (r"^/orgs/[^/]+$", "/orgs/octo-org"),
    ],
)
def test_fields_have_the_types_of_recorded_ones(
    exchanges: list[dict[str, Any]], api: Any, recorded: str, ours: str
) -> None:
    def rows(body: Any) -> list[Any]:
        return body if isinstance(body, list) else [body]

    real: dict[str, set[str]] = {}
    for exchange in exchanges:
        if exchange["method"] == "GET" and exchange["status"] == 200 and re.search(recorded, exchange["url"]):
            for row in rows(exchange["body"]):
                for name, kind in kinds(row).items():
                    real.setdefault(name, set()).add(kind)
    assert real
    shared = {name: kind for row in rows(api.rest(ours)) for name, kind in kinds(row).items() if name in real}
    assert len(shared) > 8
    assert {name: kind for name, kind in shared.items() if kind not in real[name]} == {}


def test_a_redirect_is_that_of_a_recorded_answer(exchanges: list[dict[str, Any]], serve: Callable[..., Any]) -> None:
    moved = next(it for it in exchanges if it["status"] == 301)
    world = small.world()
    world.redirects["octo-org/old"] = 501
    response = serve(world).get("/repos/octo-org/old")
    assert moved["body"].keys() <= response.json().keys()
    assert moved["body"]["message"] == response.json()["message"]
    form = re.compile(r"https?://[^/]+/repositories/\d+$")
    assert form.match(moved["headers"]["location"])
    assert form.match(response.headers["location"])


def test_an_error_has_the_fields_of_recorded_ones(exchanges: list[dict[str, Any]], api: Any) -> None:
    missing = next(it for it in exchanges if it["status"] == 404 and "/repos/Alaurant" in it["url"])
    body = api.get("/repos/octo-org/none").json()
    assert body["message"] == missing["body"]["message"]
    assert missing["body"].keys() <= body.keys()
    (error,) = api.errors('{ repository(owner: "a", name: "b") { id } }')
    bodies = [it["body"] for it in exchanges if isinstance(it["body"], dict)]
    recorded = next(body["errors"][0] for body in bodies if "errors" in body)
    assert error.keys() == recorded.keys()
