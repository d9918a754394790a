"""The exact rows that our tables must hold, computed from the model alone.

Written from the description of the streams, without a line of the tap, so that a misreading is not shared.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from local_stack.simulator import ids

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from local_stack.simulator.model import Actor, Commit, PullRequest, Repository, World

Row: TypeAlias = dict[str, Any]

_NOREPLY: Final = re.compile(r"(?:\d+\+)?([^@]+)@users\.noreply\.github\.com", re.IGNORECASE)


def rows(
    world: World,
    stream: str,
    *,
    organizations: Collection[str] | None = None,
    since: int | None = None,
    size_label_prefix: str = "size/",
) -> Iterator[Row]:
    """The rows of one stream's table, in no particular order, with exactly the columns of the stream's schema.

    A row of `commits` has two more fields. `_pr_numbers` are all pull requests (not older than `since`) that list the
    commit or listed it until a force-push; `pr_number` is the smallest of those that list it, and any of
    `_pr_numbers` is as right. `_optional` is true where none lists it any more: the row is there if a run ever read it.

    Args:
        world: What GitHub holds.
        stream: One of `STREAMS`.
        organizations: Logins, in any case; all organizations if None.
        since: Only pull requests updated at this second or later, with everything on them. Repositories always come.
        size_label_prefix: What the label that becomes `size_label` starts with.

    Raises:
        ValueError: There is no such stream.
    """
    if stream not in _STREAMS:
        raise ValueError(f"no stream {stream!r}; the streams are {', '.join(STREAMS)}")
    wanted = None if organizations is None else {login.lower() for login in organizations}
    for key, organization in world.organizations.items():
        if wanted is None or key in wanted:
            for repository in organization.repositories.values():
                chosen = [
                    pull_request
                    for pull_request in repository.pull_requests.values()
                    if since is None or pull_request.updated_at >= since
                ]
                yield from _STREAMS[stream](repository, chosen, size_label_prefix)


def _repositories(repository: Repository, _chosen: list[PullRequest], _prefix: str) -> Iterator[Row]:
    yield {
        "repository": repository.name,
        "organization": repository.owner,
        "repository_id": repository.id,
        "node_id": ids.repository(repository.id),
        "description": repository.description,
        "url": f"https://github.com/{repository.owner}/{repository.name}",
        "visibility": repository.visibility,
        "is_private": repository.visibility != "public",
        "is_archived": repository.is_archived,
        "is_fork": repository.is_fork,
        "is_disabled": repository.is_disabled,
        "default_branch": repository.default_branch,
        "primary_language": repository.primary_language,
        "created_at": _timestamp(repository.created_at),
        "updated_at": _timestamp(repository.updated_at),
        "pushed_at": _timestamp(repository.pushed_at),
    }


def _pull_requests(repository: Repository, chosen: list[PullRequest], prefix: str) -> Iterator[Row]:
    for it in chosen:
        yield {
            "pr_number": it.number,
            **_place(repository),
            "pull_request_id": it.id,
            "node_id": ids.pull_request(repository.id, it.id),
            "title": it.title,
            "state": "open" if it.closed_at is None else "closed",
            **_who("author", it.author, it.association),
            "created_at": _timestamp(it.created_at),
            "updated_at": _timestamp(it.updated_at),
            "closed_at": _timestamp(it.closed_at),
            "merged_at": _timestamp(it.merged_at),
            "merged_by": None if it.merged_by is None else it.merged_by.rest_login,
            "url": _page(repository, it),
            "additions": it.additions,
            "deletions": it.deletions,
            "changed_files": it.changed_files,
            "labels": list(it.labels),
            "size_label": next((label for label in it.labels if label.startswith(prefix)), None),
            "commit_count": len(it.commits),
            "review_count": len(it.reviews),
            "review_comment_count": len(it.review_comments),
            "issue_comment_count": len(it.issue_comments),
            "is_draft": it.is_draft,
            "is_merged": it.merged_at is not None,
            "merge_commit_sha": it.merge_commit_sha,
            "base_ref": it.base_ref,
            "head_ref": it.head_ref,
            "head_sha": it.head_sha,
            "head_repository": it.head_repository,
            "review_decision": it.review_decision,
            "requested_reviewers": [who if isinstance(who, str) else who.rest_login for who in it.requested_reviewers],
            "ready_for_review_at": _timestamp(it.ready_for_review_at),
        }


def _commits(repository: Repository, chosen: list[PullRequest], _prefix: str) -> Iterator[Row]:
    commits: dict[str, Commit] = {}
    listing: dict[str, set[int]] = {}
    listed: dict[str, set[int]] = {}
    for pull_request in chosen:
        for numbers, those in ((listing, pull_request.commits), (listed, pull_request.former_commits)):
            for commit in those:
                commits[commit.sha] = commit
                numbers.setdefault(commit.sha, set()).add(pull_request.number)
    for sha, commit in commits.items():
        numbers_now = listing.get(sha, set())
        numbers_ever = numbers_now | listed.get(sha, set())
        yield {
            "sha": sha,
            "pr_number": min(numbers_now or numbers_ever),
            **_place(repository),
            "author": commit.author_name,
            "author_email": commit.author_email,
            "author_login": _git_login(commit.author_user, commit.author_email),
            "committer": commit.committer_name,
            "committer_email": commit.committer_email,
            "committer_login": _git_login(commit.committer_user, commit.committer_email),
            "message": commit.message,
            "commit_date": _timestamp(commit.committed_at),
            "author_date": _timestamp(commit.authored_at),
            "url": f"https://github.com/{repository.owner}/{repository.name}/commit/{sha}",
            "_pr_numbers": sorted(numbers_ever),
            "_optional": not numbers_now,
        }


def _pull_request_commits(repository: Repository, chosen: list[PullRequest], _prefix: str) -> Iterator[Row]:
    for pull_request in chosen:
        for position, commit in enumerate(pull_request.commits, start=1):
            yield {
                "sha": commit.sha,
                "pr_number": pull_request.number,
                **_place(repository),
                "position": position,
                "commit_date": _timestamp(commit.committed_at),
            }


def _reviews(repository: Repository, chosen: list[PullRequest], _prefix: str) -> Iterator[Row]:
    for pull_request in chosen:
        for review in pull_request.reviews:
            yield {
                "review_id": review.id,
                "pr_number": pull_request.number,
                **_place(repository),
                **_who("reviewer", review.author, review.association),
                "state": review.state,
                "body": review.body,
                "submitted_at": _timestamp(review.submitted_at),
                "commit_id": review.commit_sha,
                "url": f"{_page(repository, pull_request)}#pullrequestreview-{review.id}",
            }


def _review_comments(repository: Repository, chosen: list[PullRequest], _prefix: str) -> Iterator[Row]:
    for pull_request in chosen:
        for comment in pull_request.review_comments:
            yield {
                "comment_id": comment.id,
                "pr_number": pull_request.number,
                **_place(repository),
                "review_id": comment.review_id,
                "in_reply_to_id": comment.in_reply_to_id,
                **_who("author", comment.author, comment.association),
                "body": comment.body,
                "created_at": _timestamp(comment.created_at),
                "updated_at": _timestamp(comment.updated_at),
                "path": comment.path,
                "position": comment.position,
                "line": comment.line,
                "start_line": comment.start_line,
                "commit_id": comment.commit_sha,
                "url": f"{_page(repository, pull_request)}#discussion_r{comment.id}",
            }


def _issue_comments(repository: Repository, chosen: list[PullRequest], _prefix: str) -> Iterator[Row]:
    for pull_request in chosen:
        for comment in pull_request.issue_comments:
            yield {
                "comment_id": comment.id,
                "pr_number": pull_request.number,
                **_place(repository),
                **_who("author", comment.author, comment.association),
                "body": comment.body,
                "created_at": _timestamp(comment.created_at),
                "updated_at": _timestamp(comment.updated_at),
                "url": f"{_page(repository, pull_request)}#issuecomment-{comment.id}",
            }


_STREAMS: Final[dict[str, Callable[[Repository, list[PullRequest], str], Iterator[Row]]]] = {
    "repositories": _repositories,
    "pull_requests": _pull_requests,
    "commits": _commits,
    "pull_request_commits": _pull_request_commits,
    "reviews": _reviews,
    "review_comments": _review_comments,
    "issue_comments": _issue_comments,
}
STREAMS: Final = tuple(_STREAMS)


def _place(repository: Repository) -> Row:
    return {"repository": repository.name, "organization": repository.owner, "repository_id": repository.id}


def _page(repository: Repository, pull_request: PullRequest) -> str:
    return f"https://github.com/{repository.owner}/{repository.name}/pull/{pull_request.number}"


def _who(role: str, actor: Actor | None, association: str) -> Row:
    """The columns on whoever wrote something; GitHub shows the user `ghost` where the account is gone."""
    login, kind = ("ghost", "User") if actor is None else (actor.rest_login, actor.kind)
    return {role: login, f"{role}_type": kind, "author_association": association}


def _git_login(account: Actor | None, email: str | None) -> str | None:
    if account is not None:
        return account.rest_login
    noreply = _NOREPLY.fullmatch(email or "")
    return noreply[1] if noreply else None


def _timestamp(second: int | None) -> str | None:
    return None if second is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
