"""Review comments and comments in the conversation, of one pull request or of a whole repository.

`since` is about `updated_at`. `direction` is ignored without `sort`; then the rows come by ascending id.
Comments of a review that was not submitted yet are only listed below that review (assumed: no recording shows one).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from local_stack.simulator import ids, model
from local_stack.simulator.rest import accounts
from local_stack.simulator.rest.call import Call, Result
from local_stack.simulator.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Comment = TypeVar("Comment", model.ReviewComment, model.IssueComment)


def on_diff(
    call: Call, repository: model.Repository, parent: model.PullRequest, it: model.ReviewComment
) -> dict[str, Any]:
    """A review comment; `in_reply_to_id` only where it replies."""
    api = f"{call.base}/repos/{repository.full_name}/pulls"
    html_url = f"https://github.com/{repository.full_name}/pull/{parent.number}#discussion_r{it.id}"
    return {
        "url": f"{api}/comments/{it.id}",
        "pull_request_review_id": it.review_id,
        "id": it.id,
        "node_id": ids.encode("PRRC", repository.id, parent.number, it.id),
        "diff_hunk": it.diff_hunk,
        "path": it.path,
        "commit_id": it.commit_sha,
        "original_commit_id": it.original_commit_sha,
        "user": accounts.simple(call.base, it.author),
        "body": it.body,
        "created_at": timestamp(it.created_at),
        "updated_at": timestamp(it.updated_at),
        "html_url": html_url,
        "pull_request_url": f"{api}/{parent.number}",
        "author_association": it.association,
        "_links": {
            "self": {"href": f"{api}/comments/{it.id}"},
            "html": {"href": html_url},
            "pull_request": {"href": f"{api}/{parent.number}"},
        },
        "reactions": _reactions(f"{api}/comments/{it.id}"),
        "start_line": it.start_line,
        "original_start_line": None,
        "start_side": None if it.start_line is None else "RIGHT",
        "line": it.line,
        "original_line": it.original_line,
        "side": "RIGHT",
        "original_position": it.original_position,
        "position": it.position,
        "subject_type": "line",
        **({} if it.in_reply_to_id is None else {"in_reply_to_id": it.in_reply_to_id}),
    }


def in_conversation(
    call: Call, repository: model.Repository, parent: model.PullRequest, it: model.IssueComment
) -> dict[str, Any]:
    """A comment in the conversation."""
    api = f"{call.base}/repos/{repository.full_name}/issues"
    return {
        "url": f"{api}/comments/{it.id}",
        "html_url": f"https://github.com/{repository.full_name}/pull/{parent.number}#issuecomment-{it.id}",
        "issue_url": f"{api}/{parent.number}",
        "id": it.id,
        "node_id": ids.encode("IC", repository.id, parent.number, it.id),
        "user": accounts.simple(call.base, it.author),
        "created_at": timestamp(it.created_at),
        "updated_at": timestamp(it.updated_at),
        "body": it.body,
        "author_association": it.association,
        "reactions": _reactions(f"{api}/comments/{it.id}"),
        "performed_via_github_app": None,
    }


def diff_of_pull_request(call: Call) -> Result:
    """`GET /repos/{owner}/{repo}/pulls/{number}/comments`."""
    repository = call.repository()
    parent = call.pull_request(repository)
    ordered = _ordered(call, ((parent, it) for it in _submitted(parent)))
    rows, headers = call.page(ordered, f"/repositories/{repository.id}/pulls/{parent.number}/comments")
    return Result([on_diff(call, repository, parent, it) for parent, it in rows], headers=headers)


def diff_of_repository(call: Call) -> Result:
    """`GET /repos/{owner}/{repo}/pulls/comments`."""
    repository = call.repository()
    pairs = ((parent, it) for parent in repository.pull_requests.values() for it in _submitted(parent))
    rows, headers = call.page(_ordered(call, pairs), f"/repositories/{repository.id}/pulls/comments")
    return Result([on_diff(call, repository, parent, it) for parent, it in rows], headers=headers)


def diff_of_review(call: Call) -> Result:
    """`GET /repos/{owner}/{repo}/pulls/{number}/reviews/{review_id}/comments`."""
    repository = call.repository()
    parent = call.pull_request(repository)
    wanted = call.parameters["review_id"]
    if all(review.id != wanted for review in parent.reviews):
        raise call.not_found()
    chosen = sorted((it for it in parent.review_comments if it.review_id == wanted), key=lambda it: it.id)
    rows, headers = call.page(chosen, f"/repositories/{repository.id}/pulls/{parent.number}/reviews/{wanted}/comments")
    return Result([on_diff(call, repository, parent, it) for it in rows], headers=headers)


def _submitted(parent: model.PullRequest) -> Iterator[model.ReviewComment]:
    pending = {review.id for review in parent.reviews if review.state == "PENDING"}
    return (it for it in parent.review_comments if it.review_id not in pending)


def conversation_of_pull_request(call: Call) -> Result:
    """`GET /repos/{owner}/{repo}/issues/{number}/comments`, which takes `since` but no `sort`."""
    repository = call.repository()
    parent = call.pull_request(repository)
    since = call.since()
    chosen = sorted(
        (it for it in parent.issue_comments if since is None or it.updated_at >= since), key=lambda it: it.id
    )
    rows, headers = call.page(chosen, f"/repositories/{repository.id}/issues/{parent.number}/comments")
    return Result([in_conversation(call, repository, parent, it) for it in rows], headers=headers)


def conversation_of_repository(call: Call) -> Result:
    """`GET /repos/{owner}/{repo}/issues/comments`; the World has no plain issues, so all are on pull requests."""
    repository = call.repository()
    pairs = ((parent, it) for parent in repository.pull_requests.values() for it in parent.issue_comments)
    rows, headers = call.page(_ordered(call, pairs), f"/repositories/{repository.id}/issues/comments")
    return Result([in_conversation(call, repository, parent, it) for parent, it in rows], headers=headers)


def _ordered(call: Call, pairs: Iterable[tuple[model.PullRequest, Comment]]) -> list[tuple[model.PullRequest, Comment]]:
    since = call.since()
    chosen = [pair for pair in pairs if since is None or pair[1].updated_at >= since]
    sort = call.query.get("sort")
    if sort == "updated":
        chosen.sort(key=lambda pair: (pair[1].updated_at, pair[1].id))
    elif sort in {"created", "created_at"}:
        chosen.sort(key=lambda pair: (pair[1].created_at, pair[1].id))
    else:
        chosen.sort(key=lambda pair: pair[1].id)
    if sort is not None and call.query.get("direction") == "desc":
        chosen.reverse()
    return chosen


def _reactions(url: str) -> dict[str, Any]:
    kinds = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(kinds, 0)}
