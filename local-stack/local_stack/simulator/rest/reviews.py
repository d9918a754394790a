"""Reviews as REST shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_stack.simulator import ids
from local_stack.simulator.rest import accounts
from local_stack.simulator.rest.call import Call, Result
from local_stack.simulator.timestamps import timestamp

if TYPE_CHECKING:
    from local_stack.simulator import model


def row(call: Call, repository: model.Repository, parent: model.PullRequest, it: model.Review) -> dict[str, Any]:
    """A review; without `submitted_at` while it is pending."""
    page = f"https://github.com/{repository.full_name}/pull/{parent.number}"
    pull_request = f"{call.base}/repos/{repository.full_name}/pulls/{parent.number}"
    shown = {
        "id": it.id,
        "node_id": ids.encode("PRR", repository.id, parent.number, it.id),
        "user": accounts.simple(call.base, it.author),
        "body": it.body,
        "state": it.state,
        "html_url": f"{page}#pullrequestreview-{it.id}",
        "pull_request_url": pull_request,
        "author_association": it.association,
        "_links": {"html": {"href": f"{page}#pullrequestreview-{it.id}"}, "pull_request": {"href": pull_request}},
        "commit_id": it.commit_sha,
    }
    if it.submitted_at is not None:
        shown["submitted_at"] = timestamp(it.submitted_at)
    return shown


def of_pull_request(call: Call) -> Result:
    """`GET /repos/{owner}/{repo}/pulls/{number}/reviews`, in chronological order."""
    repository = call.repository()
    parent = call.pull_request(repository)
    rows, headers = call.page(parent.reviews, f"/repositories/{repository.id}/pulls/{parent.number}/reviews")
    return Result([row(call, repository, parent, it) for it in rows], headers=headers)
