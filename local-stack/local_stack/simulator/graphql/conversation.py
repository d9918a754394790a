"""Resolvers of reviews, review comments, threads of them, and comments in the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_stack.simulator import ids, model
from local_stack.simulator.graphql import pull_requests
from local_stack.simulator.graphql.nodes import (
    PullRequest,
    PullRequestReview,
    PullRequestReviewComment,
    PullRequestReviewThread,
)
from local_stack.simulator.graphql.resolving import Resolver, Table, context_of, paged
from local_stack.simulator.pagination import Page, page_of_sequence
from local_stack.simulator.timestamps import optional_timestamp, timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import GraphQLResolveInfo


def comment_id(source: PullRequestReviewComment) -> str:
    """The node id of a review comment."""
    return ids.encode("PRRC", source.pull_request.repository.id, source.pull_request.it.number, source.it.id)


def _comments_page(
    pull_request: PullRequest, rows: Sequence[model.ReviewComment], arguments: dict[str, Any]
) -> Page[PullRequestReviewComment]:
    page = paged(lambda window: page_of_sequence(rows, lambda it: it.id, window), arguments)
    comments = [PullRequestReviewComment(pull_request, it) for it in page.items]
    return Page(comments, page.total, page.has_next, page.has_previous, page.key_at)


def _of_review(
    source: PullRequestReview,
    _info: GraphQLResolveInfo,
    **arguments: Any,  # noqa: ANN401 - GraphQL's arguments
) -> Page[PullRequestReviewComment]:
    rows = source.pull_request.comments_of_review(source.it.id)
    return _comments_page(source.pull_request, rows, arguments)


def _of_thread(
    source: PullRequestReviewThread,
    _info: GraphQLResolveInfo,
    **arguments: Any,  # noqa: ANN401 - likewise
) -> Page[PullRequestReviewComment]:
    return _comments_page(source.pull_request, source.comments[arguments.get("skip") or 0 :], arguments)


def _review_of(source: PullRequestReviewComment) -> PullRequestReview | None:
    if source.it.review_id is None:
        return None
    reviews = source.pull_request.it.reviews
    found = next((it for it in reviews if it.id == source.it.review_id), None)
    return None if found is None else PullRequestReview(source.pull_request, found)


def _replied_to(source: PullRequestReviewComment) -> PullRequestReviewComment | None:
    if source.it.in_reply_to_id is None:
        return None
    comments = source.pull_request.it.review_comments
    found = next((it for it in comments if it.id == source.it.in_reply_to_id), None)
    return None if found is None else PullRequestReviewComment(source.pull_request, found)


def _state(source: PullRequestReviewComment) -> str:
    review = _review_of(source)
    return "PENDING" if review is not None and review.it.state == "PENDING" else "SUBMITTED"


def _outdated(it: model.ReviewComment) -> bool:
    return it.position is None


_COMMENT: dict[str, Resolver] = {
    "databaseId": lambda source, _: source.it.id,
    "fullDatabaseId": lambda source, _: str(source.it.id),
    "author": lambda source, _: source.it.author,
    "authorAssociation": lambda source, _: source.it.association,
    "body": lambda source, _: source.it.body,
    "bodyText": lambda source, _: source.it.body,
    "createdAt": lambda source, _: timestamp(source.it.created_at),
    "updatedAt": lambda source, _: timestamp(source.it.updated_at),
    "isMinimized": lambda _source, _: False,
    "viewerDidAuthor": lambda source, info: source.it.author == context_of(info).world.viewer,
    "pullRequest": lambda source, _: source.pull_request,
    "repository": lambda source, _: source.pull_request.repository,
}

TABLE: Table = {
    "PullRequestReview": {
        **_COMMENT,
        "id": lambda source, _: ids.encode(
            "PRR", source.pull_request.repository.id, source.pull_request.it.number, source.it.id
        ),
        "state": lambda source, _: source.it.state,
        "submittedAt": lambda source, _: optional_timestamp(source.it.submitted_at),
        "publishedAt": lambda source, _: optional_timestamp(source.it.submitted_at),
        "commit": lambda source, _: source.pull_request.commit(source.it.commit_sha),
        "url": lambda source, _: f"{pull_requests.url(source.pull_request)}#pullrequestreview-{source.it.id}",
        "resourcePath": lambda source, _: f"{pull_requests.path(source.pull_request)}#pullrequestreview-{source.it.id}",
        "comments": _of_review,
    },
    "PullRequestReviewComment": {
        **_COMMENT,
        "id": lambda source, _: comment_id(source),
        "publishedAt": lambda source, _: timestamp(source.it.created_at),
        "draftedAt": lambda source, _: timestamp(source.it.created_at),
        "path": lambda source, _: source.it.path,
        "position": lambda source, _: source.it.position,
        "originalPosition": lambda source, _: source.it.original_position,
        "line": lambda source, _: source.it.line,
        "startLine": lambda source, _: source.it.start_line,
        "originalLine": lambda source, _: source.it.original_line,
        "diffHunk": lambda source, _: source.it.diff_hunk,
        "outdated": lambda source, _: _outdated(source.it),
        "state": lambda source, _: _state(source),
        "subjectType": lambda _source, _: "LINE",
        "commit": lambda source, _: source.pull_request.commit(source.it.commit_sha),
        "originalCommit": lambda source, _: source.pull_request.commit(source.it.original_commit_sha),
        "pullRequestReview": lambda source, _: _review_of(source),
        "replyTo": lambda source, _: _replied_to(source),
        "url": lambda source, _: f"{pull_requests.url(source.pull_request)}#discussion_r{source.it.id}",
        "resourcePath": lambda source, _: f"{pull_requests.path(source.pull_request)}#discussion_r{source.it.id}",
    },
    "PullRequestReviewThread": {
        "id": lambda source, _: ids.encode(
            "PRRT", source.pull_request.repository.id, source.pull_request.it.number, source.comments[0].id
        ),
        "isResolved": lambda _source, _: False,
        "isCollapsed": lambda source, _: _outdated(source.comments[0]),
        "isOutdated": lambda source, _: _outdated(source.comments[0]),
        "path": lambda source, _: source.comments[0].path,
        "line": lambda source, _: source.comments[0].line,
        "startLine": lambda source, _: source.comments[0].start_line,
        "originalLine": lambda source, _: source.comments[0].original_line,
        "diffSide": lambda _source, _: "RIGHT",
        "subjectType": lambda _source, _: "LINE",
        "pullRequest": lambda source, _: source.pull_request,
        "repository": lambda source, _: source.pull_request.repository,
        "comments": _of_thread,
    },
    "IssueComment": {
        **_COMMENT,
        "id": lambda source, _: ids.encode(
            "IC", source.pull_request.repository.id, source.pull_request.it.number, source.it.id
        ),
        "publishedAt": lambda source, _: timestamp(source.it.created_at),
        "url": lambda source, _: f"{pull_requests.url(source.pull_request)}#issuecomment-{source.it.id}",
        "resourcePath": lambda source, _: f"{pull_requests.path(source.pull_request)}#issuecomment-{source.it.id}",
    },
}
