"""What the resolvers resolve on: rows of the model together with what they belong to.

Each class stands for the GraphQL type of the same name. Organizations, repositories and accounts are resolved on the
model's own objects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from local_stack.simulator import model

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(slots=True)
class PullRequest:
    """A pull request of a repository."""

    repository: model.Repository
    it: model.PullRequest
    _comments: dict[int | None, list[model.ReviewComment]] | None = field(default=None)

    def comments_of_review(self, review_id: int | None) -> Sequence[model.ReviewComment]:
        """The review comments of one review, or those of none."""
        if self._comments is None:
            self._comments = {}
            for comment in self.it.review_comments:
                self._comments.setdefault(comment.review_id, []).append(comment)
        return self._comments.get(review_id, ())

    def commit(self, sha: str | None) -> Commit | None:
        """The commit of that sha, which a force-push may have removed; None for None."""
        return None if sha is None else Commit(self.repository, sha, self.it)


@dataclass(slots=True)
class Commit:
    """A commit: of a pull request's list, or one that only its sha is known of (a merge, a reviewed state)."""

    repository: model.Repository
    sha: str
    pull_request: model.PullRequest
    known: model.Commit | None = None

    @property
    def it(self) -> model.Commit:
        """The commit's data; made up from the pull request where the model has none (a merge commit)."""
        if self.known is None:
            own = self.pull_request
            self.known = next(
                (commit for commit in (*own.commits, *own.former_commits) if commit.sha == self.sha), None
            ) or _made_up(own, self.sha)
        return self.known


@dataclass(slots=True)
class PullRequestCommit:
    """A commit in the list of a pull request."""

    pull_request: PullRequest
    it: model.Commit


@dataclass(slots=True)
class GitActor:
    """Who wrote or committed a commit, by git and, if the address matched, by GitHub."""

    name: str | None
    email: str | None
    user: model.Actor | None
    second: int | None


@dataclass(slots=True)
class PullRequestReview:
    """A review."""

    pull_request: PullRequest
    it: model.Review


@dataclass(slots=True)
class PullRequestReviewComment:
    """A comment on the diff."""

    pull_request: PullRequest
    it: model.ReviewComment


@dataclass(slots=True)
class PullRequestReviewThread:
    """A review comment with the replies to it."""

    pull_request: PullRequest
    comments: list[model.ReviewComment]


@dataclass(slots=True)
class IssueComment:
    """A comment in the conversation."""

    pull_request: PullRequest
    it: model.IssueComment


@dataclass(slots=True)
class Label:
    """A label of a repository."""

    repository: model.Repository
    name: str


@dataclass(slots=True)
class ReviewRequest:
    """A request to review, to an account or a team."""

    pull_request: PullRequest
    reviewer: model.Actor | Team


@dataclass(slots=True)
class Team:
    """A team, by `organization/slug`."""

    combined_slug: str

    @property
    def slug(self) -> str:
        """The name without the organization."""
        return self.combined_slug.rpartition("/")[2]


@dataclass(slots=True)
class Ref:
    """A branch."""

    repository: model.Repository
    name: str


@dataclass(slots=True)
class Language:
    """A programming language."""

    name: str


@dataclass(slots=True)
class Event:
    """An event of a pull request's timeline; `typename` names its GraphQL type."""

    typename: str
    pull_request: PullRequest
    actor: model.Actor | None
    second: int


Node: TypeAlias = (
    model.Organization
    | model.Repository
    | model.Actor
    | PullRequest
    | Commit
    | PullRequestCommit
    | PullRequestReview
    | PullRequestReviewComment
    | PullRequestReviewThread
    | IssueComment
    | Label
    | ReviewRequest
    | Team
    | Ref
    | Event
)


def type_name(node: Node) -> str:
    """The GraphQL type that a node is of."""
    if isinstance(node, model.Actor):
        return node.kind
    if isinstance(node, Event):
        return node.typename
    return type(node).__name__


def _made_up(pull_request: model.PullRequest, sha: str) -> model.Commit:
    by = pull_request.merged_by
    second = pull_request.merged_at or pull_request.created_at
    name = None if by is None else by.name or by.login
    email = None if by is None else by.email
    message = f"Merge pull request #{pull_request.number} from {pull_request.head_ref}\n\n{pull_request.title}"
    return model.Commit(sha, message, name, email, by, second, "GitHub", "noreply@github.com", None, second)
