"""What changes or takes away rows without moving the `updatedAt` of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_stack.simulator.evolve.registry import event
from local_stack.simulator.evolve.stage import Change

if TYPE_CHECKING:
    from local_stack.simulator.evolve.stage import Stage


@event("silent_edits", weight=2)
def issue_comment_edited(stage: Stage, at: int) -> Change | None:
    """A comment in a conversation is written anew; only its own `updated_at` says so."""
    pair = stage.pull_request(lambda it: it.issue_comments)
    if pair is None:
        return None
    repository, pull_request = pair
    comment = stage.random.choice(pull_request.issue_comments)
    comment.body, comment.updated_at = stage.texts.body(), at
    return Change("issue_comment_edited", at, repository.full_name, pull_request.number)


@event("silent_edits", weight=2)
def review_comment_edited(stage: Stage, at: int) -> Change | None:
    """A comment on the diff is written anew; only its own `updated_at` says so."""
    pair = stage.pull_request(lambda it: it.review_comments)
    if pair is None:
        return None
    repository, pull_request = pair
    comment = stage.random.choice(pull_request.review_comments)
    comment.body, comment.updated_at = stage.texts.body(), at
    return Change("review_comment_edited", at, repository.full_name, pull_request.number)


@event("silent_edits")
def review_edited(stage: Stage, at: int) -> Change | None:
    """The text of a review is written anew."""
    pair = stage.pull_request(lambda it: it.reviews)
    if pair is None:
        return None
    repository, pull_request = pair
    review = stage.random.choice(pull_request.reviews)
    review.body, review.updated_at = stage.texts.body(), at
    return Change("review_edited", at, repository.full_name, pull_request.number)


@event("silent_edits")
def label_renamed(stage: Stage, at: int) -> Change | None:
    """A label of a repository gets another name on all its pull requests."""
    pair = stage.pull_request(lambda it: it.labels)
    if pair is None:
        return None
    repository, pull_request = pair
    former = stage.random.choice(pull_request.labels)
    everywhere = repository.pull_requests.values()
    name = f"{former[:30]} {1 + sum(former in it.labels for it in everywhere)}-{stage.random.getrandbits(32):x}"
    for it in everywhere:
        it.labels = [name if label == former else label for label in it.labels]
    return Change("label_renamed", at, repository.full_name)


@event("silent_edits")
def fork_deleted(stage: Stage, at: int) -> Change | None:
    """The fork goes from which a pull request came."""
    found = []

    def comes_from_fork(repository_name: str, head: str | None) -> bool:
        return head is not None and head != repository_name

    for repository in stage.repositories():
        found += [
            (repository, it)
            for it in repository.pull_requests.values()
            if comes_from_fork(repository.full_name, it.head_repository)
        ]
    if not found:
        return None
    repository, pull_request = stage.random.choice(found)
    pull_request.head_repository = None
    return Change("fork_deleted", at, repository.full_name, pull_request.number)


@event("deletions")
def issue_comment_deleted(stage: Stage, at: int) -> Change | None:
    """A comment in a conversation goes."""
    pair = stage.pull_request(lambda it: it.issue_comments)
    if pair is None:
        return None
    repository, pull_request = pair
    pull_request.issue_comments.remove(stage.random.choice(pull_request.issue_comments))
    return Change("issue_comment_deleted", at, repository.full_name, pull_request.number)


@event("deletions")
def review_comment_deleted(stage: Stage, at: int) -> Change | None:
    """A comment on the diff to which nobody replied goes, and its review if nothing is left of that."""
    pair = stage.pull_request(lambda it: it.review_comments)
    if pair is None:
        return None
    repository, pull_request = pair
    comments = pull_request.review_comments
    replied_to = {comment.in_reply_to_id for comment in comments}
    gone = stage.random.choice([comment for comment in comments if comment.id not in replied_to])
    comments.remove(gone)
    if not any(comment.review_id == gone.review_id for comment in comments):
        pull_request.reviews = [
            review
            for review in pull_request.reviews
            if review.id != gone.review_id or review.body or review.state != "COMMENTED"
        ]
    return Change("review_comment_deleted", at, repository.full_name, pull_request.number)
