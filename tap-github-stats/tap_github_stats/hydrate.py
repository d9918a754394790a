"""Hydration: pull requests with everything on them, many at a time, of any repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_github_stats import timestamps
from tap_github_stats.client import Answer, Client, Json, is_access, is_hidden, summary
from tap_github_stats.errors import SURPRISES, AccessError, OutageError, QueryError, TooMuchError, TransientError
from tap_github_stats.ladder import Ladder
from tap_github_stats.overflow import Overflow
from tap_github_stats.pull_request import Fetched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_github_stats.pull_request import Wanted

SIZES: Final = (25, 12, 6, 3, 1)
"""Pull requests a request: on a sign that it was too much, the next smaller size is tried."""

CLIMB_AFTER: Final = 20
"""So many requests served in a row at one size let the next greater one be tried again."""

MOST_FAILURES: Final = 5
"""So many pull requests that fail each by itself, and none that does not, mean that GitHub fails at everything."""

STALE_WAIT: Final = 2.0
"""Seconds before a pull request that GitHub showed in an older state than its index is asked for again, once."""

COMMITS_PAGE: Final = 20
REVIEWS_PAGE: Final = 10
REVIEW_COMMENTS_PAGE: Final = 10
ISSUE_COMMENTS_PAGE: Final = 20
LABELS_PAGE: Final = 20
REQUESTS_PAGE: Final = 10


class Hydrator:
    """Reads pull requests completely, or says why it could not.

    Args:
        client: Asks GitHub.
        most: Pull requests to ask for at once, at most.
    """

    def __init__(self, client: Client, most: int) -> None:
        self._client = client
        self._ladder = Ladder([most, *(size for size in SIZES if size < most)], CLIMB_AFTER)
        self._overflow = Overflow(client)

    def fetch(self, wanted: Sequence[Wanted]) -> list[Fetched]:
        """Reads pull requests with the first page of everything on them.

        Returns:
            One `Fetched` for each `Wanted`, in their order.

        Raises:
            OutageError: GitHub fails at everything.
            GitHubError: Something else that is not about any single pull request.
        """
        fetched = self._fetch(wanted)
        stale = [position for position, one in enumerate(fetched) if _is_stale(one)]
        if stale:
            self._client.pause(STALE_WAIT)
            for position, again in zip(stale, self._fetch([wanted[position] for position in stale]), strict=True):
                if _is_stale(again):
                    again.fail(TransientError("GitHub shows it in an older state than its index did"))
                fetched[position] = again
        return fetched

    def complete(self, fetched: Sequence[Fetched]) -> None:
        """Reads the further pages of what was fetched; those of many pull requests share requests.

        One whose pages cannot be read gets a `failure`.

        Raises:
            GitHubError: Something that is not about any single pull request.
        """
        self._overflow.complete(fetched)

    def _fetch(self, wanted: Sequence[Wanted]) -> list[Fetched]:
        streams = frozenset().union(*(one.streams for one in wanted))
        pending = list(range(len(wanted)))
        fetched: dict[int, Fetched] = {}
        most = len(wanted)
        while pending:
            size = min(self._ladder.size, most)
            chunk, pending = pending[:size], pending[size:]
            try:
                answers = self._request([wanted[position] for position in chunk], streams, large=len(chunk) > 1)
            except (TooMuchError, QueryError, TransientError) as error:
                if isinstance(error, TooMuchError):
                    self._ladder.failed(len(chunk))
                if len(chunk) > 1:
                    most = self._ladder.below(len(chunk))
                    pending = chunk + pending
                else:
                    fetched[chunk[0]] = Fetched(wanted[chunk[0]], None, failure=error)
                    if len(fetched) >= MOST_FAILURES and not any(one.node for one in fetched.values()):
                        raise OutageError(f"{MOST_FAILURES} pull requests failed, the last one: {error}") from error
                    pending.reverse()  # those that fail may be neighbours: the next one is taken from the other end
            else:
                self._ladder.served(len(chunk))
                fetched.update(zip(chunk, answers, strict=True))
        return [fetched[position] for position in range(len(wanted))]

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
                raise QueryError(f"hydrate: no answer and no error for {one} (request {answer.request_id})")
            found = Fetched(one, node, answer.observed, answer.known, streams)
            if position in gone:
                found.fail(AccessError(gone[position]))
            fetched.append(found)
        return fetched


def _is_stale(fetched: Fetched) -> bool:
    """Whether this is an older state of the pull request than the one that is wanted: a replica may lag behind."""
    if fetched.node is None:
        return False
    try:
        return timestamps.parse(fetched.node["updatedAt"]) < fetched.wanted.updated
    except SURPRISES as error:
        fetched.fail(error)
        return False


def _gone(answer: Answer) -> dict[int, str]:
    """Positions of the pull requests that are gone or may not be seen, with the reason; other errors are raised."""
    gone = {}
    others = []
    for error in answer.errors:
        match error.get("path"):
            case ["nodes", int(position)] if is_access(error):
                gone[position] = summary([error])
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
