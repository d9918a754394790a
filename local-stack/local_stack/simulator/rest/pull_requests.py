"""Pull requests as REST shows them.

A row of a list has no merged, merged_by, comments, review_comments, commits, additions, deletions or changed_files;
only the single pull request has.
"""

from __future__ import annotations

from hashlib import sha1
from typing import TYPE_CHECKING, Any

from local_stack.simulator import ids, model
from local_stack.simulator.graphql.nodes import Label
from local_stack.simulator.graphql.repositories import label_id
from local_stack.simulator.rest import accounts, repositories
from local_stack.simulator.rest.call import Call, RestError, Result
from local_stack.simulator.timestamps import optional_timestamp, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable


def row(call: Call, repository: model.Repository, it: model.PullRequest) -> dict[str, Any]:
    """A pull request as a row of a list."""
    api = f"{call.base}/repos/{repository.full_name}"
    url, issue = f"{api}/pulls/{it.number}", f"{api}/issues/{it.number}"
    html_url = f"https://github.com/{repository.full_name}/pull/{it.number}"
    statuses = f"{api}/statuses/{it.head_sha}"
    people = [who for who in it.requested_reviewers if isinstance(who, model.Actor)]
    teams = [who for who in it.requested_reviewers if isinstance(who, str)]
    return {
        "url": url,
        "id": it.id,
        "node_id": ids.pull_request(repository.id, it.id),
        "html_url": html_url,
        "diff_url": f"{html_url}.diff",
        "patch_url": f"{html_url}.patch",
        "issue_url": issue,
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{api}/pulls/comments{{/number}}",
        "comments_url": f"{issue}/comments",
        "statuses_url": statuses,
        "number": it.number,
        "state": "open" if it.is_open else "closed",
        "locked": False,
        "title": it.title,
        "user": accounts.simple(call.base, it.author),
        "body": it.body or None,
        "labels": [_label(call, repository, name) for name in it.labels],
        "milestone": None,
        "active_lock_reason": None,
        "created_at": timestamp(it.created_at),
        "updated_at": timestamp(it.updated_at),
        "closed_at": optional_timestamp(it.closed_at),
        "merged_at": optional_timestamp(it.merged_at),
        "merge_commit_sha": it.merge_commit_sha or _trial_merge(it),
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [accounts.simple(call.base, who) for who in people],
        "requested_teams": [accounts.team(call.base, who) for who in teams],
        "head": _head(call, repository, it),
        "base": _branch(call, repository, it.base_ref, it.base_sha),
        "_links": {
            "self": {"href": url},
            "html": {"href": html_url},
            "issue": {"href": issue},
            "comments": {"href": f"{issue}/comments"},
            "review_comments": {"href": f"{url}/comments"},
            "review_comment": {"href": f"{api}/pulls/comments{{/number}}"},
            "commits": {"href": f"{url}/commits"},
            "statuses": {"href": statuses},
        },
        "author_association": it.association,
        "auto_merge": None,
        "draft": it.is_draft,
    }


def full(call: Call, repository: model.Repository, it: model.PullRequest) -> dict[str, Any]:
    """A pull request by itself."""
    return {
        **row(call, repository, it),
        "merged": it.merged_at is not None,
        "mergeable": True if it.is_open else None,
        "rebaseable": True if it.is_open else None,
        "mergeable_state": "clean" if it.is_open else "unknown",
        "merged_by": None if it.merged_by is None else accounts.simple(call.base, it.merged_by),
        "comments": len(it.issue_comments),
        "review_comments": len(it.review_comments),
        "maintainer_can_modify": False,
        "commits": len(it.commits),
        "additions": it.additions,
        "deletions": it.deletions,
        "changed_files": it.changed_files,
    }


def one(call: Call) -> Result:
    """`GET /repos/{owner}/{repo}/pulls/{number}`."""
    repository = call.repository()
    return Result(full(call, repository, call.pull_request(repository)))


def of_repository(call: Call) -> Result:
    """`GET /repos/{owner}/{repo}/pulls`, with `state`, `head`, `base`, `sort` and `direction`; it has no `since`."""
    repository = call.repository()
    state = call.query.get("state", "open")
    if state not in {"open", "closed", "all"}:
        raise RestError(422, "Validation Failed", call.documentation)
    head, base = call.query.get("head"), call.query.get("base")
    chosen = [
        it
        for it in repository.pull_requests.values()
        if (state == "all" or it.is_open is (state == "open"))
        and (base is None or it.base_ref == base)
        and (head is None or head == f"{_head_owner(repository, it)}:{it.head_ref}")
    ]
    sort = call.query.get("sort", "created")
    key = _SORTS.get(sort, _SORTS["created"])
    direction = call.query.get("direction", "desc" if sort == "created" else "asc")
    chosen.sort(key=lambda it: (key(it), it.id), reverse=direction == "desc")
    rows, headers = call.page(chosen, f"/repositories/{repository.id}/pulls")
    return Result([row(call, repository, it) for it in rows], headers=headers)


_SORTS: dict[str, Callable[[model.PullRequest], int]] = {
    "created": lambda it: it.created_at,
    "updated": lambda it: it.updated_at,
    "popularity": lambda it: len(it.issue_comments) + len(it.review_comments),
    "long-running": lambda it: it.created_at,
}


def _trial_merge(it: model.PullRequest) -> str:
    """The commit of GitHub's trial merge, which REST shows while a pull request is not merged."""
    return sha1(f"{it.base_sha}{it.head_sha}".encode(), usedforsecurity=False).hexdigest()


def _head_owner(repository: model.Repository, it: model.PullRequest) -> str:
    return (it.head_repository or repository.full_name).partition("/")[0]


def _head(call: Call, repository: model.Repository, it: model.PullRequest) -> dict[str, Any]:
    """The head branch; `repo` is null where the fork was deleted."""
    if it.head_repository is None:
        return {
            "label": f"{repository.owner}:{it.head_ref}",
            "ref": it.head_ref,
            "sha": it.head_sha,
            "user": accounts.simple(call.base, it.author),
            "repo": None,
        }
    owner, _, name = it.head_repository.partition("/")
    if it.head_repository.lower() == repository.full_name.lower():
        return _branch(call, repository, it.head_ref, it.head_sha)
    found = call.service.directory.repository(owner, name, follow_renames=False)
    # A fork in an account that the model does not hold: only its name is known.
    fork = found or model.Repository(
        0, name, owner, it.created_at, it.created_at, it.created_at, is_fork=True, default_branch=it.base_ref
    )
    return _branch(call, fork, it.head_ref, it.head_sha)


def _branch(call: Call, repository: model.Repository, ref: str, sha: str) -> dict[str, Any]:
    shown = call.shown.get(repository.id) if repository.id else None
    if shown is None:
        owner = call.service.directory.organization(repository.owner) or model.Actor(0, repository.owner)
        shown = {**repositories.minimal(call, repository), "owner": accounts.simple(call.base, owner)}
        call.shown[repository.id] = shown
    return {"label": f"{repository.owner}:{ref}", "ref": ref, "sha": sha, "user": shown["owner"], "repo": shown}


def _label(call: Call, repository: model.Repository, name: str) -> dict[str, Any]:
    number = int.from_bytes(sha1(f"{repository.id}/{name}".encode(), usedforsecurity=False).digest()[:5])
    return {
        "id": number,
        "node_id": label_id(Label(repository, name)),
        "url": f"{call.base}/repos/{repository.full_name}/labels/{name}",
        "name": name,
        "color": "ededed",
        "default": False,
        "description": None,
    }
