"""From GraphQL nodes to the rows of the streams, as the files under `schemas/` describe them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from tap_github_stats import timestamps
from tap_github_stats.overflow import OBSERVED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_github_stats.client import Json
    from tap_github_stats.probe import Repository

Row: TypeAlias = dict[str, Any]

_NOREPLY: Final = re.compile(r"(?:\d+\+)?([^@]+)@users\.noreply\.github\.com", re.IGNORECASE)
_TYPES: Final = {"EnterpriseUserAccount": "User"}


class Emitted(NamedTuple):
    """A row, the stream it belongs to, and the server's second at which GitHub said so."""

    stream: str
    row: Row
    observed: int


def repository_row(node: Json, organization: str) -> Row:
    """The row of `repositories`."""
    return {
        "repository": node["name"],
        "organization": organization,
        "repository_id": node["databaseId"],
        "node_id": node["id"],
        "description": node["description"],
        "url": node["url"],
        "visibility": node["visibility"].lower(),
        "is_private": node["isPrivate"],
        "is_archived": node["isArchived"],
        "is_fork": node["isFork"],
        "is_disabled": node["isDisabled"],
        "default_branch": (node["defaultBranchRef"] or {}).get("name"),
        "primary_language": (node["primaryLanguage"] or {}).get("name"),
        "created_at": _time(node["createdAt"]),
        "updated_at": _time(node["updatedAt"]),
        "pushed_at": _time(node["pushedAt"]),
    }


def pull_request_rows(
    node: Json, repository: Repository, streams: frozenset[str], observed: int, size_label_prefix: str
) -> Iterator[Emitted]:
    """All rows of a complete pull request for these streams: its own first, then its children, in a fixed order.

    No row is observed earlier than the pull request's own, which says what belongs to it now.
    """
    place = {
        "pr_number": node["number"],
        "repository": repository.name,
        "organization": repository.organization,
        "repository_id": repository.id,
    }
    comments = _review_comments(node, place, observed) if "review_comments" in streams else None
    if "pull_requests" in streams:
        count = None if comments is None else len(comments)
        yield Emitted("pull_requests", _pull_request(node, place, count, size_label_prefix), observed)
    if "commits" in streams:
        for link in node["commits"]["nodes"]:
            yield Emitted("commits", _commit(link["commit"], place), link.get(OBSERVED, observed))
    if "pull_request_commits" in streams:
        yield from _pull_request_commits(node, place, observed)
    if "reviews" in streams:
        for review in node["reviews"]["nodes"]:
            yield Emitted("reviews", _review(review, place), review.get(OBSERVED, observed))
    yield from comments or ()
    if "issue_comments" in streams:
        for comment in node["comments"]["nodes"]:
            yield Emitted("issue_comments", _issue_comment(comment, place), comment.get(OBSERVED, observed))


def _pull_request(node: Json, place: Row, review_comment_count: int | None, size_label_prefix: str) -> Row:
    labels = [label["name"] for label in node["labels"]["nodes"]] if node["labels"] else []
    issue_comment_count = node["comments"]["totalCount"]
    if review_comment_count is None:
        if node["totalCommentsCount"] is None:
            raise ValueError(
                "GitHub does not tell how many comments there are: select review_comments, which counts them"
            )
        review_comment_count = max(0, node["totalCommentsCount"] - issue_comment_count)
    ready = [event["createdAt"] for event in node["timelineItems"]["nodes"] if event]
    author, author_type = _who(node["author"])
    return {
        **place,
        "pull_request_id": int(node["fullDatabaseId"]),
        "node_id": node["id"],
        "title": node["title"],
        "state": "closed" if node["closed"] else "open",
        "author": author,
        "author_type": author_type,
        "author_association": node["authorAssociation"],
        "created_at": _time(node["createdAt"]),
        "updated_at": _time(node["updatedAt"]),
        "closed_at": _time(node["closedAt"]),
        "merged_at": _time(node["mergedAt"]),
        "merged_by": _who(node["mergedBy"])[0] if node["mergedBy"] else None,
        "url": node["url"],
        "additions": node["additions"],
        "deletions": node["deletions"],
        "changed_files": node["changedFiles"],
        "labels": labels,
        "size_label": next((label for label in labels if label.startswith(size_label_prefix)), None),
        "commit_count": node["commits"]["totalCount"],
        "review_count": node["reviews"]["totalCount"],
        "review_comment_count": review_comment_count,
        "issue_comment_count": issue_comment_count,
        "is_draft": node["isDraft"],
        "is_merged": node["merged"],
        "merge_commit_sha": _oid(node["mergeCommit"]),
        "base_ref": node["baseRefName"],
        "head_ref": node["headRefName"],
        "head_sha": node["headRefOid"],
        "head_repository": (node["headRepository"] or {}).get("nameWithOwner"),
        "review_decision": node["reviewDecision"],
        "requested_reviewers": list(_requested(node["reviewRequests"])),
        "ready_for_review_at": _time(ready[-1]) if ready else None,
    }


def _requested(connection: Json | None) -> Iterator[str]:
    for request in connection["nodes"] if connection else ():
        who = request["requestedReviewer"]
        if who:  # null where the reviewer is gone, or is a team that may not be seen
            yield who["combinedSlug"] if who["__typename"] == "Team" else _who(who)[0]


def _commit(commit: Json, place: Row) -> Row:
    author = commit["author"] or {}
    committer = commit["committer"] or {}
    return {
        "sha": commit["oid"],
        **place,
        "author": author.get("name"),
        "author_email": author.get("email"),
        "author_login": _git_login(author),
        "committer": committer.get("name"),
        "committer_email": committer.get("email"),
        "committer_login": _git_login(committer),
        "message": commit["message"],
        "commit_date": _time(commit["committedDate"]),
        "author_date": _time(commit["authoredDate"]),
        "url": commit["url"],
    }


def _pull_request_commits(node: Json, place: Row, observed: int) -> Iterator[Emitted]:
    for position, link in enumerate(node["commits"]["nodes"], start=1):
        commit = link["commit"]
        row = {"sha": commit["oid"], **place, "position": position, "commit_date": _time(commit["committedDate"])}
        yield Emitted("pull_request_commits", row, link.get(OBSERVED, observed))


def _review(review: Json, place: Row) -> Row:
    reviewer, reviewer_type = _who(review["author"])
    return {
        "review_id": int(review["fullDatabaseId"]),
        **place,
        "reviewer": reviewer,
        "reviewer_type": reviewer_type,
        "author_association": review["authorAssociation"],
        "state": review["state"],
        "body": review["body"],
        "submitted_at": _time(review["submittedAt"]),
        "commit_id": _oid(review["commit"]),
        "url": review["url"],
    }


def _review_comments(node: Json, place: Row, observed: int) -> list[Emitted]:
    """Those of the reviews, then those that only a thread shows, each once."""
    rows: dict[int, Emitted] = {}
    for review in node["reviews"]["nodes"]:
        for comment in review["comments"]["nodes"]:
            row = _review_comment(comment, int(review["fullDatabaseId"]), place)
            said = comment.get(OBSERVED, review.get(OBSERVED, observed))
            rows.setdefault(row["comment_id"], Emitted("review_comments", row, said))
    for thread in node.get("reviewThreads", {}).get("nodes", ()):
        for comment in thread["comments"]["nodes"]:
            review = comment["pullRequestReview"]
            row = _review_comment(comment, int(review["fullDatabaseId"]) if review else None, place)
            said = comment.get(OBSERVED, thread.get(OBSERVED, observed))
            rows.setdefault(row["comment_id"], Emitted("review_comments", row, said))
    return list(rows.values())


def _review_comment(comment: Json, review_id: int | None, place: Row) -> Row:
    author, author_type = _who(comment["author"])
    return {
        "comment_id": int(comment["fullDatabaseId"]),
        **place,
        "review_id": review_id,
        "in_reply_to_id": int(comment["replyTo"]["fullDatabaseId"]) if comment["replyTo"] else None,
        "author": author,
        "author_type": author_type,
        "author_association": comment["authorAssociation"],
        "body": comment["body"],
        "created_at": _time(comment["createdAt"]),
        "updated_at": _time(comment["updatedAt"]),
        "path": comment["path"],
        "position": comment["position"],
        "line": comment["line"],
        "start_line": comment["startLine"],
        "commit_id": _oid(comment["commit"]),
        "url": comment["url"],
    }


def _issue_comment(comment: Json, place: Row) -> Row:
    author, author_type = _who(comment["author"])
    return {
        "comment_id": int(comment["fullDatabaseId"]),
        **place,
        "author": author,
        "author_type": author_type,
        "author_association": comment["authorAssociation"],
        "body": comment["body"],
        "created_at": _time(comment["createdAt"]),
        "updated_at": _time(comment["updatedAt"]),
        "url": comment["url"],
    }


def _who(actor: Json | None) -> tuple[str, str]:
    """Login and type as REST spells them; GraphQL leaves out a bot's suffix and shows a deleted account as null."""
    if actor is None:
        return "ghost", "User"
    kind: str = actor["__typename"]
    login: str = actor["login"]
    if kind == "Bot" and not login.endswith("[bot]"):
        login += "[bot]"
    return login, _TYPES.get(kind, kind)


def _git_login(actor: Json) -> str | None:
    if user := actor.get("user"):
        login: str = user["login"]
        return login
    match = _NOREPLY.fullmatch(actor.get("email") or "")
    return match[1] if match else None


def _oid(commit: Json | None) -> str | None:
    return commit["oid"] if commit else None


def _time(text: str | None) -> str | None:
    return None if text is None else timestamps.in_utc(text)
