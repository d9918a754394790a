"""What holds in every world, whatever made it or moved it on."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.simulator.model import IssueComment, PullRequest, Repository, Review, ReviewComment, World

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
_SHA: Final = re.compile(r"[0-9a-f]{40}")


def check(world: World, *, recorded: bool = False) -> list[str]:
    """What is wrong with a world, in words; nothing if the list is empty.

    Args:
        world: What to look at.
        recorded: Whether it comes from recordings, which hold to neither the order of times nor to the newest commit.
    """
    return [*_check_world(world), *(problem for it in _repositories(world) for problem in _check(world, it, recorded))]


def _repositories(world: World) -> Iterator[Repository]:
    for organization in world.organizations.values():
        yield from organization.repositories.values()


def _check_world(world: World) -> Iterator[str]:
    repositories = list(_repositories(world))
    for key, organization in world.organizations.items():
        if key != organization.login.lower():
            yield f"organization {organization.login} is filed under {key}"
        for number, repository in organization.repositories.items():
            if number != repository.id or repository.owner != organization.login:
                yield f"{repository.full_name} is filed under {organization.login}/{number}"
    names = Counter(repository.full_name.lower() for repository in repositories)
    yield from (f"{count} repositories are called {name}" for name, count in names.items() if count > 1)
    living = {repository.id for repository in repositories}
    for name, number in world.redirects.items():
        if name != name.lower() or name in names or number not in living:
            yield f"{name} leads to {number}, and must not"
    pull_requests = [it for repository in repositories for it in repository.pull_requests.values()]
    ids = {
        "Repository": [repository.id for repository in repositories],
        "PullRequest": [it.id for it in pull_requests],
        "PullRequestReview": [review.id for it in pull_requests for review in it.reviews],
        "PullRequestReviewComment": [comment.id for it in pull_requests for comment in it.review_comments],
        "IssueComment": [comment.id for it in pull_requests for comment in it.issue_comments],
    }
    for kind, numbers in ids.items():
        if len(set(numbers)) != len(numbers):
            yield f"two of kind {kind} have one id"
        if max(numbers, default=0) > world.last_ids.get(kind, 0):
            yield f"the last id of kind {kind} is below one that is in use"


def _check(world: World, repository: Repository, recorded: bool) -> Iterator[str]:  # noqa: FBT001
    if not _NAME.fullmatch(repository.name) or repository.name in {".", ".."} or repository.name.endswith(".git"):
        yield f"{repository.full_name!r} is no name that GitHub allows"
    if not recorded and not repository.created_at <= repository.updated_at <= world.clock.now():
        yield f"{repository.full_name} was updated before it was created, or will be"
    commits: dict[str, object] = {}
    for number, pull_request in repository.pull_requests.items():
        where = f"{repository.full_name}#{number}"
        if number != pull_request.number:
            yield f"{where} is filed under another number"
        problems = [*_check_state(pull_request), *_check_children(pull_request)]
        if not recorded:
            problems += _check_times(pull_request, world.clock.now(), viewer=world.viewer.id)
        for commit in (*pull_request.commits, *pull_request.former_commits):
            if commits.setdefault(commit.sha, commit) != commit:
                problems.append(f"commit {commit.sha} differs from the same one elsewhere")
        yield from (f"{where}: {problem}" for problem in problems)
    numbers = list(repository.pull_requests)
    if numbers != sorted(numbers):
        yield f"{repository.full_name} does not hold its pull requests in the order of their numbers"


def _check_state(it: PullRequest) -> Iterator[str]:
    if it.merged_at is not None and it.closed_at is None:
        yield "merged but not closed"
    if (it.merged_at is None) != (it.merge_commit_sha is None) or (it.merged_at is None and it.merged_by is not None):
        yield "merge commit or merger does not fit merged_at"
    if len(set(it.labels)) != len(it.labels):
        yield "one label twice"
    reviewers = [who if isinstance(who, str) else who.id for who in it.requested_reviewers]
    if len(set(reviewers)) != len(reviewers):
        yield "one reviewer asked twice"
    if not all(_SHA.fullmatch(sha) for sha in (it.head_sha, it.base_sha, *(commit.sha for commit in it.commits))):
        yield "a SHA is none"


def _check_children(it: PullRequest) -> Iterator[str]:
    reviews = {review.id for review in it.reviews}
    comments = {comment.id: comment for comment in it.review_comments}
    shas = [commit.sha for commit in it.commits]
    if len(set(shas)) != len(shas):
        yield "one commit twice"
    for former in it.former_commits:
        if former.sha in shas:
            yield f"commit {former.sha} is listed and was removed"
    for review in it.reviews:
        if (review.submitted_at is None) != (review.state == "PENDING"):
            yield f"review {review.id} is {review.state} and submitted at {review.submitted_at}"
    for comment in it.review_comments:
        if comment.review_id is not None and comment.review_id not in reviews:
            yield f"comment {comment.id} belongs to a review that is not there"
        thread = comment.in_reply_to_id
        if thread is not None and (thread not in comments or comments[thread].in_reply_to_id is not None):
            yield f"comment {comment.id} replies to what is not the first comment of a thread here"


def _check_times(it: PullRequest, now: int, *, viewer: int) -> Iterator[str]:
    if it.commits and it.commits[-1].sha != it.head_sha:
        yield "the head is not the last commit"
    pending = {review.id for review in it.reviews if review.state == "PENDING"}
    moving = [
        ("closed", it.closed_at),
        ("made ready", it.ready_for_review_at),
        *((f"review {review.id}", review.submitted_at) for review in it.reviews),
        *((f"comment {comment.id}", comment.created_at) for comment in it.issue_comments),
        *(
            (f"comment {comment.id}", None if comment.review_id in pending else comment.created_at)
            for comment in it.review_comments
        ),
    ]
    for what, at in (("updated", it.updated_at), *moving):
        if at is not None and not it.created_at <= at <= it.updated_at:
            yield f"{what} at {at}, not between {it.created_at} and {it.updated_at}"
    written: list[PullRequest | Review | ReviewComment | IssueComment] = [it]
    written += [*it.reviews, *it.review_comments, *it.issue_comments]
    for thing in written:
        if not it.created_at <= thing.created_at <= thing.updated_at <= now:
            yield f"{thing.id} was created at {thing.created_at} and updated at {thing.updated_at}; it is {now}"
    for listed in (it.reviews, it.review_comments, it.issue_comments):
        if [thing.id for thing in listed] != sorted(thing.id for thing in listed):
            yield "reviews or comments are not in the order in which they were made"
    for review in it.reviews:
        if review.state == "PENDING" and (review.author is None or review.author.id != viewer):
            yield f"review {review.id} is pending and not the viewer's own"
