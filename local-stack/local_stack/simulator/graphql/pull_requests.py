"""Resolvers of pull requests, except for their reviews and comments (`conversation`) and commits (`commits`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_stack.simulator import ids, model
from local_stack.simulator.graphql import accounts, repositories
from local_stack.simulator.graphql.nodes import (
    Event,
    IssueComment,
    Label,
    PullRequest,
    PullRequestCommit,
    PullRequestReview,
    PullRequestReviewThread,
    Ref,
    ReviewRequest,
    Team,
)
from local_stack.simulator.graphql.resolving import Table, context_of, paged
from local_stack.simulator.pagination import Page, page_of_sequence
from local_stack.simulator.timestamps import optional_timestamp, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphql import GraphQLResolveInfo


def node_id(source: PullRequest) -> str:
    """The node id of a pull request."""
    return ids.pull_request(source.repository.id, source.it.id)


def url(source: PullRequest) -> str:
    """The address of a pull request's page."""
    return f"{repositories.url(source.repository)}/pull/{source.it.number}"


def path(source: PullRequest) -> str:
    """The same without the host."""
    return f"/{source.repository.full_name}/pull/{source.it.number}"


def threads(source: PullRequest) -> list[PullRequestReviewThread]:
    """The review comments as threads: each comment that answers none, followed by those that answer it."""
    by_root: dict[int, list[model.ReviewComment]] = {}
    root_of: dict[int, int] = {}
    for comment in source.it.review_comments:
        root = root_of.get(comment.in_reply_to_id or 0, comment.in_reply_to_id or comment.id)
        root_of[comment.id] = root
        by_root.setdefault(root, []).append(comment)
    return [PullRequestReviewThread(source, comments) for comments in by_root.values()]


def _commits(source: PullRequest, _info: GraphQLResolveInfo, **arguments: Any) -> Page[PullRequestCommit]:  # noqa: ANN401 - GraphQL's arguments
    page = paged(lambda window: page_of_sequence(source.it.commits, lambda it: it.sha, window), arguments)
    return _wrap(page, lambda it: PullRequestCommit(source, it))


def _reviews(source: PullRequest, _info: GraphQLResolveInfo, **arguments: Any) -> Page[PullRequestReview]:  # noqa: ANN401 - likewise
    rows: Sequence[model.Review] = source.it.reviews
    states, author = arguments.get("states"), arguments.get("author")
    if states is not None or author is not None:
        rows = [
            it
            for it in rows
            if (states is None or it.state in states)
            and (author is None or (it.author is not None and it.author.login.lower() == author.lower()))
        ]
    page = paged(lambda window: page_of_sequence(rows, lambda it: it.id, window), arguments)
    return _wrap(page, lambda it: PullRequestReview(source, it))


def _comments(source: PullRequest, _info: GraphQLResolveInfo, **arguments: Any) -> Page[IssueComment]:  # noqa: ANN401 - likewise
    rows: Sequence[model.IssueComment] = source.it.issue_comments
    order = arguments.get("orderBy")
    if order is not None:
        rows = sorted(rows, key=lambda it: (it.updated_at, it.id), reverse=order["direction"] == "DESC")
    page = paged(lambda window: page_of_sequence(rows, lambda it: it.id, window), arguments)
    return _wrap(page, lambda it: IssueComment(source, it))


def _labels(source: PullRequest, _info: GraphQLResolveInfo, **arguments: Any) -> Page[Label]:  # noqa: ANN401 - likewise
    # All labels are as old as their repository here, so the default order by age is the order they are stored in.
    order = arguments["orderBy"]
    rows: Sequence[str] = source.it.labels
    if order is not None and order["field"] == "NAME":
        rows = sorted(rows)
    if order is not None and order["direction"] == "DESC":
        rows = rows[::-1]
    page = paged(lambda window: page_of_sequence(rows, lambda name: name, window), arguments)
    return _wrap(page, lambda name: Label(source.repository, name))


def _threads(source: PullRequest, _info: GraphQLResolveInfo, **arguments: Any) -> Page[PullRequestReviewThread]:  # noqa: ANN401 - likewise
    rows = threads(source)
    return paged(lambda window: page_of_sequence(rows, lambda it: it.comments[0].id, window), arguments)


def _requests(source: PullRequest, _info: GraphQLResolveInfo, **arguments: Any) -> Page[ReviewRequest]:  # noqa: ANN401 - likewise
    rows = [ReviewRequest(source, Team(who) if isinstance(who, str) else who) for who in source.it.requested_reviewers]
    return paged(lambda window: page_of_sequence(rows, request_id, window), arguments)


def request_id(request: ReviewRequest) -> str:
    """The node id of a review request."""
    who = request.reviewer
    key = who.combined_slug if isinstance(who, Team) else accounts.account_id(who)
    return ids.encode("RR", request.pull_request.repository.id, request.pull_request.it.id, key[:60])


def _wrap(page: Page[Any], make: Callable[[Any], Any]) -> Page[Any]:
    """The page with its rows as nodes; its cursors come from the rows themselves."""
    key_at = page.key_at
    return Page([make(row) for row in page.items], page.total, page.has_next, page.has_previous, key_at)


def _timeline(source: PullRequest, _info: GraphQLResolveInfo, **arguments: Any) -> Page[Any]:  # noqa: ANN401 - likewise
    asked = arguments.get("itemTypes")
    since = arguments.get("since")
    items = [
        (second, item)
        for kind, rows in _TIMELINE.items()
        if asked is None or kind in asked
        for second, item in rows(source)
        if since is None or timestamp(second) >= since
    ]
    items.sort(key=lambda pair: pair[0])
    skip = arguments.get("skip") or 0
    rows = [item for _, item in items][skip:]
    positions = {id(item): index for index, item in enumerate(rows)}
    return paged(lambda window: page_of_sequence(rows, lambda item: positions[id(item)], window), arguments)


def _event(source: PullRequest, kind: str, actor: model.Actor | None, second: int | None) -> list[tuple[int, Any]]:
    return [] if second is None else [(second, Event(kind, source, actor, second))]


_TIMELINE: dict[str, Callable[[PullRequest], Sequence[tuple[int, Any]]]] = {
    "PULL_REQUEST_COMMIT": lambda source: [
        (it.committed_at, PullRequestCommit(source, it)) for it in source.it.commits
    ],
    "PULL_REQUEST_REVIEW": lambda source: [(it.created_at, PullRequestReview(source, it)) for it in source.it.reviews],
    "ISSUE_COMMENT": lambda source: [(it.created_at, IssueComment(source, it)) for it in source.it.issue_comments],
    "READY_FOR_REVIEW_EVENT": lambda source: _event(
        source, "ReadyForReviewEvent", source.it.author, source.it.ready_for_review_at
    ),
    "MERGED_EVENT": lambda source: _event(source, "MergedEvent", source.it.merged_by, source.it.merged_at),
    "CLOSED_EVENT": lambda source: _event(source, "ClosedEvent", source.it.merged_by, source.it.closed_at),
}
"""The kinds of timeline items that the model knows; the others never occur."""


def _head_repository(source: PullRequest, info: GraphQLResolveInfo) -> model.Repository | None:
    full_name = source.it.head_repository
    if full_name is None:
        return None
    if full_name.lower() == source.repository.full_name.lower():
        return source.repository
    owner, _, name = full_name.partition("/")
    found = context_of(info).directory.repository(owner, name, follow_renames=False)
    # A fork in an account that the model does not hold: only its name is known.
    return found or model.Repository(
        id=0, name=name, owner=owner, created_at=0, updated_at=0, pushed_at=None, is_fork=True
    )


TABLE: Table = {
    "PullRequest": {
        "id": lambda source, _: node_id(source),
        "databaseId": lambda source, _: source.it.id,
        "fullDatabaseId": lambda source, _: str(source.it.id),
        "number": lambda source, _: source.it.number,
        "title": lambda source, _: source.it.title,
        "body": lambda source, _: source.it.body,
        "bodyText": lambda source, _: source.it.body,
        "author": lambda source, _: source.it.author,
        "authorAssociation": lambda source, _: source.it.association,
        "createdAt": lambda source, _: timestamp(source.it.created_at),
        "updatedAt": lambda source, _: timestamp(source.it.updated_at),
        "publishedAt": lambda source, _: timestamp(source.it.created_at),
        "closedAt": lambda source, _: optional_timestamp(source.it.closed_at),
        "mergedAt": lambda source, _: optional_timestamp(source.it.merged_at),
        "mergedBy": lambda source, _: source.it.merged_by,
        "closed": lambda source, _: not source.it.is_open,
        "merged": lambda source, _: source.it.merged_at is not None,
        "state": lambda source, _: repositories.state(source.it),
        "isDraft": lambda source, _: source.it.is_draft,
        "locked": lambda _source, _: False,
        "mergeCommit": lambda source, _: source.commit(source.it.merge_commit_sha),
        "mergeable": lambda source, _: "MERGEABLE" if source.it.is_open else "UNKNOWN",
        "additions": lambda source, _: source.it.additions,
        "deletions": lambda source, _: source.it.deletions,
        "changedFiles": lambda source, _: source.it.changed_files,
        "reviewDecision": lambda source, _: source.it.review_decision,
        "totalCommentsCount": lambda source, _: len(source.it.issue_comments) + len(source.it.review_comments),
        "baseRefName": lambda source, _: source.it.base_ref,
        "baseRefOid": lambda source, _: source.it.base_sha,
        "baseRef": lambda source, _: Ref(source.repository, source.it.base_ref),
        "baseRepository": lambda source, _: source.repository,
        "headRefName": lambda source, _: source.it.head_ref,
        "headRefOid": lambda source, _: source.it.head_sha,
        "headRepository": _head_repository,
        "isCrossRepository": lambda source, _: source.it.head_repository != source.repository.full_name,
        "repository": lambda source, _: source.repository,
        "url": lambda source, _: url(source),
        "permalink": lambda source, _: url(source),
        "resourcePath": lambda source, _: path(source),
        "commits": _commits,
        "reviews": _reviews,
        "comments": _comments,
        "labels": _labels,
        "reviewThreads": _threads,
        "reviewRequests": _requests,
        "timelineItems": _timeline,
    },
    "ReviewRequest": {
        "id": lambda request, _: request_id(request),
        "asCodeOwner": lambda _request, _: False,
        "pullRequest": lambda request, _: request.pull_request,
        "requestedReviewer": lambda request, _: request.reviewer,
    },
    "ReadyForReviewEvent": {
        "id": lambda event, _: _event_id("RFRE", event),
        "actor": lambda event, _: event.actor,
        "createdAt": lambda event, _: timestamp(event.second),
        "pullRequest": lambda event, _: event.pull_request,
        "url": lambda event, _: url(event.pull_request),
        "resourcePath": lambda event, _: path(event.pull_request),
    },
    "MergedEvent": {
        "id": lambda event, _: _event_id("ME", event),
        "actor": lambda event, _: event.actor,
        "createdAt": lambda event, _: timestamp(event.second),
        "pullRequest": lambda event, _: event.pull_request,
        "commit": lambda event, _: event.pull_request.commit(event.pull_request.it.merge_commit_sha),
        "mergeRefName": lambda event, _: event.pull_request.it.base_ref,
    },
    "ClosedEvent": {
        "id": lambda event, _: _event_id("CE", event),
        "actor": lambda event, _: event.actor,
        "createdAt": lambda event, _: timestamp(event.second),
        "closable": lambda event, _: event.pull_request,
    },
}


def _event_id(prefix: str, event: Event) -> str:
    return ids.encode(prefix, event.pull_request.repository.id, event.pull_request.it.id, event.second)
