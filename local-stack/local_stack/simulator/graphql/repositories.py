"""Resolvers of repositories, their branches and languages, and their lists of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_stack.simulator import ids, model
from local_stack.simulator.graphql.nodes import Label, Language, PullRequest, Ref
from local_stack.simulator.graphql.resolving import Table, context_of, not_found, paged
from local_stack.simulator.pagination import Key, Page, Window, page_of_keyset
from local_stack.simulator.timestamps import optional_timestamp, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import GraphQLResolveInfo


def url(repository: model.Repository) -> str:
    """The address of a repository's page."""
    return f"https://github.com/{repository.owner}/{repository.name}"


def state(pull_request: model.PullRequest) -> str:
    """GraphQL's state of a pull request: OPEN, CLOSED or MERGED."""
    if pull_request.merged_at is not None:
        return "MERGED"
    return "OPEN" if pull_request.is_open else "CLOSED"


def label_id(label: Label) -> str:
    """The node id of a label."""
    return ids.encode("LA", label.repository.id, label.name[:60])


def _pull_requests(source: model.Repository, _info: GraphQLResolveInfo, **arguments: Any) -> Page[PullRequest]:  # noqa: ANN401 - GraphQL's arguments
    order = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    value = _ORDER[order["field"]]
    states, labels = arguments.get("states"), arguments.get("labels")
    head, base = arguments.get("headRefName"), arguments.get("baseRefName")
    chosen = [
        it
        for it in source.pull_requests.values()
        if (states is None or state(it) in states)
        and (labels is None or not set(labels).isdisjoint(it.labels))
        and (head is None or head == it.head_ref)
        and (base is None or base == it.base_ref)
    ]

    def key(it: model.PullRequest) -> Key:
        return (value(it), it.id)

    def turn(window: Window) -> Page[model.PullRequest]:
        return page_of_keyset(chosen, key, window, descending=order["direction"] == "DESC")

    page = paged(turn, arguments)
    rows = [PullRequest(source, it) for it in page.items]
    return Page(rows, page.total, page.has_next, page.has_previous, page.key_at)


_ORDER: dict[str, Callable[[model.PullRequest], int]] = {
    "CREATED_AT": lambda it: it.created_at,
    "UPDATED_AT": lambda it: it.updated_at,
    "COMMENTS": lambda it: len(it.issue_comments),
}


def _pull_request(source: model.Repository, _info: GraphQLResolveInfo, number: int) -> PullRequest:
    found = source.pull_requests.get(number)
    if found is None:
        raise not_found("PullRequest", f"with the number of {number}")
    return PullRequest(source, found)


def _owner(source: model.Repository, info: GraphQLResolveInfo) -> model.Organization | None:
    return context_of(info).directory.organization(source.owner)


TABLE: Table = {
    "Repository": {
        "id": lambda it, _: ids.repository(it.id),
        "databaseId": lambda it, _: it.id,
        "name": lambda it, _: it.name,
        "nameWithOwner": lambda it, _: it.full_name,
        "owner": _owner,
        "description": lambda it, _: it.description,
        "url": lambda it, _: url(it),
        "resourcePath": lambda it, _: f"/{it.full_name}",
        "visibility": lambda it, _: it.visibility.upper(),
        "isPrivate": lambda it, _: it.visibility != "public",
        "isArchived": lambda it, _: it.is_archived,
        "archivedAt": lambda it, _: timestamp(it.updated_at) if it.is_archived else None,
        "isFork": lambda it, _: it.is_fork,
        "isDisabled": lambda it, _: it.is_disabled,
        "isEmpty": lambda it, _: it.pushed_at is None,
        "isLocked": lambda _it, _: False,
        "isMirror": lambda _it, _: False,
        "isTemplate": lambda _it, _: False,
        "isInOrganization": lambda _it, _: True,
        "hasIssuesEnabled": lambda _it, _: True,
        "forkCount": lambda _it, _: 0,
        "stargazerCount": lambda _it, _: 0,
        "diskUsage": lambda _it, _: 0,
        "viewerPermission": lambda _it, _: "READ",
        "createdAt": lambda it, _: timestamp(it.created_at),
        "updatedAt": lambda it, _: timestamp(it.updated_at),
        "pushedAt": lambda it, _: optional_timestamp(it.pushed_at),
        "defaultBranchRef": lambda it, _: None if it.default_branch is None else Ref(it, it.default_branch),
        "primaryLanguage": lambda it, _: None if it.primary_language is None else Language(it.primary_language),
        "pullRequests": _pull_requests,
        "pullRequest": _pull_request,
    },
    "Ref": {
        "id": lambda ref, _: ids.encode("REF", ref.repository.id, ref.name[:60]),
        "name": lambda ref, _: ref.name,
        "prefix": lambda _ref, _: "refs/heads/",
        "repository": lambda ref, _: ref.repository,
    },
    "Language": {
        "id": lambda language, _: ids.encode("LANG", language.name),
        "name": lambda language, _: language.name,
        "color": lambda _language, _: None,
    },
    "Label": {
        "id": lambda label, _: label_id(label),
        "name": lambda label, _: label.name,
        "color": lambda _label, _: "ededed",
        "description": lambda _label, _: None,
        "isDefault": lambda _label, _: False,
        "repository": lambda label, _: label.repository,
        "createdAt": lambda label, _: timestamp(label.repository.created_at),
        "updatedAt": lambda label, _: timestamp(label.repository.created_at),
        "url": lambda label, _: f"{url(label.repository)}/labels/{label.name}",
        "resourcePath": lambda label, _: f"/{label.repository.full_name}/labels/{label.name}",
    },
}
