"""Every REST body fits GitHub's official OpenAPI description."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from local_stack.simulator import small
from local_stack.simulator.generator import generate
from local_stack.simulator.schema import OPENAPI, SchemaMissingError, path_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_stack.simulator.model import Repository

# Where GitHub itself sends null though its description says otherwise; real responses show the first four.
NULL_NEVERTHELESS = {
    "position": "the comment is outdated",
    "line": "the comment is outdated",
    "repo": "the fork was deleted",
    "description": "the label has none",
    "original_line": "the comment is older than lines are",
    "commit_id": "the commit is gone",
    "original_commit_id": "the commit is gone",
}


@functools.cache
def description() -> dict[str, Any]:
    """The official description; the test is skipped where it was not fetched."""
    try:
        content = path_of(OPENAPI).read_bytes()
    except SchemaMissingError as error:
        pytest.skip(str(error))
    loaded: dict[str, Any] = orjson.loads(content)
    return loaded


@functools.cache
def validator(path: str) -> Draft7Validator:
    """A validator of the bodies that `GET path` answers with."""
    answer = description()["paths"][path]["get"]["responses"]["200"]
    components = description()["components"]["schemas"]
    definitions: dict[str, Any] = {}

    def plain(schema: Any) -> Any:
        """OpenAPI 3.0's dialect as JSON Schema, with all that it refers to among the definitions."""
        if isinstance(schema, list):
            return [plain(it) for it in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name not in definitions:
                definitions[name] = {}
                definitions[name] = plain(components[name])
            return {"$ref": f"#/definitions/{name}"}
        converted = {key: plain(value) for key, value in schema.items() if key not in {"example", "examples"}}
        return {"anyOf": [converted, {"type": "null"}]} if schema.get("nullable") is True else converted

    root = plain(answer["content"]["application/json"]["schema"])
    return Draft7Validator({**root, "definitions": definitions})


def problems(path: str, body: Any) -> list[str]:
    """Where the body of `GET path` does not fit, other than GitHub's own do not."""
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in validator(path).iter_errors(body)
        if not (error.instance is None and error.absolute_path[-1] in NULL_NEVERTHELESS)
    ]


OF_REPOSITORY = {
    "": "",
    "/pulls": "/pulls?state=all&per_page=100",
    "/pulls/comments": "/pulls/comments?per_page=100",
    "/issues/comments": "/issues/comments?per_page=100",
}
OF_PULL_REQUEST = {
    "/pulls/{pull_number}": "/pulls/{}",
    "/pulls/{pull_number}/commits": "/pulls/{}/commits?per_page=100",
    "/pulls/{pull_number}/reviews": "/pulls/{}/reviews?per_page=100",
    "/pulls/{pull_number}/comments": "/pulls/{}/comments?per_page=100",
    "/issues/{issue_number}/comments": "/issues/{}/comments?per_page=100",
}


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/orgs/{org}", "/orgs/Octo-Org"),
        ("/orgs/{org}/repos", "/orgs/Octo-Org/repos"),
        ("/rate_limit", "/rate_limit"),
        ("/user", "/user"),
        ("/meta", "/meta"),
        (
            "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/comments",
            "/repos/Octo-Org/widgets/pulls/1/reviews/3000000101/comments",
        ),
    ],
)
def test_single_bodies_fit(api: Any, path: str, url: str) -> None:
    body = api.rest(url)
    assert body
    assert problems(path, body) == []


def most_varied(repository: Repository) -> list[int]:
    """The numbers of the repository's first pull requests and of those with most on them."""

    def amount(number: int) -> int:
        it = repository.pull_requests[number]
        return len(it.reviews) + len(it.review_comments) + len(it.issue_comments) + len(it.labels)

    numbers = sorted(repository.pull_requests)
    return sorted({*numbers[:5], *sorted(numbers, key=amount)[-5:]})


@pytest.mark.parametrize("generated", [False, True], ids=["small", "generated"])
def test_bodies_of_whole_organizations_fit(serve: Callable[..., Any], generated: bool) -> None:  # noqa: FBT001 - parametrized
    world = (
        generate(organization="acme", repositories=5, pull_requests=60, seed=3, now=1_767_225_600)
        if generated
        else small.world()
    )
    api = serve(world)
    found: dict[str, list[str]] = {}
    for organization in world.organizations.values():
        for repository in organization.repositories.values():
            urls = dict(OF_REPOSITORY)
            for number in most_varied(repository):
                urls |= {f"{path}#{number}": url.format(number) for path, url in OF_PULL_REQUEST.items()}
            for path, url in urls.items():
                wrong = problems(
                    f"/repos/{{owner}}/{{repo}}{path.partition('#')[0]}",
                    api.rest(f"/repos/{repository.full_name}{url}"),
                )
                if wrong:
                    found[f"{repository.full_name}{url}"] = wrong
    assert found == {}


def test_rows_of_a_list_have_no_field_beyond_the_description(api: Any) -> None:
    # `required` says what must be there; this finds what must not, such as additions.
    known = description()["components"]["schemas"]["pull-request-simple"]["properties"].keys()
    rows = api.rest("/repos/Octo-Org/widgets/pulls", state="all")
    assert [row.keys() - known for row in rows] == [set()] * len(rows)
