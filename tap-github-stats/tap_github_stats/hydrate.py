"""Hydration: pull requests with everything on them, many at a time, of any repositories."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tap_github_stats.client import Answer, Client, Json, is_access, is_hidden, summary
from tap_github_stats.errors import GitHubError, OutageError, QueryError, TooMuchError, TransientError
from tap_github_stats.overflow import Overflow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_github_stats.probe import Repository

LADDER: Final = (25, 12, 6, 3, 1)
"""Pull requests a request: on a sign that it was too much, the next smaller size is tried."""

CLIMB_AFTER: Final = 20
"""So many requests served in a row at one size let the next greater one be tried again."""

MOST_FAILURES: Final = 5
"""So many pull requests of one `fetch` that fail each by itself mean that GitHub fails at everything."""

COMMITS_PAGE: Final = 20
REVIEWS_PAGE: Final = 10
REVIEW_COMMENTS_PAGE: Final = 10
ISSUE_COMMENTS_PAGE: Final = 20
LABELS_PAGE: Final = 20
REQUESTS_PAGE: Final = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pull request to read, for the streams named, as the index showed it."""

    repository: Repository
    node_id: str
    number: int
    updated: int
    streams: frozenset[str]


@dataclass(slots=True)
class Fetched:
    """What became of a `Wanted`.

    Attributes:
        wanted: What was asked for.
        node: The pull request with all pages of its connections; None if it is gone or could not be read.
        observed: Server's second of the answer that held it.
        known: What happened up to this second of the server's clock is in it.
        streams: For which streams it was asked for: at least those for which it is wanted.
        failure: Why it could not be read; None if it was, or is gone.
    """

    wanted: Wanted
    node: Json | None
    observed: int
    known: int
    streams: frozenset[str] = frozenset()
    failure: GitHubError | None = None

    def fail(self, surprise: Exception) -> None:
        """The answer is not of the form that it should have: the pull request counts as not read."""
        self.node = None
        self.failure = QueryError(f"an answer of an unexpected form: {surprise!r}")


@dataclass(slots=True)
class Ladder:
    """The size of hydration that works at the moment, shared by all threads."""

    sizes: Sequence[int] = LADDER
    _rung: int = 0
    _served: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def size(self) -> int:
        """Pull requests to ask for at once."""
        return self.sizes[self._rung]

    def failed(self, size: int) -> None:
        """A request of this size was too much."""
        with self._lock:
            self._served = 0
            while self._rung + 1 < len(self.sizes) and self.sizes[self._rung] >= size:
                self._rung += 1

    def served(self, size: int) -> None:
        """A request of this size was served."""
        with self._lock:
            if size < self.size:
                return
            self._served += 1
            if self._served >= CLIMB_AFTER and self._rung > 0:
                self._rung -= 1
                self._served = 0


class Hydrator:
    """Reads pull requests completely, or says why it could not.

    Args:
        client: Asks GitHub.
        ladder: The size that works at the moment.
    """

    def __init__(self, client: Client, ladder: Ladder) -> None:
        self._client = client
        self._ladder = ladder
        self._overflow = Overflow(client)

    def fetch(self, wanted: Sequence[Wanted]) -> list[Fetched]:
        """Reads pull requests with the first page of everything on them.

        Returns:
            One `Fetched` for each `Wanted`, in their order.

        Raises:
            OutageError: GitHub fails at everything.
            GitHubError: Something else that is not about any single pull request.
        """
        streams = frozenset().union(*(one.streams for one in wanted))
        pending = deque(wanted)
        fetched: list[Fetched] = []
        most = len(pending)
        while pending:
            chunk = [pending.popleft() for _ in range(min(self._ladder.size, most, len(pending)))]
            try:
                fetched += self._request(chunk, streams, large=len(chunk) > 1)
            except (TooMuchError, QueryError, TransientError) as error:
                if isinstance(error, TooMuchError):
                    self._ladder.failed(len(chunk))
                if len(chunk) > 1:
                    most = next(size for size in LADDER if size < len(chunk))
                    pending.extendleft(reversed(chunk))
                else:
                    fetched.append(Fetched(chunk[0], None, 0, 0, failure=error))
                    if sum(one.failure is not None for one in fetched) >= MOST_FAILURES:
                        raise OutageError(f"{MOST_FAILURES} pull requests failed, the last one: {error}") from error
            else:
                self._ladder.served(len(chunk))
        return fetched

    def complete(self, fetched: Sequence[Fetched]) -> None:
        """Reads the further pages of what was fetched; those of many pull requests share requests.

        One whose pages cannot be read gets a `failure`, and one that has gone meanwhile loses its `node`.

        Raises:
            GitHubError: Something that is not about any single pull request.
        """
        self._overflow.complete(fetched)

    def _request(self, chunk: Sequence[Wanted], streams: frozenset[str], *, large: bool) -> list[Fetched]:
        variables = {"ids": [one.node_id for one in chunk], **connections(streams)}
        answer = self._client.query("hydrate", variables, large=large)
        gone = _gone(answer)
        nodes = answer.data.get("nodes") or []
        if len(nodes) != len(chunk):
            raise QueryError(f"hydrate: {len(nodes)} nodes for {len(chunk)} ids (request {answer.request_id})")
        fetched = []
        for position, (one, node) in enumerate(zip(chunk, nodes, strict=True)):
            if not node and position not in gone:
                raise QueryError(
                    f"hydrate: no answer and no error for {one.repository.organization}/{one.repository.name}"
                    f"#{one.number} (request {answer.request_id})"
                )
            found = None if position in gone else node
            fetched.append(Fetched(one, found, answer.observed, answer.known, streams))
        return fetched


def _gone(answer: Answer) -> set[int]:
    """Positions of the pull requests that are gone or may not be seen; any other error is raised."""
    gone = set()
    others = []
    for error in answer.errors:
        match error.get("path"):
            case ["nodes", int(position)] if is_access(error):
                gone.add(position)
            case _ if not is_hidden(error):
                others.append(error)
    if others:
        # An error inside of a pull request leaves it incomplete, whatever its type.
        raise QueryError(f"hydrate: {summary(others)} (request {answer.request_id})")
    return gone


def connections(streams: frozenset[str]) -> Json:
    """Variables of `hydrate.graphql` that ask for what these streams need and nothing else."""
    pull_requests = "pull_requests" in streams
    commits = bool(streams & {"commits", "pull_request_commits"})
    reviews = "reviews" in streams
    review_comments = "review_comments" in streams
    issue_comments = "issue_comments" in streams
    review_nodes = reviews or review_comments
    return {
        "pullRequests": pull_requests,
        "commits": commits,
        "reviews": reviews,
        "reviewComments": review_comments,
        "issueComments": issue_comments,
        "commitsNeeded": pull_requests or commits,
        "reviewsNeeded": pull_requests or review_nodes,
        "reviewNodes": review_nodes,
        "issueCommentsNeeded": pull_requests or issue_comments or review_comments,
        "commitsPage": COMMITS_PAGE if commits else 1,
        "reviewsPage": REVIEWS_PAGE if review_nodes else 1,
        "reviewCommentsPage": REVIEW_COMMENTS_PAGE,
        "issueCommentsPage": ISSUE_COMMENTS_PAGE if issue_comments else 1,
        "labelsPage": LABELS_PAGE,
        "requestsPage": REQUESTS_PAGE,
    }
