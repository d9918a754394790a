"""Resolvers of accounts (users, bots, organizations, teams).

A bot's login has no `[bot]` suffix here, other than in REST.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from local_stack.simulator import ids, model
from local_stack.simulator.graphql.resolving import Resolver, Table, context_of, not_found, paged
from local_stack.simulator.pagination import Key, Page, Window, page_of_keyset
from local_stack.simulator.timestamps import timestamp

if TYPE_CHECKING:
    from graphql import GraphQLResolveInfo

    from local_stack.simulator.graphql.nodes import Team

FIRST_SECOND = 1_199_145_600  # 2008-01-01, when the accounts without a known age were created

_PREFIXES = {"User": "U", "Bot": "BOT", "Mannequin": "M", "Organization": "O"}

Account = model.Actor | model.Organization


def account_id(account: Account) -> str:
    """The node id of an account."""
    kind = account.kind if isinstance(account, model.Actor) else "Organization"
    return ids.encode(_PREFIXES[kind], account.id)


def team_id(team: Team) -> str:
    """The node id of a team."""
    return ids.encode("T", team.combined_slug)


def _path(account: Account) -> str:
    if isinstance(account, model.Actor) and account.kind == "Bot":
        return f"/apps/{quote(account.login)}"
    return f"/{quote(account.login)}"


def _repositories(source: Account, info: GraphQLResolveInfo, **arguments: Any) -> Page[model.Repository]:  # noqa: ANN401 - GraphQL's arguments
    organization = context_of(info).directory.organization(source.login)
    chosen = [
        repository
        for repository in (organization.repositories.values() if organization else ())
        if _wanted(repository, arguments)
    ]
    order = arguments.get("orderBy") or {"field": "NAME", "direction": "ASC"}
    value = _REPOSITORY_ORDER[order["field"]]

    def key(repository: model.Repository) -> Key:
        return (value(repository), repository.id)

    def turn(window: Window) -> Page[model.Repository]:
        return page_of_keyset(chosen, key, window, descending=order["direction"] == "DESC")

    return paged(turn, arguments)


_REPOSITORY_ORDER: dict[str, Any] = {
    "CREATED_AT": lambda repository: repository.created_at,
    "UPDATED_AT": lambda repository: repository.updated_at,
    "PUSHED_AT": lambda repository: repository.pushed_at or 0,
    "NAME": lambda repository: repository.name.lower(),
    "STARGAZERS": lambda _repository: 0,
}


def _wanted(repository: model.Repository, arguments: dict[str, Any]) -> bool:
    is_fork, is_archived = arguments.get("isFork"), arguments.get("isArchived")
    visibility, privacy = arguments.get("visibility"), arguments.get("privacy")
    return (
        (is_fork is None or is_fork is repository.is_fork)
        and (is_archived is None or is_archived is repository.is_archived)
        and (visibility is None or visibility.lower() == repository.visibility)
        and (privacy is None or (privacy == "PRIVATE") is (repository.visibility != "public"))
    )


def _repository(source: Account, info: GraphQLResolveInfo, name: str, followRenames: bool = True) -> model.Repository:  # noqa: N803, FBT001, FBT002 - GraphQL's names
    found = context_of(info).directory.repository(source.login, name, follow_renames=followRenames)
    if found is None:
        raise not_found("Repository", f"with the name '{source.login}/{name}'")
    return found


def _avatar(account: Account, _info: GraphQLResolveInfo, size: int | None = None) -> str:
    return f"https://avatars.githubusercontent.com/u/{account.id}?v=4" + ("" if size is None else f"&s={size}")


_ACTOR: dict[str, Resolver] = {
    "id": lambda account, _: account_id(account),
    "databaseId": lambda account, _: account.id,
    "login": lambda account, _: account.login,
    "url": lambda account, _: f"https://github.com{_path(account)}",
    "resourcePath": lambda account, _: _path(account),
    "avatarUrl": _avatar,
    "createdAt": lambda _account, _: timestamp(FIRST_SECOND),
    "updatedAt": lambda _account, _: timestamp(FIRST_SECOND),
}

_OWNER: dict[str, Resolver] = {"repositories": _repositories, "repository": _repository}

TABLE: Table = {
    "User": {
        **_ACTOR,
        **_OWNER,
        "name": lambda account, _: account.name,
        "email": lambda account, _: account.email or "",
        "isViewer": lambda account, info: account.id == context_of(info).world.viewer.id,
    },
    "Bot": _ACTOR,
    "Mannequin": {**_ACTOR, "email": lambda account, _: account.email},
    "Organization": {
        **_ACTOR,
        **_OWNER,
        "name": lambda account, _: getattr(account, "name", None) or account.login,
        "email": lambda account, _: getattr(account, "email", None),
        "description": lambda _account, _: None,
        "viewerIsAMember": lambda _account, _: True,
        "viewerCanAdminister": lambda _account, _: False,
    },
    "Team": {
        "id": lambda team, _: team_id(team),
        "slug": lambda team, _: team.slug,
        "combinedSlug": lambda team, _: team.combined_slug,
        "name": lambda team, _: team.slug,
        "organization": lambda team, info: context_of(info).directory.organization(
            team.combined_slug.partition("/")[0]
        ),
        "url": lambda team, _: f"https://github.com/orgs/{team.combined_slug.replace('/', '/teams/')}",
        "resourcePath": lambda team, _: f"/orgs/{team.combined_slug.replace('/', '/teams/')}",
    },
}
