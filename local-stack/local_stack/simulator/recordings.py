"""Loads repositories that other projects recorded from the real GitHub into a world.

The recordings are no part of the project. What they do not hold is made up, the same each time, and named in
`recorded_ants` and `recorded_mls`; whatever they hold is kept as it is, also where it is odd.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from local_stack.simulator import recorded_ants, recorded_mls
from local_stack.simulator.model import Actor, Clock, World

if TYPE_CHECKING:
    from pathlib import Path

    from local_stack.simulator.model import Organization

_VIEWER_ID = 1_000


def load(folder: Path, *, now: int | None = None, viewer: str = "stats-collector", frozen: bool = False) -> World:
    """A world with two organizations: `panjf2000` (repository ants) and `mlswg` (repository mls-protocol).

    Args:
        folder: The folder of all recordings.
        now: Where the world's clock starts; the present by default.
        viewer: Login of the account behind the token.
        frozen: Whether the clock stands still.

    Raises:
        OSError: A recording is missing or cannot be read.
    """
    start = int(time.time()) if now is None else now
    clock = Clock(frozen=start) if frozen else Clock(offset=start - int(time.time()))
    organizations = [recorded_ants.load(folder / "ants"), recorded_mls.load(folder / "mls-protocol")]
    return World(
        viewer=Actor(_VIEWER_ID, viewer),
        clock=clock,
        organizations={organization.login.lower(): organization for organization in organizations},
        last_ids=_last_ids(organizations),
        revision=1,
    )


def _last_ids(organizations: list[Organization]) -> dict[str, int]:
    repositories = [it for organization in organizations for it in organization.repositories.values()]
    pull_requests = [it for repository in repositories for it in repository.pull_requests.values()]
    accounts = [it.author.id for it in pull_requests if it.author is not None]
    accounts += [one.author.id for it in pull_requests for one in it.reviews if one.author is not None]
    accounts += [one.author.id for it in pull_requests for one in it.issue_comments if one.author is not None]
    return {
        "User": max(*accounts, *(organization.id for organization in organizations), recorded_mls.LAST_ACCOUNT_ID),
        "Repository": max(repository.id for repository in repositories),
        "PullRequest": max(it.id for it in pull_requests),
        "PullRequestReview": max(review.id for it in pull_requests for review in it.reviews),
        "PullRequestReviewComment": max(comment.id for it in pull_requests for comment in it.review_comments),
        "IssueComment": max(comment.id for it in pull_requests for comment in it.issue_comments),
    }
