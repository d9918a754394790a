"""REST answers as GitHub's do: pages and links, redirects, conditions, order, spellings, and what lists leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import small
from local_stack.simulator.generator import generate
from local_stack.simulator.model import Commit, Repository

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

WIDGETS = "/repos/octo-org/widgets"
ONLY_IN_DETAIL = {
    "merged", "merged_by", "comments", "review_comments", "commits", "additions", "deletions", "changed_files",
}  # fmt: skip


def pages(api: Any, path: str, **query: Any) -> list[Any]:
    """The rows of all pages, found by following `Link`."""
    rows: list[Any] = []
    response = api.get(path, **query)
    while True:
        assert response.status_code == 200
        rows += response.json()
        if "next" not in response.links:
            return rows
        response = api.get(response.links["next"]["url"])


def relations(response: requests.Response) -> list[str]:
    """The relations of a response's links, in order."""
    return list(response.links)


def test_links_lead_from_page_to_page(api: Any) -> None:
    first = api.get(f"{WIDGETS}/pulls", state="all", per_page=1)
    assert first.headers["link"] == (
        f'<{api.url}/repositories/501/pulls?state=all&per_page=1&page=2>; rel="next", '
        f'<{api.url}/repositories/501/pulls?state=all&per_page=1&page=4>; rel="last"'
    )
    second = api.get(first.links["next"]["url"])
    assert relations(second) == ["prev", "next", "last", "first"]
    last = api.get(second.links["last"]["url"])
    assert relations(last) == ["prev", "first"]
    assert last.links["prev"]["url"].endswith("page=3")
    assert "link" not in api.get(f"{WIDGETS}/pulls", state="all").headers
    assert api.get(f"{WIDGETS}/pulls", page=9).json() == []


def test_links_of_enterprise_server_stay_below_its_path(api: Any) -> None:
    rows = pages(api, "/api/v3/orgs/octo-org/repos", per_page=1)
    assert [it["name"] for it in rows] == [".github", "gadgets.io", "widgets"]
    assert all(it["url"] == f"{api.url}/api/v3/repos/{it['full_name']}" for it in rows)


def test_a_page_has_30_rows_and_at_most_100(serve: Callable[..., Any]) -> None:
    api = serve(generate(organization="acme", repositories=1, pull_requests=120, seed=1, now=1_767_225_600))
    (repository,) = api.world.organizations["acme"].repositories.values()
    path = f"/repos/acme/{repository.name}/pulls"
    assert len(api.rest(path, state="all")) == 30
    assert len(api.rest(path, state="all", per_page=1000)) == 100
    assert len(api.rest(path, state="all", per_page="many", page=-1)) == 30
    numbers = [it["number"] for it in pages(api, path, state="all", per_page=7)]
    assert numbers == sorted(repository.pull_requests, reverse=True)


def test_rows_of_a_list_lack_what_only_the_single_pull_request_has(api: Any) -> None:
    rows = api.rest(f"{WIDGETS}/pulls", state="all")
    assert [row.keys() & ONLY_IN_DETAIL for row in rows] == [set()] * 4
    detail = api.rest(f"{WIDGETS}/pulls/1")
    assert {name: detail[name] for name in ONLY_IN_DETAIL - {"merged_by"}} == {
        "merged": True,
        "comments": 2,
        "review_comments": 3,
        "commits": 2,
        "additions": 120,
        "deletions": 7,
        "changed_files": 3,
    }
    assert detail["merged_by"]["login"] == "Bob-B"
    (row,) = [row for row in rows if row["number"] == 1]
    assert row.items() <= detail.items()


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [5, 2]),
        ({"state": "closed"}, [4, 1]),
        ({"state": "all"}, [5, 4, 2, 1]),
        ({"state": "all", "sort": "created"}, [5, 4, 2, 1]),
        ({"state": "all", "sort": "updated"}, [1, 2, 4, 5]),
        ({"state": "all", "sort": "updated", "direction": "desc"}, [5, 4, 2, 1]),
        ({"state": "all", "direction": "asc"}, [1, 2, 4, 5]),
        ({"state": "all", "base": "release/1.x"}, [4]),
        ({"state": "all", "head": "someone-else:patch-1"}, [4]),
        ({"state": "all", "since": "2026-02-01T00:00:00Z"}, [5, 4, 2, 1]),
    ],
)
def test_pull_requests_are_chosen_and_ordered(api: Any, query: dict[str, str], numbers: list[int]) -> None:
    assert [it["number"] for it in api.rest(f"{WIDGETS}/pulls", **query)] == numbers


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, [".github", "gadgets.io", "widgets"]),
        ({"sort": "full_name"}, [".github", "gadgets.io", "widgets"]),
        ({"sort": "full_name", "direction": "desc"}, ["widgets", "gadgets.io", ".github"]),
        ({"sort": "pushed"}, ["gadgets.io", "widgets", ".github"]),
        ({"type": "public"}, ["widgets"]),
        ({"type": "private"}, [".github", "gadgets.io"]),
        ({"type": "forks"}, ["gadgets.io"]),
        ({"type": "sources"}, [".github", "widgets"]),
    ],
)
def test_repositories_are_chosen_and_ordered(api: Any, query: dict[str, str], names: list[str]) -> None:
    assert [it["name"] for it in api.rest("/orgs/octo-org/repos", **query)] == names


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [201, 202, 203]),
        ({"direction": "desc"}, [201, 202, 203]),  # ignored without sort
        ({"sort": "created", "direction": "desc"}, [203, 202, 201]),
        ({"sort": "updated"}, [201, 202, 203]),
        ({"sort": "updated", "direction": "desc"}, [203, 202, 201]),
        ({"since": "2026-01-06T14:00:00Z"}, [202, 203]),
        ({"since": "2026-01-06T14:00:01Z"}, [203]),
        ({"since": "2026-01-06T16:00:00+02:00", "sort": "updated", "direction": "desc"}, [203, 202]),
    ],
)
@pytest.mark.parametrize("path", ["pulls/comments", "pulls/1/comments"])
def test_review_comments_are_chosen_and_ordered(
    api: Any, path: str, query: dict[str, str], expected: list[int]
) -> None:
    rows = api.rest(f"{WIDGETS}/{path}", **query)
    assert [it["id"] - 3000000000 for it in rows] == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [301, 302]),
        ({"direction": "desc"}, [301, 302]),
        ({"since": "2026-01-06T14:45:01Z"}, [302]),
    ],
)
@pytest.mark.parametrize("path", ["issues/comments", "issues/1/comments"])
def test_issue_comments_are_chosen_and_ordered(api: Any, path: str, query: dict[str, str], expected: list[int]) -> None:
    rows = api.rest(f"{WIDGETS}/{path}", **query)
    assert [it["id"] - 3000000000 for it in rows] == expected


def test_only_the_list_of_a_whole_repository_can_be_reversed(api: Any) -> None:
    reversing = {"sort": "updated", "direction": "desc"}
    whole = [it["id"] for it in api.rest(f"{WIDGETS}/issues/comments", **reversing)]
    one = [it["id"] for it in api.rest(f"{WIDGETS}/issues/1/comments", **reversing)]
    assert whole == one[::-1]


def test_comments_of_a_pending_review_are_listed_below_it_alone(api: Any) -> None:
    assert api.rest(f"{WIDGETS}/pulls/2/comments") == []
    (comment,) = api.rest(f"{WIDGETS}/pulls/2/reviews/3000000103/comments")
    assert comment["body"] == "pending too"


def test_the_list_of_commits_ends_silently_at_250(serve: Callable[..., Any]) -> None:
    world = small.world()
    commits = world.organizations["octo-org"].repositories[501].pull_requests[1].commits
    commits[:] = [
        Commit(f"{number:040x}", "m", "n", "e", None, number, "n", "e", None, number) for number in range(260)
    ]
    api = serve(world)
    assert [it["sha"] for it in pages(api, f"{WIDGETS}/pulls/1/commits", per_page=100)] == [
        it.sha for it in commits[:250]
    ]
    assert api.rest(f"{WIDGETS}/pulls/1")["commits"] == 260


def test_bots_have_a_suffix_and_deleted_accounts_are_ghosts(api: Any) -> None:
    def who(number: int) -> tuple[str, int, str]:
        user = api.rest(f"{WIDGETS}/pulls/{number}")["user"]
        return user["login"], user["id"], user["type"]

    assert who(2) == ("dependabot[bot]", 49699333, "Bot")
    assert who(4) == ("ghost", 10137, "User")
    assert who(5) == ("mona-migrated", 1003, "Mannequin")
    detail = api.rest(f"{WIDGETS}/pulls/5")
    assert [it["login"] for it in detail["requested_reviewers"]] == ["dependabot[bot]"]
    asked = api.rest(f"{WIDGETS}/pulls/2")
    assert [it["login"] for it in asked["requested_reviewers"]] == ["alice"]
    assert [it["slug"] for it in asked["requested_teams"]] == ["core-team"]


def test_a_pending_review_has_no_submission(api: Any) -> None:
    (review,) = api.rest(f"{WIDGETS}/pulls/2/reviews")
    assert (review["state"], "submitted_at" in review) == ("PENDING", False)
    assert [it["submitted_at"] for it in api.rest(f"{WIDGETS}/pulls/1/reviews")] == [
        "2026-01-06T10:00:00Z",
        "2026-01-06T14:00:00Z",
    ]


def test_an_unmerged_pull_request_shows_its_trial_merge(api: Any) -> None:
    shown = {it["number"]: it["merge_commit_sha"] for it in api.rest(f"{WIDGETS}/pulls", state="all")}
    assert shown[1] == "3e" * 20
    assert all(len(sha) == 40 for sha in shown.values())


def test_the_head_of_a_deleted_fork_has_no_repository(api: Any) -> None:
    assert api.rest(f"{WIDGETS}/pulls/2")["head"]["repo"] is None
    assert api.rest(f"{WIDGETS}/pulls/4")["head"]["repo"]["full_name"] == "someone-else/widgets"


def test_a_renamed_repository_redirects_to_its_id(serve: Callable[..., Any]) -> None:
    world = small.world()
    organization = world.organizations["octo-org"]
    organization.repositories[501].name = "things"
    world.redirects["octo-org/widgets"] = 501
    api = serve(world)
    moved = api.get(f"{WIDGETS}/pulls", state="all", per_page=2)
    target = f"{api.url}/repositories/501/pulls?state=all&per_page=2"
    assert (moved.status_code, moved.headers["location"], moved.json()["url"]) == (301, target, target)
    assert moved.json()["message"] == "Moved Permanently"
    assert [it["base"]["repo"]["full_name"] for it in api.rest(target)] == ["Octo-Org/things"] * 2
    assert api.get(WIDGETS).headers["location"] == f"{api.url}/repositories/501"
    assert api.rest("/repositories/501")["name"] == "things"
    organization.repositories[600] = Repository(600, "widgets", "Octo-Org", 1, 1, None)
    assert api.rest(WIDGETS)["id"] == 600


def test_an_unchanged_answer_is_304_and_free(api: Any) -> None:
    first = api.get(f"{WIDGETS}/pulls/1")
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    again = api.get(f"{WIDGETS}/pulls/1", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"] == "1"
    api.world.organizations["octo-org"].repositories[501].pull_requests[1].title = "Another"
    changed = api.get(f"{WIDGETS}/pulls/1", headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["title"]) == (200, "Another")
    assert changed.headers["x-ratelimit-used"] == "2"


@pytest.mark.parametrize(
    ("path", "documentation"),
    [
        ("/nothing", ""),
        ("/orgs/nobody", "/orgs/orgs#get-an-organization"),
        ("/orgs/nobody/repos", "/repos/repos#list-organization-repositories"),
        ("/repos/octo-org/none", "/repos/repos#get-a-repository"),
        ("/repos/nobody/widgets", "/repos/repos#get-a-repository"),
        ("/repositories/9", "/repos/repos#get-a-repository"),
        (f"{WIDGETS}/pulls/3", "/pulls/pulls#get-a-pull-request"),
        (f"{WIDGETS}/pulls/x", ""),
        (f"{WIDGETS}/pulls/3/commits", "/pulls/pulls#list-commits-on-a-pull-request"),
    ],
)
def test_what_is_not_there_is_404(api: Any, path: str, documentation: str) -> None:
    response = api.get(path)
    assert response.status_code == 404
    assert response.json() == {
        "message": "Not Found",
        "documentation_url": f"https://docs.github.com/rest{documentation}",
        "status": "404",
    }


@pytest.mark.parametrize(
    ("path", "query"), [("pulls", {"state": "merged"}), ("pulls/comments", {"since": "yesterday"})]
)
def test_senseless_parameters_are_422(api: Any, path: str, query: dict[str, str]) -> None:
    assert api.get(f"{WIDGETS}/{path}", **query).status_code == 422
