"""The index: which pull requests of one repository were updated since a point in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_github_stats.client import Client, refuse
from tap_github_stats.errors import SURPRISES, AccessError, QueryError, TooMuchError
from tap_github_stats.probe import Head, heads_of

if TYPE_CHECKING:
    from tap_github_stats.probe import Repository


def reaches(repository: Repository, since: int) -> bool:
    """Whether the heads that the probe saw are a complete index since then."""
    return repository.cursor is None or repository.heads[-1].updated < since


def index(client: Client, repository: Repository, since: int, page_size: int) -> list[Head]:
    """All pull requests whose `updatedAt` is at or after `since`, the oldest update first.

    It goes on behind the heads of the probe. A pull request that is updated meanwhile jumps to the front, past where we
    read; its new `updatedAt` then lies after the start of the scan, so the next run finds it.

    Raises:
        AccessError: The repository is gone, or the token may not see it any more.
        GitHubError: GitHub did not answer completely.
    """
    found = list(repository.heads)
    cursor = repository.cursor
    while cursor is not None and found[-1].updated >= since:
        variables = {"repository": repository.node_id, "first": page_size, "after": cursor}
        try:
            answer = client.query("index", variables, large=page_size > 1)
        except TooMuchError:
            page_size = max(1, page_size // 2)
            continue
        refuse("index", answer, answer.errors)
        node = answer.data.get("node")
        if node is None:
            raise AccessError(f"the repository is gone (request {answer.request_id})")
        try:
            connection = node["pullRequests"]
            found += heads_of(connection)
            page = connection["pageInfo"]
            cursor = page["endCursor"] if page["hasNextPage"] else None
        except SURPRISES as error:
            raise QueryError(f"index: an answer of an unexpected form (request {answer.request_id})") from error
    return sorted(complete(found, since))


def complete(heads: list[Head], since: int) -> list[Head]:
    """Those at or after `since`, each number once, as last updated."""
    latest: dict[int, Head] = {}
    for head in heads:
        if head.updated >= since and (head.number not in latest or latest[head.number] < head):
            latest[head.number] = head
    return list(latest.values())
