"""The pages behind the first one, of every connection on a pull request.

The pages of many pull requests share one request, of bounded size.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tap_github_stats.client import Answer, Client, Json, is_access, summary
from tap_github_stats.errors import QueryError, TooMuchError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_github_stats.hydrate import Fetched

OBSERVED: Final = "_observed"
"""Key under which a node from a later page holds the server's second of the answer it came in."""

PAGE: Final = 100
"""Nodes of a page at most, by GitHub's rule."""

REVIEWS_PAGE: Final = 25
NESTED_REVIEW_COMMENTS_PAGE: Final = 10
THREADS_PAGE: Final = 25
THREAD_COMMENTS_PAGE: Final = 10
"""Narrower where every node brings a page of its own."""

MOST_NODES: Final = 1000
MOST_PAGES: Final = 20
"""Of one request: about what a hydration of 25 pull requests returns, for 1 to 3 points."""

_NESTED: Final = {
    "reviews": (REVIEWS_PAGE, NESTED_REVIEW_COMMENTS_PAGE),
    "threads": (THREADS_PAGE, THREAD_COMMENTS_PAGE),
}


@dataclass(slots=True)
class Page:
    """A page still to be read.

    Attributes:
        kind: Document under `graphql/overflow/` that asks for it.
        node_id: Whose connection it is.
        connection: The connection read so far; the page's nodes are added to it.
        first: Nodes to ask for.
    """

    kind: str
    node_id: str
    connection: Json
    first: int

    @property
    def weight(self) -> int:
        """Nodes that the answer may hold."""
        return self.first * (1 + _NESTED[self.kind][1] if self.kind in _NESTED else 1)


def open_pages(node: Json, streams: frozenset[str]) -> Iterator[Page]:
    """The pages that a hydrated pull request still lacks for these streams."""
    for kind, name in (
        ("commits", "commits"),
        ("reviews", "reviews"),
        ("issue_comments", "comments"),
        ("labels", "labels"),
        ("review_requests", "reviewRequests"),
    ):
        if connection := node.get(name):
            yield from _rest(kind, node["id"], connection)
    if "review_comments" in streams:
        for review in node["reviews"]["nodes"]:
            yield from _rest("review_comments", review["id"], review["comments"])


def _rest(kind: str, node_id: str, connection: Json) -> Iterator[Page]:
    if connection.get("pageInfo", {}).get("hasNextPage"):
        most = _NESTED[kind][0] if kind in _NESTED else PAGE
        missing = connection["totalCount"] - len(connection["nodes"])
        yield Page(kind, node_id, connection, min(most, max(1, missing)))


def review_comments_seen(node: Json) -> int:
    """Review comments of a pull request that were found in its reviews."""
    return sum(len(review["comments"]["nodes"]) for review in node["reviews"]["nodes"])


class Overflow:
    """Completes hydrated pull requests.

    Args:
        client: Asks GitHub.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def complete(self, hydrated: Iterable[tuple[Fetched, Iterable[Page]]], streams: frozenset[str]) -> None:
        """Reads all open pages into the nodes; a pull request whose pages cannot be read gets a `failure` instead."""
        owners: list[Fetched] = []
        pages: deque[tuple[Fetched, Page]] = deque()
        for owner, opened in hydrated:
            owners.append(owner)
            pages.extend((owner, page) for page in opened)
        self._read(pages, streams)
        if "review_comments" in streams:
            self._read(deque(_threads(owners)), streams)

    def _read(self, pages: deque[tuple[Fetched, Page]], streams: frozenset[str]) -> None:
        most_pages = MOST_PAGES
        while pages:
            chunk = _take(pages, most_pages)
            if not chunk:
                continue
            try:
                answer = self._request(chunk, streams)
            except TooMuchError:
                if len(chunk) > 1:
                    most_pages = max(1, len(chunk) // 2)
                else:
                    chunk[0][1].first = max(1, chunk[0][1].first // 4)
                pages.extendleft(reversed(chunk))
            except (QueryError, TransientError) as error:
                if len(chunk) > 1:
                    most_pages = max(1, len(chunk) // 2)
                    pages.extendleft(reversed(chunk))
                else:
                    owner = chunk[0][0]
                    owner.node, owner.failure = None, error
            else:
                for position, (owner, page) in enumerate(chunk):
                    pages.extend((owner, further) for further in _add(page, owner, answer, f"n{position}"))

    def _request(self, chunk: Sequence[tuple[Fetched, Page]], streams: frozenset[str]) -> Answer:
        kinds = [page.kind for _, page in chunk]
        variables: dict[str, Any] = {}
        for position, (_, page) in enumerate(chunk):
            variables[f"id{position}"] = page.node_id
            variables[f"first{position}"] = page.first
            variables[f"after{position}"] = page.connection.get("pageInfo", {}).get("endCursor")
        if "reviews" in kinds:
            variables["reviews"] = "reviews" in streams
            variables["reviewComments"] = "review_comments" in streams
            variables["reviewCommentsPage"] = NESTED_REVIEW_COMMENTS_PAGE
        if "threads" in kinds:
            variables["threadCommentsPage"] = THREAD_COMMENTS_PAGE
        large = len(chunk) > 1 or chunk[0][1].first > 1
        answer = self._client.query_pages(kinds, variables, large=large)
        gone = {error["path"][0] for error in answer.errors if is_access(error) and len(error.get("path") or []) == 1}
        missing = {alias for alias in (f"n{position}" for position in range(len(chunk))) if not answer.data.get(alias)}
        if len(gone) < len(answer.errors) or missing - gone:
            raise QueryError(
                f"overflow: {summary(answer.errors) or 'a node is missing without an error'} "
                f"(request {answer.request_id})"
            )
        return answer


def _take(pages: deque[tuple[Fetched, Page]], most_pages: int) -> list[tuple[Fetched, Page]]:
    chunk: list[tuple[Fetched, Page]] = []
    weight = 0
    while pages and len(chunk) < most_pages:
        owner, page = pages[0]
        if owner.node is not None:
            if chunk and weight + page.weight > MOST_NODES:
                break
            weight += page.weight
            chunk.append((owner, page))
        pages.popleft()
    return sorted(chunk, key=lambda item: item[1].kind)


def _threads(owners: Iterable[Fetched]) -> Iterator[tuple[Fetched, Page]]:
    """Review comments without a review are in no review: where the counts leave room for any, threads show them."""
    for owner in owners:
        node = owner.node
        if node is None:
            continue
        expected = node.get("totalCommentsCount")
        if expected is not None and expected > node["comments"]["totalCount"] + review_comments_seen(node):
            node["reviewThreads"] = {"totalCount": THREADS_PAGE, "nodes": []}
            yield owner, Page("threads", node["id"], node["reviewThreads"], THREADS_PAGE)


def _add(page: Page, owner: Fetched, answer: Answer, alias: str) -> Iterator[Page]:
    node = answer.data.get(alias)
    if not node:
        # A review or thread that is gone has no more comments; a pull request that is gone has nothing at all.
        if owner.node is not None and page.node_id == owner.node["id"]:
            owner.node = None
        page.connection["pageInfo"] = {"hasNextPage": False}
        return
    read = node["page"]
    for one in read["nodes"]:
        one[OBSERVED] = max(answer.observed, owner.observed)
        if page.kind in _NESTED and one.get("comments"):
            kind = "review_comments" if page.kind == "reviews" else "thread_comments"
            yield from _rest(kind, one["id"], one["comments"])
    page.connection["nodes"] += read["nodes"]
    page.connection["pageInfo"] = read["pageInfo"]
    page.connection["totalCount"] = read["totalCount"]
    yield from _rest(page.kind, page.node_id, page.connection)
