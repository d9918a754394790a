"""Resolvers of the query's own fields, and the way from a node id to its node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_stack.simulator import ids
from local_stack.simulator.graphql.nodes import (
    Commit,
    IssueComment,
    Node,
    PullRequest,
    PullRequestReview,
    PullRequestReviewComment,
    PullRequestReviewThread,
)
from local_stack.simulator.graphql.pull_requests import threads
from local_stack.simulator.graphql.resolving import Context, Table, context_of, not_found
from local_stack.simulator.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import GraphQLResolveInfo

    from local_stack.simulator import model
    from local_stack.simulator.cost import TypedError


def _node(context: Context, node_id: str) -> Node | TypedError:
    found = find_node(context, node_id)
    return not_found("node", f"with the global id of '{node_id}'") if found is None else found


def find_node(context: Context, node_id: str) -> Node | None:
    """The node of that id; None if there is none (any more)."""
    decoded = ids.decode(node_id)
    if decoded is None:
        return None
    prefix, key = decoded
    if prefix in {"O", "U", "BOT", "M"}:
        return _account(context, prefix, key)
    repository = context.directory.repository_by_id(key[0]) if key and isinstance(key[0], int) else None
    return None if repository is None else _within(context, repository, prefix, key[1:])


def _within(context: Context, repository: model.Repository, prefix: str, key: tuple[int | str, ...]) -> Node | None:
    """What that id names in a repository: itself, a pull request, a commit or something on a pull request."""
    match prefix, key:
        case "R", ():
            return repository
        case "PR", (int(wanted),):
            found = context.directory.pull_request_by_id(repository, wanted)
            return None if found is None else PullRequest(repository, found)
        case "C", (str(sha),):
            return _commit(repository, sha)
        case (("PRR" | "PRRC" | "PRRT" | "IC"), (int(number), int(wanted))):
            parent = repository.pull_requests.get(number)
            return None if parent is None else _CHILDREN[prefix](PullRequest(repository, parent), wanted)
        case _:
            return None


def _review(parent: PullRequest, wanted: int) -> Node | None:
    return next((PullRequestReview(parent, it) for it in parent.it.reviews if it.id == wanted), None)


def _review_comment(parent: PullRequest, wanted: int) -> Node | None:
    return next((PullRequestReviewComment(parent, it) for it in parent.it.review_comments if it.id == wanted), None)


def _thread(parent: PullRequest, wanted: int) -> Node | None:
    found: list[PullRequestReviewThread] = threads(parent)
    return next((it for it in found if it.comments[0].id == wanted), None)


def _issue_comment(parent: PullRequest, wanted: int) -> Node | None:
    return next((IssueComment(parent, it) for it in parent.it.issue_comments if it.id == wanted), None)


_CHILDREN: dict[str, Callable[[PullRequest, int], Node | None]] = {
    "PRR": _review,
    "PRRC": _review_comment,
    "PRRT": _thread,
    "IC": _issue_comment,
}


def _commit(repository: model.Repository, sha: str) -> Commit | None:
    for pull_request in repository.pull_requests.values():
        for commit in (*pull_request.commits, *pull_request.former_commits):
            if commit.sha == sha:
                return Commit(repository, sha, pull_request, commit)
    return None


def _account(context: Context, prefix: str, key: tuple[int | str, ...]) -> Node | None:
    if prefix == "O":
        return next((it for it in context.world.organizations.values() if (it.id,) == key), None)
    viewer = context.world.viewer
    return viewer if prefix == "U" and (viewer.id,) == key else None


def _resolve_node(_root: None, info: GraphQLResolveInfo, id: str) -> Node:  # noqa: A002 - GraphQL's name
    found = _node(context_of(info), id)
    if isinstance(found, Exception):
        raise found
    return found


def _resolve_nodes(_root: None, info: GraphQLResolveInfo, ids: list[str]) -> list[Any]:
    # graphql-core turns an error in a list into a null with that error at its index.
    context = context_of(info)
    return [_node(context, node_id) for node_id in ids]


def _organization(_root: None, info: GraphQLResolveInfo, login: str) -> model.Organization:
    found = context_of(info).directory.organization(login)
    if found is None:
        raise not_found("Organization", f"with the login of '{login}'")
    return found


def _user(_root: None, info: GraphQLResolveInfo, login: str) -> model.Actor:
    viewer = context_of(info).world.viewer
    if viewer.login.lower() != login.lower():
        raise not_found("User", f"with the login of '{login}'")
    return viewer


def _owner(_root: None, info: GraphQLResolveInfo, login: str) -> model.Organization | model.Actor | None:
    context = context_of(info)
    viewer = context.world.viewer
    return context.directory.organization(login) or (viewer if viewer.login.lower() == login.lower() else None)


def _repository(
    _root: None,
    info: GraphQLResolveInfo,
    owner: str,
    name: str,
    followRenames: bool = True,  # noqa: N803, FBT001, FBT002 - GraphQL's name
) -> model.Repository:
    found = context_of(info).directory.repository(owner, name, follow_renames=followRenames)
    if found is None:
        raise not_found("Repository", f"with the name '{owner}/{name}'")
    return found


def _rate_limit(_root: None, info: GraphQLResolveInfo, **_arguments: Any) -> Context:  # noqa: ANN401 - dryRun was heeded before
    return context_of(info)


TABLE: Table = {
    "Query": {
        "node": _resolve_node,
        "nodes": _resolve_nodes,
        "organization": _organization,
        "user": _user,
        "viewer": lambda _root, info: context_of(info).world.viewer,
        "repository": _repository,
        "repositoryOwner": _owner,
        "rateLimit": _rate_limit,
    },
    "RateLimit": {
        "cost": lambda context, _: context.cost.points,
        "nodeCount": lambda context, _: context.cost.nodes,
        "limit": lambda context, _: context.budget.limit,
        "remaining": lambda context, _: context.budget.remaining,
        "used": lambda context, _: context.budget.used,
        "resetAt": lambda context, _: timestamp(context.budget.reset_at),
    },
}
