"""Repositories as REST shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_stack.simulator import ids
from local_stack.simulator.rest import accounts
from local_stack.simulator.rest.call import Call, Result
from local_stack.simulator.timestamps import optional_timestamp, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_stack.simulator import model

_PLACES = (
    "archive_url:/{archive_format}{/ref} assignees_url:/assignees{/user} blobs_url:/git/blobs{/sha}"
    " branches_url:/branches{/branch} collaborators_url:/collaborators{/collaborator}"
    " comments_url:/comments{/number} commits_url:/commits{/sha} compare_url:/compare/{base}...{head}"
    " contents_url:/contents/{+path} contributors_url:/contributors deployments_url:/deployments"
    " downloads_url:/downloads events_url:/events forks_url:/forks git_commits_url:/git/commits{/sha}"
    " git_refs_url:/git/refs{/sha} git_tags_url:/git/tags{/sha} hooks_url:/hooks"
    " issue_comment_url:/issues/comments{/number} issue_events_url:/issues/events{/number}"
    " issues_url:/issues{/number} keys_url:/keys{/key_id} labels_url:/labels{/name} languages_url:/languages"
    " merges_url:/merges milestones_url:/milestones{/number} notifications_url:/notifications{?since,all,participating}"
    " pulls_url:/pulls{/number} releases_url:/releases{/id} stargazers_url:/stargazers statuses_url:/statuses/{sha}"
    " subscribers_url:/subscribers subscription_url:/subscription tags_url:/tags teams_url:/teams"
    " trees_url:/git/trees{/sha}"
)
_URLS = tuple(tuple(place.split(":", 1)) for place in _PLACES.split())


def minimal(call: Call, it: model.Repository) -> dict[str, Any]:
    """A repository as a row of a list."""
    url = f"{call.base}/repos/{it.full_name}"
    html_url = f"https://github.com/{it.full_name}"
    open_issues = sum(pull_request.is_open for pull_request in it.pull_requests.values())
    return {
        "id": it.id,
        "node_id": ids.repository(it.id),
        "name": it.name,
        "full_name": it.full_name,
        "private": it.visibility != "public",
        "owner": accounts.simple(call.base, call.service.directory.organization(it.owner)),
        "html_url": html_url,
        "description": it.description,
        "fork": it.is_fork,
        "url": url,
        **{name: url + place for name, place in _URLS},
        "git_url": f"git://github.com/{it.full_name}.git",
        "ssh_url": f"git@github.com:{it.full_name}.git",
        "clone_url": f"{html_url}.git",
        "svn_url": html_url,
        "homepage": None,
        "mirror_url": None,
        "language": it.primary_language,
        "size": 0,
        "forks_count": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "open_issues_count": open_issues,
        "forks": 0,
        "watchers": 0,
        "open_issues": open_issues,
        # GitHub names the future default branch of an empty repository too.
        "default_branch": it.default_branch or "main",
        "is_template": False,
        "topics": [],
        "has_issues": True,
        "has_projects": True,
        "has_wiki": True,
        "has_pages": False,
        "has_downloads": True,
        "has_discussions": False,
        "archived": it.is_archived,
        "disabled": it.is_disabled,
        "visibility": it.visibility,
        "created_at": timestamp(it.created_at),
        "updated_at": timestamp(it.updated_at),
        "pushed_at": optional_timestamp(it.pushed_at),
        "allow_forking": True,
        "web_commit_signoff_required": False,
        "license": None,
        "permissions": {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True},
    }


def full(call: Call, it: model.Repository) -> dict[str, Any]:
    """A repository by itself."""
    owner = call.service.directory.organization(it.owner)
    return {
        **minimal(call, it),
        # An empty repository was last pushed to when it was created.
        "pushed_at": timestamp(it.created_at if it.pushed_at is None else it.pushed_at),
        "network_count": 0,
        "subscribers_count": 0,
        "organization": accounts.simple(call.base, owner),
    }


def one(call: Call) -> Result:
    """`GET /repos/{owner}/{repo}`."""
    return Result(full(call, call.repository()))


def of_organization(call: Call) -> Result:
    """`GET /orgs/{org}/repos`, with `type`, `sort` and `direction`."""
    organization = call.organization()
    wanted = _TYPES.get(call.query.get("type", "all"), _TYPES["all"])
    chosen = [it for it in organization.repositories.values() if wanted(it)]
    sort = call.query.get("sort", "created")
    key = _SORTS.get(sort, _SORTS["created"])
    direction = call.query.get("direction", "asc" if sort == "full_name" else "desc")
    chosen.sort(key=lambda it: (key(it), it.id), reverse=direction == "desc")
    rows, headers = call.page(chosen, f"/organizations/{organization.id}/repos")
    return Result([minimal(call, it) for it in rows], headers=headers)


_TYPES: dict[str, Callable[[model.Repository], bool]] = {
    "all": lambda _it: True,
    "public": lambda it: it.visibility == "public",
    "private": lambda it: it.visibility != "public",
    "forks": lambda it: it.is_fork,
    "sources": lambda it: not it.is_fork,
    "member": lambda _it: True,
}

_SORTS: dict[str, Callable[[model.Repository], Any]] = {
    "created": lambda it: it.created_at,
    "updated": lambda it: it.updated_at,
    "pushed": lambda it: it.pushed_at or 0,
    "full_name": lambda it: it.full_name.lower(),
}
