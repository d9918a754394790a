"""Accounts as REST shows them: bots with `[bot]`, deleted ones as `ghost`."""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import quote

from local_stack.simulator import ids, model
from local_stack.simulator.graphql.accounts import FIRST_SECOND, account_id
from local_stack.simulator.timestamps import timestamp

GHOST = model.Actor(10137, "ghost")
"""Who REST names where an account was deleted."""


def simple(base: str, account: model.Actor | model.Organization | None) -> dict[str, Any]:
    """An account as a part of something else; `ghost` for None."""
    shown = account or GHOST
    login = shown.rest_login if isinstance(shown, model.Actor) else shown.login
    kind = shown.kind if isinstance(shown, model.Actor) else "Organization"
    url = f"{base}/users/{quote(login)}"
    html_url = f"https://github.com/{'apps/' if kind == 'Bot' else ''}{quote(shown.login)}"
    return {
        "login": login,
        "id": shown.id,
        "node_id": account_id(shown),
        "avatar_url": f"https://avatars.githubusercontent.com/u/{shown.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": html_url,
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def viewer(base: str, account: model.Actor) -> dict[str, Any]:
    """The account behind the token, as `/user` shows it."""
    since = timestamp(FIRST_SECOND)
    return {
        **simple(base, account),
        "name": account.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": account.email,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "notification_email": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": since,
        "updated_at": since,
    }


def organization(base: str, it: model.Organization) -> dict[str, Any]:
    """An organization, as `/orgs/{org}` shows it."""
    url = f"{base}/orgs/{quote(it.login)}"
    since = timestamp(min((repository.created_at for repository in it.repositories.values()), default=FIRST_SECOND))
    return {
        "login": it.login,
        "id": it.id,
        "node_id": account_id(it),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{it.id}?v=4",
        "description": None,
        "name": it.login,
        "is_verified": False,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": sum(repository.visibility == "public" for repository in it.repositories.values()),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": f"https://github.com/{quote(it.login)}",
        "created_at": since,
        "updated_at": since,
        "archived_at": None,
        "type": "Organization",
    }


def team(base: str, combined_slug: str) -> dict[str, Any]:
    """A team by `organization/slug`; its id is made up from the slug, as the model has none."""
    login, _, slug = combined_slug.partition("/")
    number = zlib.crc32(combined_slug.encode()) & 0x7FFFFFFF
    url = f"{base}/organizations/{quote(login)}/team/{number}"
    return {
        "id": number,
        "node_id": ids.encode("T", combined_slug),
        "name": slug,
        "slug": slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "url": url,
        "html_url": f"https://github.com/orgs/{quote(login)}/teams/{quote(slug)}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "permission": "pull",
        "parent": None,
    }
