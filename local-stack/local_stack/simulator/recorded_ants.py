"""The recording of panjf2000/ants: rows of REST lists, each with the address it was read from.

A user's repository, filed under an organization of the user's name. Some pull requests and rows were recorded twice;
each counts once. Not recorded, and so made up: lines and files changed (0), who merged (nobody), decisions of reviews
(none). The reviews that the comments on the diff belong to were not recorded: the comments belong to none here.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from local_stack.simulator.model import (
    Actor,
    Commit,
    IssueComment,
    Organization,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PULLS: Final = "0006_200_repos_panjf2000_ants_pulls.json"
_COMMITS: Final = "0003_200_repos_panjf2000_ants_pulls_23_commits.json"
_REVIEWS: Final = "0005_200_repos_panjf2000_ants_pulls_41_reviews.json"
_REVIEW_COMMENTS: Final = "0004_200_repos_panjf2000_ants_pulls_comments.json"
_ISSUE_COMMENTS: Final = "0001_200_repos_panjf2000_ants_issues_comments.json"


def load(folder: Path) -> Organization:
    """The organization `panjf2000` with the repository `ants` and its 49 recorded pull requests.

    Raises:
        OSError: A file is missing or cannot be read.
    """
    pulls = {row["number"]: row for _, row in _rows(folder / _PULLS)}
    recorded = next(iter(pulls.values()))["base"]["repo"]
    repository = Repository(
        id=recorded["id"],
        name=recorded["name"],
        owner=recorded["owner"]["login"],
        created_at=_second(recorded["created_at"]),
        updated_at=_second(recorded["updated_at"]),
        pushed_at=_second(recorded["pushed_at"]),
        description=recorded["description"],
        visibility=recorded["visibility"],
        is_archived=recorded["archived"],
        is_fork=recorded["fork"],
        is_disabled=recorded["disabled"],
        default_branch=recorded["default_branch"],
        primary_language=recorded["language"],
        pull_requests={number: _pull_request(row) for number, row in sorted(pulls.items())},
    )
    _add_children(folder, repository.pull_requests)
    return Organization(recorded["owner"]["id"], repository.owner, {repository.id: repository})


def _rows(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The address and the content of each recorded row."""
    for row in json.loads(file.read_text()):
        yield row["url"], row["data"]


def _add_children(folder: Path, pull_requests: dict[int, PullRequest]) -> None:
    for url, row in _rows(folder / _COMMITS):
        commits = pull_requests[int(url.split("/pulls/")[1].split("/")[0])].commits
        if all(commit.sha != row["sha"] for commit in commits):
            commits.append(_commit(row))
    for _, row in _rows(folder / _REVIEWS):
        reviews = pull_requests[_number(row["pull_request_url"])].reviews
        if all(review.id != row["id"] for review in reviews):
            reviews.append(_review(row))
    for _, row in _rows(folder / _REVIEW_COMMENTS):
        pull_requests[_number(row["pull_request_url"])].review_comments.append(_review_comment(row))
    for _, row in _rows(folder / _ISSUE_COMMENTS):
        # The others are comments on plain issues.
        if "/pull/" in row["html_url"]:
            comments = pull_requests[_number(row["issue_url"])].issue_comments
            if all(comment.id != row["id"] for comment in comments):
                comments.append(_issue_comment(row))
    for pull_request in pull_requests.values():
        pull_request.reviews.sort(key=lambda review: review.id)
        pull_request.review_comments.sort(key=lambda comment: comment.id)
        pull_request.issue_comments.sort(key=lambda comment: comment.id)


def _number(url: str) -> int:
    return int(url.rpartition("/")[2])


def _second(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _maybe_second(text: str | None) -> int | None:
    return None if text is None else _second(text)


def _actor(row: dict[str, Any] | None) -> Actor | None:
    if row is None:
        return None
    return Actor(row["id"], row["login"].removesuffix("[bot]"), row["type"])


def _pull_request(row: dict[str, Any]) -> PullRequest:
    merged_at = _maybe_second(row["merged_at"])
    return PullRequest(
        id=row["id"],
        number=row["number"],
        title=row["title"],
        body=row["body"] or "",
        author=_actor(row["user"]),
        association=row["author_association"],
        created_at=_second(row["created_at"]),
        updated_at=_second(row["updated_at"]),
        base_ref=row["base"]["ref"],
        base_sha=row["base"]["sha"],
        head_ref=row["head"]["ref"],
        head_sha=row["head"]["sha"],
        head_repository=row["head"]["repo"] and row["head"]["repo"]["full_name"],
        additions=0,
        deletions=0,
        changed_files=0,
        is_draft=row["draft"],
        closed_at=_maybe_second(row["closed_at"]),
        merged_at=merged_at,
        # REST names a test merge where there is no merge.
        merge_commit_sha=row["merge_commit_sha"] if merged_at is not None else None,
        labels=[label["name"] for label in row["labels"]],
    )


def _commit(row: dict[str, Any]) -> Commit:
    author, committer = row["commit"]["author"], row["commit"]["committer"]
    return Commit(
        sha=row["sha"],
        message=row["commit"]["message"],
        author_name=author["name"],
        author_email=author["email"],
        author_user=_actor(row["author"]),
        authored_at=_second(author["date"]),
        committer_name=committer["name"],
        committer_email=committer["email"],
        committer_user=_actor(row["committer"]),
        committed_at=_second(committer["date"]),
    )


def _review(row: dict[str, Any]) -> Review:
    submitted_at = _second(row["submitted_at"])
    return Review(
        id=row["id"],
        author=_actor(row["user"]),
        association=row["author_association"],
        state=row["state"],
        body=row["body"],
        submitted_at=submitted_at,
        commit_sha=row["commit_id"],
        created_at=submitted_at,
        updated_at=submitted_at,
    )


def _review_comment(row: dict[str, Any]) -> ReviewComment:
    return ReviewComment(
        id=row["id"],
        review_id=None,
        in_reply_to_id=row.get("in_reply_to_id"),
        author=_actor(row["user"]),
        association=row["author_association"],
        body=row["body"],
        created_at=_second(row["created_at"]),
        updated_at=_second(row["updated_at"]),
        path=row["path"],
        position=row["position"],
        line=row["line"],
        start_line=row["start_line"],
        original_position=row["original_position"],
        original_line=row["original_line"],
        commit_sha=row["commit_id"],
        original_commit_sha=row["original_commit_id"],
        diff_hunk=row["diff_hunk"],
    )


def _issue_comment(row: dict[str, Any]) -> IssueComment:
    return IssueComment(
        id=row["id"],
        author=_actor(row["user"]),
        association=row["author_association"],
        body=row["body"],
        created_at=_second(row["created_at"]),
        updated_at=_second(row["updated_at"]),
    )
