"""What is said about a pull request: reviews, comments on the diff, comments, requests for a review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from local_stack.simulator.evolve.registry import event
from local_stack.simulator.evolve.stage import Change

if TYPE_CHECKING:
    from local_stack.simulator.evolve.stage import Stage
    from local_stack.simulator.model import PullRequest, Review, ReviewComment, ReviewState

_STATES: Final[tuple[ReviewState, ...]] = ("APPROVED", "COMMENTED", "CHANGES_REQUESTED")


@event("updated_at", weight=5)
def review_submitted(stage: Stage, at: int) -> Change | None:
    """Someone reviews, perhaps long after the merge, with or without comments on the diff."""
    pair = stage.pull_request()
    if pair is None:
        return None
    pull_request = pair[1]
    review = stage.writer.review(stage.cast.anyone(), stage.random.choice(_STATES), at, pull_request.commits)
    review.created_at = max(review.created_at, pull_request.created_at)
    pull_request.reviews.append(review)
    for _ in range(stage.random.getrandbits(2)):
        _comment(stage, pull_request, review, at)
    if review.author is not None and review.author in pull_request.requested_reviewers:
        pull_request.requested_reviewers.remove(review.author)
    return stage.moved("review_submitted", at, pair)


@event("updated_at")
def pending_review_submitted(stage: Stage, at: int) -> Change | None:
    """The viewer submits what was pending."""
    pair = stage.pull_request(_pending)
    if pair is None:
        return None
    review = next(review for review in pair[1].reviews if review.state == "PENDING")
    review.state = stage.random.choice(_STATES)
    review.submitted_at = review.updated_at = at
    return stage.moved("pending_review_submitted", at, pair)


@event("updated_at")
def review_dismissed(stage: Stage, at: int) -> Change | None:
    """A review no longer counts; when it was submitted stays."""
    pair = stage.pull_request(lambda it: any(_counts(review) for review in it.reviews))
    if pair is None:
        return None
    review = stage.random.choice([review for review in pair[1].reviews if _counts(review)])
    review.state = "DISMISSED"
    review.updated_at = at
    return stage.moved("review_dismissed", at, pair)


@event("updated_at", weight=3)
def review_comment_added(stage: Stage, at: int) -> Change | None:
    """Someone comments on the diff, mostly in reply: in a review of its own, or (a bot) in none."""
    pair = stage.pull_request()
    if pair is None:
        return None
    pull_request = pair[1]
    if stage.random.random() < 0.2:  # noqa: PLR2004
        _comment(stage, pull_request, None, at)
    else:
        review = stage.writer.review(stage.cast.anyone(), "COMMENTED", at, pull_request.commits)
        review.created_at, review.body = at, ""
        pull_request.reviews.append(review)
        _comment(stage, pull_request, review, at)
    return stage.moved("review_comment_added", at, pair)


@event("updated_at", weight=5)
def issue_comment_added(stage: Stage, at: int) -> Change | None:
    """Someone comments in the conversation."""
    pair = stage.pull_request()
    if pair is None:
        return None
    pair[1].issue_comments.append(stage.writer.issue_comment(stage.cast.anyone(), at))
    return stage.moved("issue_comment_added", at, pair)


@event("updated_at", weight=2)
def review_requested(stage: Stage, at: int) -> Change | None:
    """A person or a team is asked for a review, or no longer."""
    pair = stage.pull_request(lambda it: it.is_open)
    if pair is None:
        return None
    asked = pair[1].requested_reviewers
    who = stage.cast.user() if stage.random.random() < 0.7 else stage.random.choice(stage.cast.teams)  # noqa: PLR2004
    if who in asked:
        asked.remove(who)
    else:
        asked.append(who)
    return stage.moved("review_requested", at, pair)


@event("silent_edits")
def pending_review_started(stage: Stage, at: int) -> Change | None:
    """The viewer begins a review, which nobody else sees."""
    pair = stage.pull_request(lambda it: not _pending(it))
    if pair is None:
        return None
    repository, pull_request = pair
    review = stage.writer.review(stage.world.viewer, "PENDING", at, pull_request.commits)
    review.created_at = at
    pull_request.reviews.append(review)
    _comment(stage, pull_request, review, at)
    return Change("pending_review_started", at, repository.full_name, pull_request.number)


def _pending(pull_request: PullRequest) -> bool:
    return any(review.state == "PENDING" for review in pull_request.reviews)


def _counts(review: Review) -> bool:
    return review.state in {"APPROVED", "CHANGES_REQUESTED"}


def _comment(stage: Stage, pull_request: PullRequest, review: Review | None, at: int) -> None:
    """Adds a comment on the diff, in most cases as a reply if there is a thread that everyone sees."""
    hidden = {one.id for one in pull_request.reviews if one.state == "PENDING"}
    threads: list[ReviewComment] = [
        comment
        for comment in pull_request.review_comments
        if comment.in_reply_to_id is None and comment.review_id not in hidden
    ]
    thread = stage.random.choice(threads) if threads and stage.random.random() < 0.6 else None  # noqa: PLR2004
    author = stage.cast.anyone() if review is None else None
    comment = stage.writer.review_comment(review, at, pull_request.commits, thread=thread, author=author)
    pull_request.review_comments.append(comment)
