"""Resolvers of commits and of who wrote them.

`GitActor.user` is a User or nothing: it is null for bots and for addresses that match no account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_stack.simulator import ids, model
from local_stack.simulator.graphql import repositories
from local_stack.simulator.graphql.nodes import Commit, GitActor, PullRequestCommit
from local_stack.simulator.timestamps import optional_timestamp, timestamp

if TYPE_CHECKING:
    from local_stack.simulator.graphql.resolving import Table

_SHORT = 7


def commit_id(repository: model.Repository, sha: str) -> str:
    """The node id of a commit."""
    return ids.encode("C", repository.id, sha)


def _user(account: model.Actor | None) -> model.Actor | None:
    return account if account is not None and account.kind == "User" else None


def _author(commit: Commit) -> GitActor:
    it = commit.it
    return GitActor(it.author_name, it.author_email, _user(it.author_user), it.authored_at)


def _committer(commit: Commit) -> GitActor:
    it = commit.it
    return GitActor(it.committer_name, it.committer_email, _user(it.committer_user), it.committed_at)


def _authored_at(it: model.Commit) -> int:
    return it.committed_at if it.authored_at is None else it.authored_at


def _url(commit: Commit) -> str:
    return f"{repositories.url(commit.repository)}/commit/{commit.sha}"


def _path(commit: Commit) -> str:
    return f"/{commit.repository.full_name}/commit/{commit.sha}"


def _commit(source: PullRequestCommit) -> Commit:
    pull_request = source.pull_request
    return Commit(pull_request.repository, source.it.sha, pull_request.it, source.it)


TABLE: Table = {
    "Commit": {
        "id": lambda commit, _: commit_id(commit.repository, commit.sha),
        "oid": lambda commit, _: commit.sha,
        "abbreviatedOid": lambda commit, _: commit.sha[:_SHORT],
        "message": lambda commit, _: commit.it.message,
        "messageHeadline": lambda commit, _: commit.it.message.partition("\n")[0],
        "messageBody": lambda commit, _: commit.it.message.partition("\n")[2].lstrip("\n"),
        "author": lambda commit, _: _author(commit),
        "committer": lambda commit, _: _committer(commit),
        "authoredDate": lambda commit, _: timestamp(_authored_at(commit.it)),
        "committedDate": lambda commit, _: timestamp(commit.it.committed_at),
        "repository": lambda commit, _: commit.repository,
        "url": lambda commit, _: _url(commit),
        "commitUrl": lambda commit, _: _url(commit),
        "resourcePath": lambda commit, _: _path(commit),
        "commitResourcePath": lambda commit, _: _path(commit),
    },
    "PullRequestCommit": {
        "id": lambda source, _: ids.encode(
            "PURC", source.pull_request.repository.id, source.pull_request.it.id, source.it.sha
        ),
        "commit": lambda source, _: _commit(source),
        "pullRequest": lambda source, _: source.pull_request,
        "url": lambda source, _: (
            f"{repositories.url(source.pull_request.repository)}/pull/{source.pull_request.it.number}"
            f"/commits/{source.it.sha}"
        ),
        "resourcePath": lambda source, _: (
            f"/{source.pull_request.repository.full_name}/pull/{source.pull_request.it.number}/commits/{source.it.sha}"
        ),
    },
    "GitActor": {
        "name": lambda actor, _: actor.name,
        "email": lambda actor, _: actor.email,
        "date": lambda actor, _: optional_timestamp(actor.second),
        "user": lambda actor, _: actor.user,
        "avatarUrl": lambda actor, _, size=80: (
            f"https://avatars.githubusercontent.com/u/{actor.user.id if actor.user else 0}?s={size}&v=4"
        ),
    },
}
