"""The probe: which repositories an organization has, and how far back their newest pull requests reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from tap_github_stats import timestamps
from tap_github_stats.client import Answer, Client, Json, is_access, refuse, summary
from tap_github_stats.errors import SURPRISES, AccessError, QueryError, TooMuchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

HEADS: Final = 5
"""Newest pull requests seen of each repository."""


class Head(NamedTuple):
    """A pull request as an index shows it."""

    updated: int
    number: int
    node_id: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository and its most recently updated pull requests, newest first.

    `cursor` is where the index goes on behind `heads`; None if there are no more pull requests.
    """

    id: int
    node_id: str
    name: str
    organization: str
    heads: Sequence[Head]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Probed:
    """One repository as the probe saw it. `known` and `observed` are those of the `Answer`."""

    repository: Repository
    node: Json
    known: int
    observed: int


def probe(client: Client, organization: str, page_size: int, skipped: Callable[[str, str], None]) -> Iterator[Probed]:
    """All repositories of an organization, the oldest first.

    Args:
        client: Asks GitHub.
        organization: Login of the organization.
        page_size: Repositories a request.
        skipped: Called with name and reason for a repository that GitHub lists, but does not let us see.

    Raises:
        AccessError: There is no such organization, or the token may not see it.
        GitHubError: GitHub did not answer completely.
    """
    after: str | None = None
    while True:
        variables = {"organization": organization, "repositories": page_size, "heads": HEADS, "after": after}
        try:
            answer = client.query("probe", variables, large=page_size > 1)
        except TooMuchError:
            page_size = max(1, page_size // 2)
            continue
        found = answer.data.get("organization")
        if found is None and all(error.get("type") == "NOT_FOUND" for error in answer.errors):
            raise AccessError(
                f"there is no organization {organization!r} that this token can see (request {answer.request_id})"
            )
        hidden = _hidden(answer)
        if found is None:
            raise QueryError(f"probe: no organization and no reason (request {answer.request_id})")
        connection = found["repositories"]
        for position, node in enumerate(connection["nodes"]):
            if position in hidden:
                name = node["name"] if node else "a repository without a name"
                skipped(f"{found['login']}/{name}", hidden[position])
                continue
            try:
                repository = _repository(node, found["login"])
            except SURPRISES as error:
                name = (node or {}).get("name") or f"repository {position + 1} behind {after or 'the start'}"
                raise QueryError(
                    f"probe: {found['login']}/{name} came in an unexpected form (request {answer.request_id})"
                ) from error
            yield Probed(repository, node, answer.known, answer.observed)
        if not connection["pageInfo"]["hasNextPage"]:
            return
        after = connection["pageInfo"]["endCursor"]


def heads_of(connection: Json) -> list[Head]:
    """The pull requests on a page of an index."""
    return [Head(timestamps.parse(node["updatedAt"]), node["number"], node["id"]) for node in connection["nodes"]]


def _hidden(answer: Answer) -> dict[int, str]:
    """Positions of the repositories on this page that GitHub does not let us see, with the reason."""
    hidden = {}
    others = []
    for error in answer.errors:
        match error.get("path"):
            case ["organization", "repositories", "nodes", int(), ("defaultBranchRef" | "primaryLanguage"), *_] if (
                is_access(error)
            ):
                pass  # the column is null
            case ["organization", "repositories", "nodes", int(position), *_] if is_access(error):
                hidden[position] = summary([error])
            case _:
                others.append(error)
    refuse("probe", answer, others)
    return hidden


def _repository(node: Json, organization: str) -> Repository:
    connection = node["pullRequests"]
    page = connection["pageInfo"]
    return Repository(
        id=node["databaseId"],
        node_id=node["id"],
        name=node["name"],
        organization=organization,
        heads=heads_of(connection),
        cursor=page["endCursor"] if page["hasNextPage"] else None,
    )
