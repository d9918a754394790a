"""GraphQL answers as GitHub's do: everything the streams need, GitHub's spellings, its errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import ids, small
from local_stack.simulator.model import Actor, Repository

if TYPE_CHECKING:
    from collections.abc import Callable

PULL_REQUEST = """
query PullRequest($number: Int!) {
  repository(owner: "octo-org", name: "widgets") {
    pullRequest(number: $number) {
      id fullDatabaseId number title body state closed merged isDraft createdAt updatedAt closedAt mergedAt
      additions deletions changedFiles totalCommentsCount reviewDecision authorAssociation
      baseRefName headRefName headRefOid url isCrossRepository
      author { __typename login } mergedBy { login } mergeCommit { oid message }
      headRepository { nameWithOwner } repository { databaseId nameWithOwner }
      labels(first: 10) { nodes { name } }
      reviewRequests(first: 10) { nodes { requestedReviewer {
        __typename ... on User { login } ... on Bot { login } ... on Team { combinedSlug }
      } } }
      timelineItems(itemTypes: [READY_FOR_REVIEW_EVENT], last: 1) { nodes {
        __typename ... on ReadyForReviewEvent { createdAt }
      } }
      commits(first: 10) { totalCount nodes { commit {
        oid message url authoredDate committedDate
        author { name email date user { login } } committer { name email date user { login } }
      } } }
      reviews(first: 10) { totalCount nodes {
        fullDatabaseId state body submittedAt url authorAssociation author { __typename login } commit { oid }
        comments(first: 10) { totalCount nodes { fullDatabaseId } }
      } }
      reviewThreads(first: 10) { nodes { isOutdated comments(first: 10) { nodes {
        fullDatabaseId body path position line startLine createdAt updatedAt url state authorAssociation
        author { __typename login } commit { oid } replyTo { fullDatabaseId } pullRequestReview { fullDatabaseId }
      } } } }
      comments(first: 10) { totalCount nodes {
        fullDatabaseId body createdAt updatedAt url authorAssociation author { __typename login }
      } }
    }
  }
}
"""


def pull_request(api: Any, number: int) -> dict[str, Any]:
    """One pull request of the small organization with everything on it."""
    found: dict[str, Any] = api.ask(PULL_REQUEST, number=number)["repository"]["pullRequest"]
    return found


def test_a_pull_request_has_everything_the_streams_need(api: Any) -> None:
    page = "https://github.com/Octo-Org/widgets"
    shown = pull_request(api, 1)
    threads = shown.pop("reviewThreads")["nodes"]
    assert shown == {
        "id": ids.pull_request(501, 3000000001),
        "fullDatabaseId": "3000000001",
        "number": 1,
        "title": "Fix the size of widgets",
        "body": "Closes #0\r\n\r\nIt was too big.",
        "state": "MERGED",
        "closed": True,
        "merged": True,
        "isDraft": False,
        "createdAt": "2026-01-05T10:00:00Z",
        "updatedAt": "2026-01-07T09:00:00Z",
        "closedAt": "2026-01-06T15:00:00Z",
        "mergedAt": "2026-01-06T15:00:00Z",
        "additions": 120,
        "deletions": 7,
        "changedFiles": 3,
        "totalCommentsCount": 5,
        "reviewDecision": "APPROVED",
        "authorAssociation": "MEMBER",
        "baseRefName": "main",
        "headRefName": "feature/größe",
        "headRefOid": "a2" * 20,
        "url": f"{page}/pull/1",
        "isCrossRepository": False,
        "author": {"__typename": "User", "login": "alice"},
        "mergedBy": {"login": "Bob-B"},
        "mergeCommit": {
            "oid": "3e" * 20,
            "message": "Merge pull request #1 from feature/größe\n\nFix the size of widgets",
        },
        "headRepository": {"nameWithOwner": "Octo-Org/widgets"},
        "repository": {"databaseId": 501, "nameWithOwner": "Octo-Org/widgets"},
        "labels": {"nodes": [{"name": name} for name in ("bug", "size/M", "size/S", "🎉")]},
        "reviewRequests": {"nodes": []},
        "timelineItems": {"nodes": []},
        "commits": {
            "totalCount": 2,
            "nodes": [
                {
                    "commit": {
                        "oid": "a1" * 20,
                        "message": "Größe fest\n\nCo-authored-by: Bob <1002+Bob-B@users.noreply.github.com>",
                        "url": f"{page}/commit/{'a1' * 20}",
                        "authoredDate": "2026-01-05T09:00:00Z",
                        "committedDate": "2026-01-05T09:30:00Z",
                        "author": {
                            "name": "Alice Åhlgren",
                            "email": "alice@example.com",
                            "date": "2026-01-05T09:00:00Z",
                            "user": {"login": "alice"},
                        },
                        "committer": {
                            "name": "Alice Åhlgren",
                            "email": "alice@example.com",
                            "date": "2026-01-05T09:30:00Z",
                            "user": {"login": "alice"},
                        },
                    }
                },
                {
                    "commit": {
                        "oid": "a2" * 20,
                        "message": "Make it smaller still",
                        "url": f"{page}/commit/{'a2' * 20}",
                        "authoredDate": "2026-01-06T08:00:00Z",
                        "committedDate": "2026-01-06T08:00:00Z",
                        "author": {
                            "name": "Bob",
                            "email": "1002+Bob-B@Users.NoReply.GitHub.com",
                            "date": "2026-01-06T08:00:00Z",
                            "user": None,
                        },
                        "committer": {
                            "name": "Bob",
                            "email": "1002+Bob-B@Users.NoReply.GitHub.com",
                            "date": "2026-01-06T08:00:00Z",
                            "user": None,
                        },
                    }
                },
            ],
        },
        "reviews": {
            "totalCount": 2,
            "nodes": [
                {
                    "fullDatabaseId": "3000000101",
                    "state": "COMMENTED",
                    "body": "",
                    "submittedAt": "2026-01-06T10:00:00Z",
                    "url": f"{page}/pull/1#pullrequestreview-3000000101",
                    "authorAssociation": "COLLABORATOR",
                    "author": {"__typename": "User", "login": "stats-collector"},
                    "commit": {"oid": "a1" * 20},
                    "comments": {"totalCount": 1, "nodes": [{"fullDatabaseId": "3000000201"}]},
                },
                {
                    "fullDatabaseId": "3000000102",
                    "state": "APPROVED",
                    "body": "LGTM 👍",
                    "submittedAt": "2026-01-06T14:00:00Z",
                    "url": f"{page}/pull/1#pullrequestreview-3000000102",
                    "authorAssociation": "MEMBER",
                    "author": {"__typename": "User", "login": "Bob-B"},
                    "commit": {"oid": "a2" * 20},
                    "comments": {"totalCount": 1, "nodes": [{"fullDatabaseId": "3000000202"}]},
                },
            ],
        },
        "comments": {
            "totalCount": 2,
            "nodes": [
                {
                    "fullDatabaseId": "3000000301",
                    "body": "I will merge this.",
                    "createdAt": "2026-01-06T14:30:00Z",
                    "updatedAt": "2026-01-06T14:45:00Z",
                    "url": f"{page}/pull/1#issuecomment-3000000301",
                    "authorAssociation": "CONTRIBUTOR",
                    "author": {"__typename": "Bot", "login": "dependabot"},
                },
                {
                    "fullDatabaseId": "3000000302",
                    "body": "'); DROP TABLE pull_requests; --",
                    "createdAt": "2026-01-07T09:00:00Z",
                    "updatedAt": "2026-01-07T09:00:00Z",
                    "url": f"{page}/pull/1#issuecomment-3000000302",
                    "authorAssociation": "NONE",
                    "author": None,
                },
            ],
        },
    }
    assert threads == [
        {
            "isOutdated": True,
            "comments": {
                "nodes": [
                    {
                        "fullDatabaseId": "3000000201",
                        "body": "Why 7?",
                        "path": "src/../größe.py",
                        "position": None,
                        "line": None,
                        "startLine": None,
                        "createdAt": "2026-01-06T09:55:00Z",
                        "updatedAt": "2026-01-06T09:56:00Z",
                        "url": f"{page}/pull/1#discussion_r3000000201",
                        "state": "SUBMITTED",
                        "authorAssociation": "COLLABORATOR",
                        "author": {"__typename": "User", "login": "stats-collector"},
                        "commit": {"oid": "a1" * 20},
                        "replyTo": None,
                        "pullRequestReview": {"fullDatabaseId": "3000000101"},
                    },
                    {
                        "fullDatabaseId": "3000000202",
                        "body": "Because 🤷",
                        "path": "src/../größe.py",
                        "position": 5,
                        "line": 15,
                        "startLine": 12,
                        "createdAt": "2026-01-06T14:00:00Z",
                        "updatedAt": "2026-01-06T14:00:00Z",
                        "url": f"{page}/pull/1#discussion_r3000000202",
                        "state": "SUBMITTED",
                        "authorAssociation": "MEMBER",
                        "author": {"__typename": "User", "login": "Bob-B"},
                        "commit": {"oid": "a2" * 20},
                        "replyTo": {"fullDatabaseId": "3000000201"},
                        "pullRequestReview": {"fullDatabaseId": "3000000102"},
                    },
                ]
            },
        },
        {
            "isOutdated": False,
            "comments": {
                "nodes": [
                    {
                        "fullDatabaseId": "3000000203",
                        "body": "Older than reviews are",
                        "path": "README.md",
                        "position": 1,
                        "line": 1,
                        "startLine": None,
                        "createdAt": "2026-01-07T08:00:00Z",
                        "updatedAt": "2026-01-07T08:00:00Z",
                        "url": f"{page}/pull/1#discussion_r3000000203",
                        "state": "SUBMITTED",
                        "authorAssociation": "NONE",
                        "author": None,
                        "commit": None,
                        "replyTo": None,
                        "pullRequestReview": None,
                    }
                ]
            },
        },
    ]


def test_comments_without_a_review_show_only_in_threads(api: Any) -> None:
    shown = pull_request(api, 1)
    below_reviews = {it["fullDatabaseId"] for review in shown["reviews"]["nodes"] for it in review["comments"]["nodes"]}
    in_threads = {
        it["fullDatabaseId"] for thread in shown["reviewThreads"]["nodes"] for it in thread["comments"]["nodes"]
    }
    assert in_threads - below_reviews == {"3000000203"}


def test_bots_have_no_suffix_and_deleted_accounts_are_null(api: Any) -> None:
    assert pull_request(api, 2)["author"] == {"__typename": "Bot", "login": "dependabot"}
    assert pull_request(api, 5)["author"] == {"__typename": "Mannequin", "login": "mona-migrated"}
    assert pull_request(api, 4)["author"] is None


def test_a_pending_review_has_no_submission_and_its_comments_are_pending(api: Any) -> None:
    shown = pull_request(api, 2)
    assert [(it["state"], it["submittedAt"]) for it in shown["reviews"]["nodes"]] == [("PENDING", None)]
    assert [it["comments"]["nodes"][0]["state"] for it in shown["reviewThreads"]["nodes"]] == ["PENDING"]


def test_a_bot_is_no_user_of_a_commit(serve: Callable[..., Any]) -> None:
    world = small.world()
    commit = world.organizations["octo-org"].repositories[501].pull_requests[2].commits[1]
    commit.author_user = commit.committer_user = Actor(49699333, "dependabot", "Bot")
    shown = pull_request(serve(world), 2)["commits"]["nodes"][1]["commit"]
    assert (shown["author"]["user"], shown["committer"]["user"]) == (None, None)


def test_requested_reviewers_are_accounts_and_teams(api: Any) -> None:
    assert [it["requestedReviewer"] for it in pull_request(api, 2)["reviewRequests"]["nodes"]] == [
        {"__typename": "User", "login": "alice"},
        {"__typename": "Team", "combinedSlug": "Octo-Org/core-team"},
    ]
    assert [it["requestedReviewer"] for it in pull_request(api, 5)["reviewRequests"]["nodes"]] == [
        {"__typename": "Bot", "login": "dependabot"}
    ]


def test_the_timeline_tells_when_a_draft_was_made_ready(api: Any) -> None:
    assert pull_request(api, 5)["timelineItems"]["nodes"] == [
        {"__typename": "ReadyForReviewEvent", "createdAt": "2026-02-10T12:00:00Z"}
    ]


def test_the_head_repository_may_be_elsewhere_or_gone(api: Any) -> None:
    assert pull_request(api, 4)["headRepository"] == {"nameWithOwner": "someone-else/widgets"}
    assert pull_request(api, 2)["headRepository"] is None


def test_a_repository_has_everything_its_stream_needs(api: Any) -> None:
    query = """{ organization(login: "OCTO-ORG") { login databaseId repositories(first: 10) { totalCount nodes {
        id databaseId name nameWithOwner owner { login } description url visibility isPrivate isArchived isFork
        isDisabled defaultBranchRef { name } primaryLanguage { name } createdAt updatedAt pushedAt
    } } } }"""
    organization = api.ask(query)["organization"]
    assert (organization["login"], organization["databaseId"]) == ("Octo-Org", 9001)
    assert organization["repositories"]["totalCount"] == 3
    assert {it["name"]: it for it in organization["repositories"]["nodes"]} == {
        "widgets": {
            "id": ids.repository(501),
            "databaseId": 501,
            "name": "widgets",
            "nameWithOwner": "Octo-Org/widgets",
            "owner": {"login": "Octo-Org"},
            "description": 'Widgets: "quoted", `ticked` & ünïcode 🎉',
            "url": "https://github.com/Octo-Org/widgets",
            "visibility": "PUBLIC",
            "isPrivate": False,
            "isArchived": False,
            "isFork": False,
            "isDisabled": False,
            "defaultBranchRef": {"name": "main"},
            "primaryLanguage": {"name": "Python"},
            "createdAt": "2025-12-01T08:00:00Z",
            "updatedAt": "2026-01-20T08:00:00Z",
            "pushedAt": "2026-02-10T12:00:00Z",
        },
        "gadgets.io": {
            "id": ids.repository(502),
            "databaseId": 502,
            "name": "gadgets.io",
            "nameWithOwner": "Octo-Org/gadgets.io",
            "owner": {"login": "Octo-Org"},
            "description": None,
            "url": "https://github.com/Octo-Org/gadgets.io",
            "visibility": "PRIVATE",
            "isPrivate": True,
            "isArchived": True,
            "isFork": True,
            "isDisabled": False,
            "defaultBranchRef": {"name": "trunk"},
            "primaryLanguage": {"name": "C++"},
            "createdAt": "2025-12-02T08:00:00Z",
            "updatedAt": "2026-02-20T08:00:00Z",
            "pushedAt": "2026-02-14T12:00:00Z",
        },
        ".github": {
            "id": ids.repository(503),
            "databaseId": 503,
            "name": ".github",
            "nameWithOwner": "Octo-Org/.github",
            "owner": {"login": "Octo-Org"},
            "description": "",
            "url": "https://github.com/Octo-Org/.github",
            "visibility": "INTERNAL",
            "isPrivate": True,
            "isArchived": False,
            "isFork": False,
            "isDisabled": True,
            "defaultBranchRef": None,
            "primaryLanguage": None,
            "createdAt": "2026-01-01T00:00:00Z",
            "updatedAt": "2026-01-01T00:00:00Z",
            "pushedAt": None,
        },
    }


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ("isFork: true", ["gadgets.io"]),
        ("isArchived: false", [".github", "widgets"]),
        ("visibility: INTERNAL", [".github"]),
        ("privacy: PRIVATE", [".github", "gadgets.io"]),
        ("orderBy: {field: CREATED_AT, direction: DESC}", [".github", "gadgets.io", "widgets"]),
        ("orderBy: {field: PUSHED_AT, direction: DESC}", ["gadgets.io", "widgets", ".github"]),
        ("orderBy: {field: NAME, direction: DESC}", ["widgets", "gadgets.io", ".github"]),
    ],
)
def test_repositories_can_be_chosen_and_ordered(api: Any, arguments: str, names: list[str]) -> None:
    query = f'{{ repositoryOwner(login: "Octo-Org") {{ repositories(first: 9, {arguments}) {{ nodes {{ name }} }} }} }}'
    assert [it["name"] for it in api.ask(query)["repositoryOwner"]["repositories"]["nodes"]] == names


def test_every_node_is_found_again_by_its_id(api: Any) -> None:
    query = """{
      viewer { id __typename }
      organization(login: "Octo-Org") { id __typename }
      repository(owner: "Octo-Org", name: "widgets") { id __typename pullRequest(number: 1) {
        id __typename
        mergedBy { __typename }
        commits(first: 1) { nodes { commit { id __typename } } }
        reviews(first: 1) { nodes { id __typename comments(first: 1) { nodes { id __typename } } } }
        reviewThreads(first: 1) { nodes { id __typename } }
        comments(first: 1) { nodes { id __typename } }
      } }
    }"""
    found: list[tuple[str, str]] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            if "id" in value:
                found.append((value["id"], value["__typename"]))
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)

    collect(api.ask(query))
    assert len(found) == 9
    again = api.ask(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", ids=[node_id for node_id, _ in found]
    )
    assert [(it["id"], it["__typename"]) for it in again["nodes"]] == found


def test_missing_nodes_are_null_with_an_error_at_their_place(api: Any) -> None:
    known = ids.pull_request(501, 3000000001)
    missing = [ids.pull_request(501, 77), "nonsense", ids.encode("XX", 501, 1), "MDQ6VXNlcjE="]
    response = api.post("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [known, *missing]}).json()
    assert response["data"] == {"nodes": [{"id": known}, None, None, None, None]}
    assert response["errors"] == [
        {
            "type": "NOT_FOUND",
            "path": ["nodes", index],
            "locations": [{"line": 1, "column": 24}],
            "message": f"Could not resolve to a node with the global id of '{node_id}'.",
        }
        for index, node_id in enumerate(missing, 1)
    ]


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        ('{ node(id: "x") { id } }', ["node"], "Could not resolve to a node with the global id of 'x'."),
        (
            '{ organization(login: "nobody") { id } }',
            ["organization"],
            "Could not resolve to an Organization with the login of 'nobody'.",
        ),
        ('{ user(login: "nobody") { id } }', ["user"], "Could not resolve to a User with the login of 'nobody'."),
        (
            '{ repository(owner: "Octo-Org", name: "none") { id } }',
            ["repository"],
            "Could not resolve to a Repository with the name 'Octo-Org/none'.",
        ),
        (
            '{ repository(owner: "Octo-Org", name: "widgets") { pullRequest(number: 3) { id } } }',
            ["repository", "pullRequest"],
            "Could not resolve to a PullRequest with the number of 3.",
        ),
    ],
)
def test_what_is_not_there_is_null_with_an_error(api: Any, query: str, path: list[str], message: str) -> None:
    (error,) = api.errors(query)
    assert (error["type"], error["path"], error["message"]) == ("NOT_FOUND", path, message)


def test_a_renamed_repository_is_found_under_its_old_name_until_another_takes_it(serve: Callable[..., Any]) -> None:
    world = small.world()
    organization = world.organizations["octo-org"]
    organization.repositories[501].name = "things"
    world.redirects["octo-org/widgets"] = 501
    api = serve(world)
    query = """query ($follow: Boolean) {
      repository(owner: "Octo-Org", name: "Widgets", followRenames: $follow) { nameWithOwner databaseId }
    }"""
    renamed = {"nameWithOwner": "Octo-Org/things", "databaseId": 501}
    assert api.ask(query)["repository"] == renamed
    assert api.errors(query, follow=False)[0]["type"] == "NOT_FOUND"
    organization.repositories[600] = Repository(600, "widgets", "Octo-Org", 1, 1, None)
    assert api.ask(query)["repository"] == {"nameWithOwner": "Octo-Org/widgets", "databaseId": 600}


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { nonsense } }",
        "{ viewer { login ",
        "query ($id: ID!) { node(id: $id) { id } }",
        """{ repository(owner: "Octo-Org", name: "widgets") { pullRequest(number: 1) {
          commits(first: 1) { nodes { commit { author { user { ... on Bot { login } } } } } }
        } } }""",
        """{ repository(owner: "Octo-Org", name: "widgets") { pullRequest(number: 1) {
          reviewRequests(first: 1) { nodes { requestedReviewer { ... on Organization { login } } } }
        } } }""",
        "query A { viewer { id } } query B { viewer { id } }",
    ],
)
def test_an_invalid_query_is_refused_whole_with_status_200(api: Any, query: str) -> None:
    response = api.post(query)
    assert (response.status_code, list(response.json())) == (200, ["errors"])
    assert all(error["message"] for error in response.json()["errors"])


@pytest.mark.parametrize(("content", "status"), [(b"{", 400), (b"[]", 400), (b"{}", 200), (b'{"query": 1}', 200)])
def test_a_request_without_a_query_is_refused(api: Any, content: bytes, status: int) -> None:
    response = api.session.post(f"{api.url}/graphql", data=content)
    assert response.status_code == status
    assert {"message", "errors"} & response.json().keys()


def test_a_null_where_none_is_taken_is_an_error(api: Any) -> None:
    (error,) = api.errors("query ($ids: [ID!] = []) { nodes(ids: $ids) { id } }", ids=None)
    assert "must not be null" in error["message"]


def test_the_named_operation_of_a_document_is_executed(api: Any) -> None:
    response = api.post("query A { viewer { id } } query B { viewer { login } }", operationName="B")
    assert response.json() == {"data": {"viewer": {"login": "stats-collector"}}}


def test_what_the_simulator_does_not_know_is_never_made_up(api: Any) -> None:
    (error,) = api.errors("{ viewer { login bio } }")
    assert error == {
        "type": "NOT_SIMULATED",
        "path": ["viewer", "bio"],
        "locations": [{"line": 1, "column": 18}],
        "message": "The simulator does not know User.bio.",
    }


def test_enterprise_server_has_the_same_api_below_its_own_path(api: Any) -> None:
    response = api.session.post(f"{api.url}/api/graphql", json={"query": "{ viewer { login } }"})
    assert response.json() == {"data": {"viewer": {"login": "stats-collector"}}}


def test_introspection_shows_the_official_schema(api: Any) -> None:
    shown = api.ask('{ __type(name: "PullRequest") { fields { name } } }')["__type"]["fields"]
    assert {"fullDatabaseId", "mergeQueueEntry", "reviewThreads"} <= {it["name"] for it in shown}
