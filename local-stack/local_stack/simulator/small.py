"""A small organization made by hand, one case of everything, whose truth the tests hold written out by hand.

Two repositories with five pull requests and one empty repository: merged, closed, open, draft and ready ones; a bot,
a deleted account and a mannequin; a pending review, comments without a review, a commit in two pull requests and in
two repositories, a force-pushed commit, noreply addresses, sizes, a team as reviewer, a deleted fork, odd dates.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from local_stack.simulator.model import (
    Actor,
    Clock,
    Commit,
    IssueComment,
    Organization,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    World,
)

_VIEWER: Final = Actor(1000, "stats-collector", name="Stats Collector")
_ALICE: Final = Actor(1001, "alice", name="Alice Åhlgren", email="alice@example.com")
_BOB: Final = Actor(1002, "Bob-B", name="Bob Brandt")
_MONA: Final = Actor(1003, "mona-migrated", "Mannequin")
_DEPENDABOT: Final = Actor(49699333, "dependabot", "Bot")


def world() -> World:
    """A new copy of the small organization `Octo-Org`; its clock stands still at 2026-03-01T00:00:00Z."""
    repositories = [_widgets(), _gadgets(), _empty()]
    return World(
        viewer=_VIEWER,
        clock=Clock(frozen=_at("2026-03-01T00:00:00Z")),
        organizations={"octo-org": Organization(9001, "Octo-Org", {it.id: it for it in repositories})},
        last_ids={
            "User": 49699333,
            "Repository": 503,
            "PullRequest": 3000000005,
            "PullRequestReview": 3000000104,
            "PullRequestReviewComment": 3000000205,
            "IssueComment": 3000000302,
        },
    )


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _commit(letters: str, message: str, author: tuple[str, str | None, Actor | None], *, on: tuple[str, str]) -> Commit:
    """A commit made by its author; `on` is when it was authored and when it was committed."""
    name, email, account = author
    authored_at, committed_at = map(_at, on)
    return Commit(letters * 20, message, name, email, account, authored_at, name, email, account, committed_at)


def _shared_commit() -> Commit:
    """Listed by two pull requests of `widgets` and by one of `gadgets.io`."""
    return _commit(
        "a1",
        "Größe fest\n\nCo-authored-by: Bob <1002+Bob-B@users.noreply.github.com>",
        ("Alice Åhlgren", "alice@example.com", _ALICE),
        on=("2026-01-05T09:00:00Z", "2026-01-05T09:30:00Z"),
    )


def _widgets() -> Repository:
    numbered = [_merged(), _draft(), _force_pushed(), _made_ready()]
    return Repository(
        id=501,
        name="widgets",
        owner="Octo-Org",
        created_at=_at("2025-12-01T08:00:00Z"),
        updated_at=_at("2026-01-20T08:00:00Z"),
        pushed_at=_at("2026-02-10T12:00:00Z"),
        description='Widgets: "quoted", `ticked` & ünïcode 🎉',
        primary_language="Python",
        pull_requests={it.number: it for it in numbered},
    )


def _merged() -> PullRequest:
    return PullRequest(
        id=3000000001,
        number=1,
        title="Fix the size of widgets",
        body="Closes #0\r\n\r\nIt was too big.",
        author=_ALICE,
        association="MEMBER",
        created_at=_at("2026-01-05T10:00:00Z"),
        updated_at=_at("2026-01-07T09:00:00Z"),
        base_ref="main",
        base_sha="0b" * 20,
        head_ref="feature/größe",
        head_sha="a2" * 20,
        head_repository="Octo-Org/widgets",
        additions=120,
        deletions=7,
        changed_files=3,
        closed_at=_at("2026-01-06T15:00:00Z"),
        merged_at=_at("2026-01-06T15:00:00Z"),
        merged_by=_BOB,
        merge_commit_sha="3e" * 20,
        review_decision="APPROVED",
        labels=["bug", "size/M", "size/S", "🎉"],
        commits=[
            _shared_commit(),
            _commit(
                "a2",
                "Make it smaller still",
                ("Bob", "1002+Bob-B@Users.NoReply.GitHub.com", None),
                on=("2026-01-06T08:00:00Z", "2026-01-06T08:00:00Z"),
            ),
        ],
        reviews=[
            Review(
                id=3000000101,
                author=_VIEWER,
                association="COLLABORATOR",
                state="COMMENTED",
                body="",
                submitted_at=_at("2026-01-06T10:00:00Z"),
                commit_sha="a1" * 20,
                created_at=_at("2026-01-06T09:50:00Z"),
                updated_at=_at("2026-01-06T10:00:00Z"),
            ),
            Review(
                id=3000000102,
                author=_BOB,
                association="MEMBER",
                state="APPROVED",
                body="LGTM 👍",
                submitted_at=_at("2026-01-06T14:00:00Z"),
                commit_sha="a2" * 20,
                created_at=_at("2026-01-06T14:00:00Z"),
                updated_at=_at("2026-01-06T14:00:00Z"),
            ),
        ],
        review_comments=[
            ReviewComment(
                id=3000000201,
                review_id=3000000101,
                in_reply_to_id=None,
                author=_VIEWER,
                association="COLLABORATOR",
                body="Why 7?",
                created_at=_at("2026-01-06T09:55:00Z"),
                updated_at=_at("2026-01-06T09:56:00Z"),
                path="src/../größe.py",
                position=None,
                line=None,
                start_line=None,
                original_position=4,
                original_line=14,
                commit_sha="a1" * 20,
                original_commit_sha="a1" * 20,
                diff_hunk="@@ -1,3 +1,4 @@",
            ),
            ReviewComment(
                id=3000000202,
                review_id=3000000102,
                in_reply_to_id=3000000201,
                author=_BOB,
                association="MEMBER",
                body="Because 🤷",
                created_at=_at("2026-01-06T14:00:00Z"),
                updated_at=_at("2026-01-06T14:00:00Z"),
                path="src/../größe.py",
                position=5,
                line=15,
                start_line=12,
                original_position=5,
                original_line=15,
                commit_sha="a2" * 20,
                original_commit_sha="a2" * 20,
                diff_hunk="@@ -1,3 +1,4 @@",
            ),
            ReviewComment(
                id=3000000203,
                review_id=None,
                in_reply_to_id=None,
                author=None,
                association="NONE",
                body="Older than reviews are",
                created_at=_at("2026-01-07T08:00:00Z"),
                updated_at=_at("2026-01-07T08:00:00Z"),
                path="README.md",
                position=1,
                line=1,
                start_line=None,
                original_position=1,
                original_line=1,
                commit_sha=None,
                original_commit_sha=None,
                diff_hunk="@@ -0,0 +1 @@",
            ),
        ],
        issue_comments=[
            IssueComment(
                id=3000000301,
                author=_DEPENDABOT,
                association="CONTRIBUTOR",
                body="I will merge this.",
                created_at=_at("2026-01-06T14:30:00Z"),
                updated_at=_at("2026-01-06T14:45:00Z"),
            ),
            IssueComment(
                id=3000000302,
                author=None,
                association="NONE",
                body="'); DROP TABLE pull_requests; --",
                created_at=_at("2026-01-07T09:00:00Z"),
                updated_at=_at("2026-01-07T09:00:00Z"),
            ),
        ],
    )


def _draft() -> PullRequest:
    return PullRequest(
        id=3000000002,
        number=2,
        title="Bump left-pad from 1.0 to 1.1",
        body="",
        author=_DEPENDABOT,
        association="CONTRIBUTOR",
        created_at=_at("2026-01-08T03:00:00Z"),
        updated_at=_at("2026-01-08T04:00:00Z"),
        base_ref="main",
        base_sha="3e" * 20,
        head_ref="dependabot/npm/left-pad-1.1",
        head_sha="b1" * 20,
        head_repository=None,
        additions=1,
        deletions=1,
        changed_files=1,
        is_draft=True,
        review_decision="REVIEW_REQUIRED",
        labels=["dependencies"],
        requested_reviewers=[_ALICE, "Octo-Org/core-team"],
        commits=[
            _shared_commit(),
            _commit(
                "b1",
                "Bump left-pad",
                ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com", None),
                on=("2026-01-08T02:59:00Z", "2026-01-08T02:59:00Z"),
            ),
        ],
        reviews=[
            Review(
                id=3000000103,
                author=_VIEWER,
                association="COLLABORATOR",
                state="PENDING",
                body="not sent yet",
                submitted_at=None,
                commit_sha="b1" * 20,
                created_at=_at("2026-01-08T05:00:00Z"),
                updated_at=_at("2026-01-08T05:00:00Z"),
            ),
        ],
        review_comments=[
            ReviewComment(
                id=3000000204,
                review_id=3000000103,
                in_reply_to_id=None,
                author=_VIEWER,
                association="COLLABORATOR",
                body="pending too",
                created_at=_at("2026-01-08T05:00:00Z"),
                updated_at=_at("2026-01-08T05:00:00Z"),
                path="package.json",
                position=3,
                line=9,
                start_line=None,
                original_position=3,
                original_line=9,
                commit_sha="b1" * 20,
                original_commit_sha="b1" * 20,
                diff_hunk="@@ -9 +9 @@",
            ),
        ],
    )


def _force_pushed() -> PullRequest:
    return PullRequest(
        id=3000000003,
        number=4,
        title="`rm -rf ../` \"and\" 'so on' מימין לשמאל",
        body="\u202eRTL\u202c \u0001 control",
        author=None,
        association="NONE",
        created_at=_at("2026-02-01T00:00:00Z"),
        updated_at=_at("2026-02-03T00:00:00Z"),
        base_ref="release/1.x",
        base_sha="4e" * 20,
        head_ref="patch-1",
        head_sha="c2" * 20,
        head_repository="someone-else/widgets",
        additions=0,
        deletions=40,
        changed_files=1,
        closed_at=_at("2026-02-03T00:00:00Z"),
        labels=["size/XS"],
        commits=[
            _commit("c2", "Second try", ("ghost", None, None), on=("2026-02-02T00:00:00Z", "2026-02-02T00:00:00Z")),
        ],
        former_commits=[
            _commit(
                "c1",
                "First try",
                ("Bob", "bob-b@users.noreply.github.com", _BOB),
                on=("2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z"),
            ),
        ],
        reviews=[
            Review(
                id=3000000104,
                author=_BOB,
                association="MEMBER",
                state="DISMISSED",
                body="Please stop",
                submitted_at=_at("2026-02-01T12:00:00Z"),
                commit_sha=None,
                created_at=_at("2026-02-01T12:00:00Z"),
                updated_at=_at("2026-02-02T12:00:00Z"),
            ),
        ],
    )


def _made_ready() -> PullRequest:
    return PullRequest(
        id=3000000004,
        number=5,
        title="Nothing yet",
        body="",
        author=_MONA,
        association="MANNEQUIN",
        created_at=_at("2026-02-10T11:00:00Z"),
        updated_at=_at("2026-02-10T12:00:00Z"),
        base_ref="main",
        base_sha="3e" * 20,
        head_ref="nothing",
        head_sha="3e" * 20,
        head_repository="Octo-Org/widgets",
        additions=0,
        deletions=0,
        changed_files=0,
        ready_for_review_at=_at("2026-02-10T12:00:00Z"),
        requested_reviewers=[_DEPENDABOT],
    )


def _gadgets() -> Repository:
    pull_request = PullRequest(
        id=3000000005,
        number=1,
        title="Bring the old history along",
        body="From 1970 on.",
        author=_BOB,
        association="OWNER",
        created_at=_at("2026-02-14T10:00:00Z"),
        updated_at=_at("2026-02-14T12:00:00Z"),
        base_ref="trunk",
        base_sha="5e" * 20,
        head_ref="history",
        head_sha="d2" * 20,
        head_repository="Octo-Org/gadgets.io",
        additions=9000,
        deletions=0,
        changed_files=250,
        closed_at=_at("2026-02-14T12:00:00Z"),
        merged_at=_at("2026-02-14T12:00:00Z"),
        merge_commit_sha="6e" * 20,
        labels=["size/XL"],
        commits=[
            _shared_commit(),
            _commit(
                "d1", "Once upon a time", ("root", "root", None), on=("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z")
            ),
            _commit(
                "d2",
                "Merge branch 'main' into history",
                ("Bob", "bob@example.com", _BOB),
                on=("2026-02-14T09:00:00Z", "2099-12-31T23:59:59Z"),
            ),
        ],
        review_comments=[
            ReviewComment(
                id=3000000205,
                review_id=None,
                in_reply_to_id=None,
                author=_DEPENDABOT,
                association="NONE",
                body="Found by a check",
                created_at=_at("2026-02-14T11:00:00Z"),
                updated_at=_at("2026-02-14T11:00:00Z"),
                path="a b/`c`.txt",
                position=2,
                line=2,
                start_line=1,
                original_position=2,
                original_line=2,
                commit_sha="d2" * 20,
                original_commit_sha="d2" * 20,
                diff_hunk="@@ -0,0 +1,2 @@",
            ),
        ],
    )
    return Repository(
        id=502,
        name="gadgets.io",
        owner="Octo-Org",
        created_at=_at("2025-12-02T08:00:00Z"),
        updated_at=_at("2026-02-20T08:00:00Z"),
        pushed_at=_at("2026-02-14T12:00:00Z"),
        visibility="private",
        is_archived=True,
        is_fork=True,
        default_branch="trunk",
        primary_language="C++",
        pull_requests={1: pull_request},
    )


def _empty() -> Repository:
    return Repository(
        id=503,
        name=".github",
        owner="Octo-Org",
        created_at=_at("2026-01-01T00:00:00Z"),
        updated_at=_at("2026-01-01T00:00:00Z"),
        pushed_at=None,
        description="",
        visibility="internal",
        is_disabled=True,
        default_branch=None,
    )
