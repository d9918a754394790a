"""The pages behind the first one, of every connection on a pull request.

The pages of many pull requests share one request, of bounded size.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tap_github_stats.client import Answer, Client, Json, is_access, is_hidden, summary
from tap_github_stats.errors import SURPRISES, AccessError, QueryError, TooMuchError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_github_stats.pull_request import Fetched

OBSERVED: Final = "_observed"
"""Key under which a node from a later page holds the server's second of the answer it came in."""

PAGE: Final = 100
"""Nodes of a page at most, by GitHub's rule."""

NESTED_PAGE: Final = 10
"""Comments of each review or thread on a page of those; longer ones overflow again."""

MOST_NODES: Final = 1500
MOST_FETCHES: Final = 140
MOST_PAGES: Final = 40
"""Of one request. So many nodes are about what a hydration of 25 pull requests returns; 100 fetches, by GitHub's count,
are one point, rounded."""

_NESTED: Final = {"reviews": (25, "review_comments"), "threads": (50, "thread_comments")}
"""Where every node brings a page of its own: the longest page, and what asks for the rest of a node's own."""

_OF_REVIEWS: Final = ("reviews", "review_comments")
"""Only behind these is it known which review comments the reviews hold."""


@dataclass(slots=True)
class Page:
    """A page still to be read.

    Attributes:
        kind: Document under `graphql/overflow/` that asks for it.
        node_id: Whose connection it is.
        connection: The connection read so far; the page's nodes are added to it.
        first: Nodes to ask for.
        most: Nodes to ask for at most on the pages that follow: what was too much once is not tried again.
        inside: Nodes that these may hold at most, all together.
    """

    kind: str
    node_id: str
    connection: Json
    first: int
    most: int
    inside: int = 0

    @property
    def nodes(self) -> int:
        """Nodes that the answer may hold."""
        return self.first + min(self.first * NESTED_PAGE, self.inside)

    @property
    def fetches(self) -> int:
        """What it adds to the cost of a request: 1, and 1 for each node that brings a page."""
        return 1 + self.first if self.kind in _NESTED else 1


def open_pages(node: Json, streams: frozenset[str]) -> Iterator[Page]:
    """The pages that a hydrated pull request still lacks for these streams."""
    for kind, name in (
        ("commits", "commits"),
        ("issue_comments", "comments"),
        ("labels", "labels"),
        ("review_requests", "reviewRequests"),
    ):
        if connection := node.get(name):
            yield from _rest(kind, node["id"], connection)
    if reviews := node.get("reviews"):
        unseen = (_review_comments(node) or 0) if "review_comments" in streams else 0
        yield from _rest("reviews", node["id"], reviews, unseen)
        if "review_comments" in streams:
            for review in reviews["nodes"]:
                yield from _rest("review_comments", review["id"], review["comments"])


def _rest(kind: str, node_id: str, connection: Json, inside: int = 0, most: int = PAGE) -> Iterator[Page]:
    if connection.get("pageInfo", {}).get("hasNextPage"):
        most = min(most, _NESTED[kind][0]) if kind in _NESTED else most
        missing = connection["totalCount"] - len(connection["nodes"])
        yield Page(kind, node_id, connection, min(most, max(1, missing)), most, inside)


def _review_comments(node: Json) -> int | None:
    """Review comments of a pull request by GitHub's counts, which may leave the number open: None."""
    total: int | None = node["totalCommentsCount"]
    known: int = node["comments"]["totalCount"]
    return None if total is None else max(0, total - known)


def _threads(owner: Fetched) -> Iterator[tuple[Fetched, Page]]:
    """Review comments that belong to no review: where the counts leave room for any, threads show them."""
    node = owner.node
    if node is None or "review_comments" not in owner.streams:
        return
    expected = _review_comments(node)
    read = sum(len(review["comments"]["nodes"]) for review in node["reviews"]["nodes"])
    if expected is None or expected > read:
        node["reviewThreads"] = {"nodes": []}
        most = _NESTED["threads"][0]
        first = most if expected is None else min(most, expected)
        yield owner, Page("threads", node["id"], node["reviewThreads"], first, most, expected or 0)


class _OpenPages:
    """The pages that a group of pull requests still lacks."""

    def __init__(self, hydrated: Iterable[Fetched]) -> None:
        self._pages: deque[tuple[Fetched, Page]] = deque()
        self._of_reviews: Counter[int] = Counter()
        for owner in hydrated:
            if owner.node is not None:
                try:
                    self._open(owner, open_pages(owner.node, owner.streams))
                except SURPRISES as error:
                    owner.fail(error)

    def __bool__(self) -> bool:
        return bool(self._pages)

    def _open(self, owner: Fetched, pages: Iterable[Page], closed: Page | None = None) -> None:
        """Adds pages in place of one; when all pages of reviews are read, it is known whether threads are needed."""
        if closed is not None and closed.kind not in _OF_REVIEWS:
            self._pages.extend((owner, page) for page in pages)
            return
        for page in pages:
            self._pages.append((owner, page))
            self._of_reviews[id(owner)] += page.kind in _OF_REVIEWS
        self._of_reviews[id(owner)] -= closed is not None
        if not self._of_reviews[id(owner)]:
            self._pages.extend(_threads(owner))

    def take(self, most: int) -> list[tuple[Fetched, Page]]:
        """The next pages, as many as one request may ask for; none where all owners left have failed."""
        chunk: list[tuple[Fetched, Page]] = []
        nodes = fetches = 0
        while self._pages and len(chunk) < most:
            owner, page = self._pages[0]
            if owner.node is not None:
                nodes += page.nodes
                fetches += page.fetches
                if chunk and (nodes > MOST_NODES or fetches > MOST_FETCHES):
                    break
                chunk.append((owner, page))
            self._pages.popleft()
        return sorted(chunk, key=lambda item: item[1].kind)

    def put_back(self, chunk: Sequence[tuple[Fetched, Page]]) -> None:
        """These were not read."""
        self._pages.extendleft(reversed(chunk))

    def close(self, chunk: Sequence[tuple[Fetched, Page]], answer: Answer) -> None:
        """These were read: what the answer holds goes into the nodes, and what it leaves open is read next."""
        for position, (owner, page) in enumerate(chunk):
            try:
                self._open(owner, list(_add(page, owner, answer, f"n{position}")), page)
            except SURPRISES as error:
                owner.fail(error)


class Overflow:
    """Completes hydrated pull requests.

    Args:
        client: Asks GitHub.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def complete(self, hydrated: Iterable[Fetched]) -> None:
        """Reads all open pages into the nodes; a pull request whose pages cannot be read gets a `failure` instead."""
        pages = _OpenPages(hydrated)
        most = MOST_PAGES
        while pages:
            chunk = pages.take(most)
            if not chunk:
                continue
            try:
                answer = self._request(chunk)
            except (TooMuchError, QueryError, TransientError) as error:
                owner, page = chunk[0]
                if len(chunk) > 1:
                    most = len(chunk) // 2
                elif isinstance(error, TooMuchError):
                    page.first = page.most = max(1, page.first // 4)
                else:
                    owner.fail(error)
                pages.put_back(chunk)
            else:
                most = min(MOST_PAGES, 2 * most)
                pages.close(chunk, answer)

    def _request(self, chunk: Sequence[tuple[Fetched, Page]]) -> Answer:
        kinds = [page.kind for _, page in chunk]
        variables: dict[str, Any] = {}
        for position, (_, page) in enumerate(chunk):
            variables[f"id{position}"] = page.node_id
            variables[f"first{position}"] = page.first
            variables[f"after{position}"] = page.connection.get("pageInfo", {}).get("endCursor")
        if "reviews" in kinds:
            streams = frozenset().union(*(owner.streams for owner, _ in chunk))
            variables["reviews"] = "reviews" in streams
            variables["reviewComments"] = "review_comments" in streams
            variables["reviewCommentsPage"] = NESTED_PAGE
        if "threads" in kinds:
            variables["threadCommentsPage"] = NESTED_PAGE
        large = len(chunk) > 1 or chunk[0][1].first > 1
        answer = self._client.query_pages(kinds, variables, large=large)
        errors = [error for error in answer.errors if not is_hidden(error)]
        gone = {error["path"][0]: error for error in errors if is_access(error) and len(error.get("path") or []) == 1}
        missing = {alias for alias in (f"n{position}" for position in range(len(chunk))) if not answer.data.get(alias)}
        if len(gone) < len(errors) or missing - gone.keys():
            raise QueryError(
                f"overflow: {summary(errors) or 'a node is missing without an error'} (request {answer.request_id})"
            )
        for position, (owner, _) in enumerate(chunk):
            if error := gone.get(f"n{position}"):
                owner.fail(AccessError(summary([error])))
        return answer


def _add(page: Page, owner: Fetched, answer: Answer, alias: str) -> Iterator[Page]:
    if owner.node is None:
        return
    read = answer.data[alias]["page"]
    for one in read["nodes"]:
        one[OBSERVED] = max(answer.observed, owner.observed)
        if page.kind in _NESTED and one.get("comments"):
            yield from _rest(_NESTED[page.kind][1], one["id"], one["comments"])
    page.connection["nodes"] += read["nodes"]
    page.connection["pageInfo"] = read["pageInfo"]
    page.connection["totalCount"] = read["totalCount"]
    yield from _rest(page.kind, page.node_id, page.connection, page.inside, page.most)
