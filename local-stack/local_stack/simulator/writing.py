"""Makes the single things that a pull request consists of, for the generator and for `evolve` alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from local_stack.simulator.model import Commit, IssueComment, Review, ReviewComment, ReviewState
from local_stack.simulator.people import GITHUB

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from local_stack.simulator.model import Actor, PullRequest
    from local_stack.simulator.numbering import Numbering
    from local_stack.simulator.people import Cast
    from local_stack.simulator.text import Texts

_HUNK: Final = "@@ -1,3 +1,4 @@\n context\n-old\n+new\n+newer"
_MINUTE: Final = 60
_DAY: Final = 86_400
# Dates that git happily records: its own epoch, before git was made, and clocks that run decades ahead.
_ODD_DATES: Final = (0, 86_399, 631_152_000, 4_102_444_799)
_ODD_SHARE: Final = 0.004


class Writer:
    """Writes commits, reviews and comments in the name of a cast."""

    def __init__(self, random: Random, numbering: Numbering, cast: Cast, texts: Texts, viewer: Actor) -> None:
        """Takes what everything is made of; see the fields' own classes."""
        self.random = random
        self.numbering = numbering
        self.cast = cast
        self.texts = texts
        self.viewer = viewer

    def sha(self) -> str:
        """A SHA that nothing else has."""
        return f"{self.random.getrandbits(160):040x}"

    def commit(self, author: Actor | None, committed_at: int, *, merging: bool = False) -> Commit:
        """A commit, by its author or now and then by someone else.

        Args:
            author: Whose pull request it is for.
            committed_at: When; a few commits lie about it, as git lets them.
            merging: Whether it merges the base branch into the pull request.
        """
        chance = self.random.random
        identity = self.cast.identity(author if chance() < 0.9 else None)  # noqa: PLR2004
        authored_at = committed_at - int(chance() ** 8 * 40 * _DAY)
        if chance() < _ODD_SHARE:
            authored_at = self.random.choice(_ODD_DATES)
            committed_at = authored_at if chance() < 0.5 else committed_at  # noqa: PLR2004
        committer = GITHUB if chance() < 0.1 else identity  # noqa: PLR2004
        message = "Merge branch 'main' into this one" if merging else self.texts.line()
        if chance() < 0.3:  # noqa: PLR2004
            message = f"{message}\n\n{self.texts.body()}"
        return Commit(self.sha(), message, *identity, authored_at, *committer, committed_at)

    def review(self, author: Actor | None, state: ReviewState, at: int, commits: list[Commit]) -> Review:
        """A review of one of the commits, submitted at that second, or not yet where it is PENDING."""
        chance = self.random.random
        created_at = at if chance() < 0.5 else at - int(chance() * 20 * _MINUTE)  # noqa: PLR2004
        reviewed = commits[int(chance() * len(commits))].sha if commits and chance() < 0.98 else None  # noqa: PLR2004
        return Review(
            id=self.numbering.next("PullRequestReview"),
            author=author,
            association=self.cast.association(author),
            state=state,
            body=self.texts.body() if chance() < 0.4 or state == "CHANGES_REQUESTED" else "",  # noqa: PLR2004
            submitted_at=None if state == "PENDING" else at,
            commit_sha=reviewed,
            created_at=created_at,
            updated_at=at,
        )

    def review_comment(
        self,
        review: Review | None,
        at: int,
        commits: list[Commit],
        *,
        thread: ReviewComment | None = None,
        author: Actor | None = None,
    ) -> ReviewComment:
        """A comment on the diff.

        Args:
            review: What it belongs to, and then by whom it is; None for one that belongs to no review.
            at: When it was written; visible from when its review was submitted.
            commits: Those of the pull request.
            thread: The first comment of the thread that this one replies to.
            author: Who wrote it, where it belongs to no review.
        """
        chance = self.random.random
        by = author if review is None else review.author
        line = 1 + int(chance() ** 2 * 900)
        position = 1 + int(chance() ** 2 * 60)
        sha = commits[int(chance() * len(commits))].sha if commits else None
        outdated = chance() < 0.25  # noqa: PLR2004
        return ReviewComment(
            id=self.numbering.next("PullRequestReviewComment"),
            review_id=None if review is None else review.id,
            in_reply_to_id=None if thread is None else thread.id,
            author=by,
            association=self.cast.association(by),
            body=self.texts.body(),
            created_at=at,
            updated_at=at,
            path=self.texts.path() if thread is None else thread.path,
            position=None if outdated else position,
            line=None if outdated else line,
            start_line=line - 1 if not outdated and line > 1 and chance() < 0.15 else None,  # noqa: PLR2004
            original_position=position,
            original_line=None if chance() < 0.02 else line,  # noqa: PLR2004
            commit_sha=sha,
            original_commit_sha=sha,
            diff_hunk=_HUNK,
        )

    def issue_comment(self, author: Actor | None, at: int) -> IssueComment:
        """A comment in the conversation."""
        return IssueComment(
            id=self.numbering.next("IssueComment"),
            author=author,
            association=self.cast.association(author),
            body=self.texts.body(),
            created_at=at,
            updated_at=at,
        )


def review_decision(
    reviews: Iterable[Review],
) -> Literal["APPROVED", "CHANGES_REQUESTED", "REVIEW_REQUIRED"]:
    """What the latest opinion of each reviewer amounts to where a review is required."""
    opinions: dict[int | None, ReviewState] = {}
    for review in reviews:
        if review.state in {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}:
            opinions[None if review.author is None else review.author.id] = review.state
    if "CHANGES_REQUESTED" in opinions.values():
        return "CHANGES_REQUESTED"
    return "APPROVED" if "APPROVED" in opinions.values() else "REVIEW_REQUIRED"


def size_label(pull_request: PullRequest) -> str:
    """The label that a size bot would give it."""
    lines = pull_request.additions + pull_request.deletions
    limits = ((10, "XS"), (30, "S"), (100, "M"), (500, "L"))
    return "size/" + next((size for limit, size in limits if lines < limit), "XL")
