"""Commits as REST shows them."""

from __future__ import annotations

from hashlib import sha1
from typing import TYPE_CHECKING, Any

from local_stack.simulator.graphql.commits import commit_id
from local_stack.simulator.rest import accounts
from local_stack.simulator.rest.call import Call, Result
from local_stack.simulator.timestamps import optional_timestamp, timestamp

if TYPE_CHECKING:
    from local_stack.simulator import model

LISTED = 250
"""A pull request's list of commits ends silently here."""


def row(call: Call, repository: model.Repository, it: model.Commit) -> dict[str, Any]:
    """A commit; the account is null where none matched."""
    url = f"{call.base}/repos/{repository.full_name}/commits/{it.sha}"
    # The model has no trees; every commit gets one of its own.
    tree = sha1(it.sha.encode(), usedforsecurity=False).hexdigest()
    return {
        "sha": it.sha,
        "node_id": commit_id(repository, it.sha),
        "commit": {
            "author": _signature(it.author_name, it.author_email, optional_timestamp(it.authored_at)),
            "committer": _signature(it.committer_name, it.committer_email, timestamp(it.committed_at)),
            "message": it.message,
            "tree": {"sha": tree, "url": f"{call.base}/repos/{repository.full_name}/git/trees/{tree}"},
            "url": f"{call.base}/repos/{repository.full_name}/git/commits/{it.sha}",
            "comment_count": 0,
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        },
        "url": url,
        "html_url": f"https://github.com/{repository.full_name}/commit/{it.sha}",
        "comments_url": f"{url}/comments",
        "author": None if it.author_user is None else accounts.simple(call.base, it.author_user),
        "committer": None if it.committer_user is None else accounts.simple(call.base, it.committer_user),
        "parents": [],
    }


def _signature(name: str | None, email: str | None, date: str | None) -> dict[str, str]:
    return {key: value for key, value in (("name", name), ("email", email), ("date", date)) if value is not None}


def of_pull_request(call: Call) -> Result:
    """`GET /repos/{owner}/{repo}/pulls/{number}/commits`: the first 250."""
    repository = call.repository()
    pull_request = call.pull_request(repository)
    canonical = f"/repositories/{repository.id}/pulls/{pull_request.number}/commits"
    rows, headers = call.page(pull_request.commits[:LISTED], canonical)
    return Result([row(call, repository, it) for it in rows], headers=headers)
