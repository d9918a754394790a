"""Makes whole pull requests with everything on them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from local_stack.simulator.distributions import (
    CELLS,
    GSOC_ADDITIONS,
    GSOC_CHANGED_FILES,
    GSOC_COMMITS,
    GSOC_DELETIONS,
    GSOC_ISSUE_COMMENTS,
    IETF_ADDITIONS,
    IETF_COMMITS,
    IETF_HOURS_TO_MERGE,
    IETF_ISSUE_COMMENTS,
    IETF_REVIEW_COMMENTS,
    IETF_REVIEWS,
    Spread,
)
from local_stack.simulator.model import Commit, PullRequest, Review, ReviewComment, ReviewState
from local_stack.simulator.text import HOSTILE_LABELS
from local_stack.simulator.writing import review_decision, size_label

if TYPE_CHECKING:
    from local_stack.simulator.model import Actor, Repository
    from local_stack.simulator.writing import Writer

_HOUR: Final = 3_600
_DAY: Final = 24 * _HOUR
LABELS: Final = ("bug", "enhancement", "documentation", "dependencies", "ci", "breaking", *HOSTILE_LABELS)
_STATES: Final[tuple[ReviewState, ...]] = (
    *("APPROVED",) * 7,
    *("COMMENTED",) * 9,
    *("CHANGES_REQUESTED",) * 3,
    "DISMISSED",
)


class Counts(NamedTuple):
    """How much there is on one pull request.

    `in_one_review` of the review comments lie in the first review. `shared_commits` are those of the pull request
    before. With `pending` the last review is one that the viewer has not submitted.
    """

    commits: int = 1
    reviews: int = 0
    review_comments: int = 0
    issue_comments: int = 0
    in_one_review: int = 0
    labels: int = 0
    requested_reviewers: int = 0
    shared_commits: int = 0
    pending: bool = False


# What exceeds the pages of any reader: each at least once in an organization that is large enough.
EXTREMES: Final = (
    Counts(commits=3, reviews=12, review_comments=25, in_one_review=12, pending=True),
    Counts(commits=4, shared_commits=2),
    Counts(commits=21, issue_comments=21),
    Counts(commits=0),
    Counts(commits=101, reviews=2),
    Counts(commits=5, reviews=104, review_comments=130, in_one_review=104),
    Counts(commits=2, issue_comments=104),
    Counts(commits=261, reviews=1, review_comments=1),
    Counts(commits=51, reviews=21, review_comments=21, issue_comments=51),
    Counts(commits=1, labels=30, requested_reviewers=25),
    Counts(commits=60, shared_commits=60),
)


class Means(NamedTuple):
    """How much there is on an average pull request."""

    commits: float = 4.0
    reviews: float = 2.5
    review_comments: float = 3.0
    issue_comments: float = 3.0


class Spreads:
    """How counts are spread over pull requests, scaled to the wanted means."""

    def __init__(self, means: Means) -> None:
        """Takes the means per pull request."""
        self.commits = Spread((14, IETF_COMMITS), (2, GSOC_COMMITS), mean=means.commits).values
        self.reviews = Spread((16, IETF_REVIEWS), mean=means.reviews).values
        self.review_comments = Spread((16, IETF_REVIEW_COMMENTS), mean=means.review_comments).values
        comments = (8, IETF_ISSUE_COMMENTS), (8, GSOC_ISSUE_COMMENTS)
        self.issue_comments = Spread(*comments, mean=means.issue_comments).values
        self.additions = Spread((12, IETF_ADDITIONS), (4, GSOC_ADDITIONS)).values
        self.deletions = Spread((16, GSOC_DELETIONS)).values
        self.changed_files = Spread((16, GSOC_CHANGED_FILES)).values
        self.hours = Spread((16, IETF_HOURS_TO_MERGE)).values


@cache
def spreads(means: Means = Means()) -> Spreads:  # noqa: B008 - immutable
    """The spreads with those means, made once: they take a third of a second."""
    return Spreads(means)


class PullRequestMaker:
    """Makes pull requests one after the other, those of a repository in the order of their numbers."""

    def __init__(self, writer: Writer, spreads: Spreads) -> None:
        """Takes who writes, and how much."""
        self._writer = writer
        self._random = writer.random
        self._spreads = spreads
        self._stray: Commit | None = None

    def counts(self) -> Counts:
        """An ordinary pull request's counts; what is lively in one way is mostly so in the others, too."""
        bits, spreads = self._random.getrandbits, self._spreads
        liveliness = bits(14)
        cells = [liveliness if bits(1) else bits(14) for _ in range(3)]
        review_comments = spreads.review_comments[cells[1]]
        return Counts(
            commits=spreads.commits[liveliness],
            reviews=spreads.reviews[cells[0]] or min(review_comments, 1),
            review_comments=review_comments,
            issue_comments=spreads.issue_comments[cells[2]],
            shared_commits=bits(2) if bits(6) == 0 else 0,
        )

    def make(self, repository: Repository, number: int, created_at: int, until: int, counts: Counts) -> PullRequest:
        """A pull request as it stands at `until`, all of whose past lies between `created_at` and then.

        Args:
            repository: Where it goes to; it is not added.
            number: Its number there, higher than all before.
            created_at: When it was opened.
            until: The last second at which anything happened to it.
            counts: How much there is on it.
        """
        chance, cast, writer = self._random.random, self._writer.cast, self._writer
        author = cast.anyone()
        closes_at = created_at + int((self._spreads.hours[self._random.getrandbits(14)] + chance()) * _HOUR)
        is_closed = closes_at <= until and chance() < 0.94  # noqa: PLR2004
        is_merged = is_closed and chance() < 0.84  # noqa: PLR2004
        active_until = min(closes_at, until)
        commits = self._commits(repository, author, created_at, active_until, counts)
        additions, deletions, files = self._size(counts.commits)
        pull_request = PullRequest(
            id=writer.numbering.next("PullRequest"),
            number=number,
            title=writer.texts.line(),
            body=writer.texts.body() if chance() < 0.77 else "",  # noqa: PLR2004
            author=author,
            association=cast.association(author),
            created_at=created_at,
            updated_at=created_at,
            base_ref=repository.default_branch or "main" if chance() < 0.93 else "release/1.x",  # noqa: PLR2004
            base_sha=writer.sha(),
            head_ref=writer.texts.branch(number),
            head_sha=commits[-1].sha if commits else writer.sha(),
            head_repository=self._head_repository(repository, author),
            additions=additions,
            deletions=deletions,
            changed_files=files,
            is_draft=chance() < (0.02 if is_closed else 0.2),
            closed_at=closes_at if is_closed else None,
            merged_at=closes_at if is_merged else None,
            merged_by=cast.anyone() if is_merged else None,
            merge_commit_sha=writer.sha() if is_merged else None,
            commits=commits,
        )
        if chance() < 0.12:  # noqa: PLR2004
            pull_request.ready_for_review_at = created_at + int(chance() * (active_until - created_at))
        self._converse(pull_request, active_until, until, counts)
        self._label(pull_request, counts.labels)
        if counts.requested_reviewers or (not is_closed and chance() < 0.5):  # noqa: PLR2004
            self._request_reviewers(pull_request, counts.requested_reviewers or 1 + self._random.getrandbits(1))
        if repository.id % 3:
            pull_request.review_decision = review_decision(pull_request.reviews)
        pull_request.updated_at = self._updated_at(pull_request, until)
        return pull_request

    def _size(self, commits: int) -> tuple[int, int, int]:
        if not commits:
            return 0, 0, 0
        cell, spreads = self._random.getrandbits(14), self._spreads
        other = max(0, min(CELLS - 1, cell + self._random.getrandbits(12) - 2_048))
        return spreads.additions[cell], spreads.deletions[other], max(1, spreads.changed_files[cell])

    def _head_repository(self, repository: Repository, author: Actor | None) -> str | None:
        chance = self._random.random()
        if chance < 0.65 or (author is not None and author.kind == "Bot"):  # noqa: PLR2004
            return repository.full_name
        return None if author is None or chance > 0.97 else f"{author.login}/{repository.name}"  # noqa: PLR2004

    def _commits(
        self, repository: Repository, author: Actor | None, created_at: int, until: int, counts: Counts
    ) -> list[Commit]:
        """The commits, the first ones perhaps those of the pull request before, on which this one is stacked."""
        if not counts.commits:
            return []
        random, writer = self._random.random, self._writer
        shared: list[Commit] = []
        if counts.shared_commits and repository.pull_requests:
            below = next(reversed(repository.pull_requests.values()))
            shared = below.commits[: min(counts.shared_commits, counts.commits)]
        elif repository.is_fork and not repository.pull_requests and self._stray is not None:
            # A fork has commits of another repository.
            shared = [self._stray]
        start = created_at - int(random() * 3 * _DAY)
        length = until - start
        dates = sorted(start + int(random() * length) for _ in range(counts.commits - len(shared)))
        written = [writer.commit(author, at, merging=index > 0 and random() < 0.05) for index, at in enumerate(dates)]  # noqa: PLR2004
        commits = [*shared, *written]
        self._stray = commits[0]
        return commits

    def _converse(self, pull_request: PullRequest, active_until: int, until: int, counts: Counts) -> None:
        """Reviews, comments on the diff and comments, some of them long after the pull request was closed."""
        random, writer, start = self._random.random, self._writer, pull_request.created_at
        end = active_until if random() < 0.85 else min(until, active_until + int(random() ** 4 * 200 * _DAY))  # noqa: PLR2004
        length = end - start
        commits = pull_request.commits
        for at in sorted([start + int(random() * length) for _ in range(counts.reviews)]):
            state = _STATES[int(random() * len(_STATES))]
            review = writer.review(writer.cast.anyone(), state, at, commits)
            review.created_at = max(review.created_at, start)
            if state == "DISMISSED":
                review.updated_at = at + int(random() * (end - at))
            pull_request.reviews.append(review)
        if counts.pending or (counts.reviews and not pull_request.closed_at and random() < 0.06):  # noqa: PLR2004
            self._keep_pending(pull_request.reviews[-1])
        if counts.review_comments:
            pull_request.review_comments = self._review_comments(pull_request, counts, end)
        for at in sorted([start + int(random() * length) for _ in range(counts.issue_comments)]):
            comment = writer.issue_comment(writer.cast.anyone(), at)
            if random() < 0.1:  # noqa: PLR2004
                comment.updated_at = at + int(random() * (until - at))
            pull_request.issue_comments.append(comment)

    def _keep_pending(self, review: Review) -> None:
        """Turns a review into one that the viewer has begun and not submitted."""
        review.author = self._writer.viewer
        review.association = self._writer.cast.association(review.author)
        review.state = "PENDING"
        review.submitted_at = None
        review.updated_at = review.created_at

    def _review_comments(self, pull_request: PullRequest, counts: Counts, end: int) -> list[ReviewComment]:
        random, writer, reviews = self._random.random, self._writer, pull_request.reviews
        free = counts.review_comments - counts.in_one_review
        homes = [0] * counts.in_one_review + [int(random() ** 2 * len(reviews)) for _ in range(free)]
        written: list[ReviewComment] = []
        threads: list[ReviewComment] = []
        for home in sorted(homes):
            review: Review | None = reviews[home]
            at = max(reviews[home].created_at, written[-1].created_at if written else 0)
            author: Actor | None = None
            if random() < 0.01 and review is not None and review.state != "PENDING" and not counts.in_one_review:  # noqa: PLR2004
                review, author = None, writer.cast.anyone()
            thread = threads[int(random() * len(threads))] if threads and random() < 0.3 else None  # noqa: PLR2004
            comment = writer.review_comment(review, at, pull_request.commits, thread=thread, author=author)
            if random() < 0.05:  # noqa: PLR2004
                comment.updated_at = at + int(random() * (end - at))
            # Nobody can reply to what only the viewer sees.
            if thread is None and (review is None or review.state != "PENDING"):
                threads.append(comment)
            written.append(comment)
        return written

    def _label(self, pull_request: PullRequest, wanted: int) -> None:
        random = self._random.random
        labels = [size_label(pull_request)] if random() < 0.7 else []  # noqa: PLR2004
        if random() < 0.03:  # noqa: PLR2004
            labels.insert(0, "size/XL" if "size/XL" not in labels else "size/XS")
        count = int(random() ** 3 * 5)
        labels.extend(self._random.sample(LABELS, count))
        labels.extend(f"area/{index}" for index in range(wanted))
        self._random.shuffle(labels)
        pull_request.labels = labels

    def _request_reviewers(self, pull_request: PullRequest, wanted: int) -> None:
        cast = self._writer.cast
        teams = self._random.sample(cast.teams, min(wanted // 2, len(cast.teams)))
        people = {who.login: who for who in (cast.user() for _ in range(4 * wanted)) if who is not pull_request.author}
        pull_request.requested_reviewers = [*list(people.values())[: wanted - len(teams)], *teams]

    def _updated_at(self, pull_request: PullRequest, until: int) -> int:
        """The second of the last thing that moved it: something on it, or a label or a push at some time after."""
        last = max(
            pull_request.created_at,
            pull_request.closed_at or 0,
            pull_request.ready_for_review_at or 0,
            *(review.updated_at for review in pull_request.reviews if review.submitted_at is not None),
            *(comment.created_at for comment in pull_request.review_comments),
            *(comment.created_at for comment in pull_request.issue_comments),
        )
        return last + int(self._random.random() ** 6 * (until - last))
