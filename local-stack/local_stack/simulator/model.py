"""What the simulated GitHub knows: plain data, changed only by the generator, the recordings and `evolve`.

Every point in time is a whole number of seconds since 1970 (UTC), the resolution of GitHub's own timestamps.
Actors are stored as GraphQL spells them; the servers and the truth spell them for their readers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

ActorKind: TypeAlias = Literal["User", "Bot", "Mannequin", "Organization"]
ReviewState: TypeAlias = Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"]


@dataclass(slots=True)
class Actor:
    """An account. A deleted account is no Actor at all: its traces have `None` where an Actor would be."""

    id: int
    login: str
    kind: ActorKind = "User"
    name: str | None = None
    email: str | None = None

    @property
    def rest_login(self) -> str:
        """The login as REST spells it: a bot has the suffix that GraphQL leaves out."""
        return f"{self.login}[bot]" if self.kind == "Bot" else self.login


@dataclass(slots=True)
class Commit:
    """A git commit. Names, addresses and dates come from git; `*_user` is the account GitHub matched, if any."""

    sha: str
    message: str
    author_name: str | None
    author_email: str | None
    author_user: Actor | None
    authored_at: int | None
    committer_name: str | None
    committer_email: str | None
    committer_user: Actor | None
    committed_at: int


@dataclass(slots=True)
class Review:
    """A review. `submitted_at` is None while it is PENDING, and then only the viewer's own reviews exist."""

    id: int
    author: Actor | None
    association: str
    state: ReviewState
    body: str
    submitted_at: int | None
    commit_sha: str | None
    created_at: int
    updated_at: int


@dataclass(slots=True)
class ReviewComment:
    """A comment on the diff. `review_id` is None for the few that belong to no review: only threads show them."""

    id: int
    review_id: int | None
    in_reply_to_id: int | None
    author: Actor | None
    association: str
    body: str
    created_at: int
    updated_at: int
    path: str
    position: int | None
    line: int | None
    start_line: int | None
    original_position: int
    original_line: int | None
    commit_sha: str | None
    original_commit_sha: str | None
    diff_hunk: str


@dataclass(slots=True)
class IssueComment:
    """A comment in the conversation of a pull request."""

    id: int
    author: Actor | None
    association: str
    body: str
    created_at: int
    updated_at: int


@dataclass(slots=True)
class PullRequest:
    """A pull request with everything on it, each list in the order in which GitHub returns it.

    `former_commits` are those a force-push removed from `commits`.
    `requested_reviewers` holds Actors for people and bots, and `organization/team-slug` for teams.
    """

    id: int
    number: int
    title: str
    body: str
    author: Actor | None
    association: str
    created_at: int
    updated_at: int
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    head_repository: str | None
    additions: int
    deletions: int
    changed_files: int
    is_draft: bool = False
    closed_at: int | None = None
    merged_at: int | None = None
    merged_by: Actor | None = None
    merge_commit_sha: str | None = None
    review_decision: Literal["APPROVED", "CHANGES_REQUESTED", "REVIEW_REQUIRED"] | None = None
    ready_for_review_at: int | None = None
    labels: list[str] = field(default_factory=list)
    requested_reviewers: list[Actor | str] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    former_commits: list[Commit] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    review_comments: list[ReviewComment] = field(default_factory=list)
    issue_comments: list[IssueComment] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it is neither closed nor merged."""
        return self.closed_at is None


@dataclass(slots=True)
class Repository:
    """A repository and its pull requests by number. `owner` is the login of the organization it is in now."""

    id: int
    name: str
    owner: str
    created_at: int
    updated_at: int
    pushed_at: int | None
    description: str | None = None
    visibility: Literal["public", "private", "internal"] = "public"
    is_archived: bool = False
    is_fork: bool = False
    is_disabled: bool = False
    default_branch: str | None = "main"
    primary_language: str | None = None
    pull_requests: dict[int, PullRequest] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"


@dataclass(slots=True)
class Organization:
    """An organization and its repositories by id."""

    id: int
    login: str
    repositories: dict[int, Repository] = field(default_factory=dict)


@dataclass(slots=True)
class Clock:
    """GitHub's clock: it ticks like the real one, `offset` seconds away from it, or stands still at `frozen`."""

    offset: int = 0
    frozen: int | None = None

    def now(self) -> int:
        """The current second."""
        return int(time.time()) + self.offset if self.frozen is None else self.frozen

    def advance(self, seconds: int) -> None:
        """Moves the clock forward."""
        if self.frozen is None:
            self.offset += seconds
        else:
            self.frozen += seconds


@dataclass(slots=True)
class World:
    """Everything the simulated GitHub holds.

    `organizations` is keyed by lower-case login. `redirects` maps the lower-case `owner/name` that a repository
    was renamed or transferred away from to its id; a new repository of that name takes the entry away.
    `viewer` is the account behind the token. `revision` grows with every change.
    `last_ids` is the highest numeric id given out per GraphQL type name, so that none is ever given twice.
    """

    viewer: Actor
    clock: Clock = field(default_factory=Clock)
    organizations: dict[str, Organization] = field(default_factory=dict)
    redirects: dict[str, int] = field(default_factory=dict)
    revision: int = 0
    last_ids: dict[str, int] = field(default_factory=dict)
