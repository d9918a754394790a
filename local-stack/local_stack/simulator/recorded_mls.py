"""The recording of mlswg/mls-protocol: an archive of all its pull requests, read through GraphQL, and counts from git.

Not in the archive, and so made up, the same each time:

- Commits. There are as many as git counts, the last one being the head; the others have invented SHAs. All are by the
  pull request's author, without an address, at the time the pull request was opened.
- Ids of accounts and of comments, by the order of appearance. All accounts are people: no bot and no deleted one
  takes part.
- Of comments on the diff their authors (the review's), their file and everything but the original position.
- When a review was submitted (when it was begun), and 33 of the 40 digits of what it reviewed.
- The repository's own fields, except its id and the day of the archive.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from local_stack.simulator import ids
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
    from pathlib import Path

_REPOSITORY_ID: Final = 109_873_129
_PATH: Final = "draft-ietf-mls-protocol.md"
_FIRST_ACCOUNT_ID: Final = 200_000_000
LAST_ACCOUNT_ID: Final = 200_999_999
_ORGANIZATION_ID: Final = LAST_ACCOUNT_ID
_FIRST_COMMENT_ID: Final = 2_200_000_000


def load(folder: Path) -> Organization:
    """The organization `mlswg` with the repository `mls-protocol` and its 582 pull requests.

    Raises:
        OSError: A file is missing or cannot be read.
    """
    archive = json.loads((folder / "archive_pulls.json").read_text())
    counted = {row["number"]: row for row in json.loads((folder / "git_counts.json").read_text())}
    owner, name = archive["repo"].split("/")
    reader = _Reader()
    pull_requests = [reader.pull_request(row, counted[row["number"]]) for row in archive["pulls"]]
    last_update = max(it.updated_at for it in pull_requests)
    repository = Repository(
        id=_REPOSITORY_ID,
        name=name,
        owner=owner,
        created_at=min(it.created_at for it in pull_requests),
        updated_at=int(datetime.fromisoformat(archive["timestamp"]).timestamp()),
        pushed_at=last_update,
        pull_requests={it.number: it for it in sorted(pull_requests, key=lambda it: it.number)},
    )
    return Organization(_ORGANIZATION_ID, owner, {repository.id: repository})


def _second(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _number(node_id: str) -> int:
    """The numeric id in a node id of either spelling: `PR_kwDO...`, or base64 of `011:PullRequest123`."""
    decoded = ids.decode(node_id)
    if decoded is not None:
        return int(decoded[1][-1])
    kind = base64.b64decode(node_id).decode().partition(":")[2]
    return int("".join(letter for letter in kind if letter.isdigit()))


def _sha(*parts: object) -> str:
    return hashlib.sha1("/".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


class _Reader:
    """Reads pull requests in turn and gives ids to what was recorded without."""

    def __init__(self) -> None:
        self._accounts: dict[str, Actor] = {}
        self._comments = _FIRST_COMMENT_ID

    def _actor(self, login: str | None) -> Actor | None:
        if login is None:
            return None
        return self._accounts.setdefault(login, Actor(_FIRST_ACCOUNT_ID + len(self._accounts), login))

    def _comment_id(self) -> int:
        self._comments += 1
        return self._comments

    def pull_request(self, row: dict[str, Any], counted: dict[str, Any]) -> PullRequest:
        """One pull request with everything on it."""
        pull_request = PullRequest(
            id=_number(row["id"]),
            number=row["number"],
            title=row["title"],
            body=row["body"],
            author=self._actor(row["author"]),
            association=row["authorAssociation"],
            created_at=_second(row["createdAt"]),
            updated_at=_second(row["updatedAt"]),
            base_ref=row["baseRefName"],
            base_sha=row["baseRefOid"],
            head_ref=row["headRefName"],
            head_sha=row["headRefOid"],
            head_repository=row["headRepository"],
            additions=counted["additions"],
            deletions=counted["deletions"],
            changed_files=counted["changed_files"],
            closed_at=None if row["closedAt"] is None else _second(row["closedAt"]),
            merged_at=None if row["mergedAt"] is None else _second(row["mergedAt"]),
            merged_by=self._actor(row["mergedBy"]),
            merge_commit_sha=None if row["mergeCommit"] is None else row["mergeCommit"]["oid"],
            labels=list(row["labels"]),
        )
        pull_request.commits = [_commit(pull_request, place, counted["commits"]) for place in range(counted["commits"])]
        for review in row["reviews"]:
            self._add_review(pull_request, review)
        pull_request.issue_comments = [self._issue_comment(comment) for comment in row["comments"]]
        return pull_request

    def _add_review(self, pull_request: PullRequest, row: dict[str, Any]) -> None:
        reviewed = row["commit"] and row["commit"]["abbreviatedOid"]
        if reviewed is not None:
            is_head = pull_request.head_sha.startswith(reviewed)
            reviewed = (
                pull_request.head_sha if is_head else reviewed + _sha(pull_request.number, reviewed)[len(reviewed) :]
            )
        review = Review(
            id=_number(row["id"]),
            author=self._actor(row["author"]),
            association=row["authorAssociation"],
            state=row["state"],
            body=row["body"],
            submitted_at=_second(row["createdAt"]),
            commit_sha=reviewed,
            created_at=_second(row["createdAt"]),
            updated_at=_second(row["updatedAt"]),
        )
        pull_request.reviews.append(review)
        pull_request.review_comments += [self._review_comment(review, comment) for comment in row["comments"]]

    def _review_comment(self, review: Review, row: dict[str, Any]) -> ReviewComment:
        return ReviewComment(
            id=self._comment_id(),
            review_id=review.id,
            in_reply_to_id=None,
            author=review.author,
            association=review.association,
            body=row["body"],
            created_at=_second(row["createdAt"]),
            updated_at=_second(row["updatedAt"]),
            path=_PATH,
            position=None,
            line=None,
            start_line=None,
            original_position=row["originalPosition"],
            original_line=None,
            commit_sha=review.commit_sha,
            original_commit_sha=review.commit_sha,
            diff_hunk="",
        )

    def _issue_comment(self, row: dict[str, Any]) -> IssueComment:
        return IssueComment(
            id=self._comment_id(),
            author=self._actor(row["author"]),
            association=row["authorAssociation"],
            body=row["body"],
            created_at=_second(row["createdAt"]),
            updated_at=_second(row["updatedAt"]),
        )


def _commit(it: PullRequest, place: int, count: int) -> Commit:
    is_last = place == count - 1
    name = None if it.author is None else it.author.login
    return Commit(
        sha=it.head_sha if is_last else _sha(it.number, it.head_sha, place),
        message=f"Commit {place + 1} of {count} of #{it.number}",
        author_name=name,
        author_email=None,
        author_user=it.author,
        authored_at=it.created_at,
        committer_name=name,
        committer_email=None,
        committer_user=it.author,
        committed_at=it.created_at,
    )
