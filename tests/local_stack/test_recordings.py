"""Recorded repositories are loaded as they were recorded."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import invariants, recordings, truth

if TYPE_CHECKING:
    from local_stack.simulator.model import Repository, World

NEAR = Path(__file__).parents[3] / "shared" / "github-recordings"
FOLDER = Path(os.environ.get("LOCAL_STACK_RECORDINGS", NEAR))
COUNTED = ("commits", "reviews", "review_comments", "issue_comments")
# The counts are of recorded rows, and three rows were recorded twice.
RECORDED_TWICE = {(4, "issue_comments"), (23, "commits"), (41, "reviews")}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no recordings at {FOLDER}; set LOCAL_STACK_RECORDINGS")


@pytest.fixture(scope="module")
def world() -> World:
    return recordings.load(FOLDER)


def the_repository(world: World, organization: str) -> Repository:
    [repository] = world.organizations[organization].repositories.values()
    return repository


def counts(repository: Repository) -> dict[tuple[int, str], int]:
    return {
        (number, what): len(getattr(pull_request, what))
        for number, pull_request in repository.pull_requests.items()
        for what in COUNTED
    }


def recorded(*names: str) -> Any:
    return json.loads(FOLDER.joinpath(*names).read_text())


def test_recordings_make_a_possible_world(world: World) -> None:
    assert invariants.check(world, recorded=True) == []


def test_ants_has_as_many_of_everything_as_was_recorded(world: World) -> None:
    joined = {(row["number"], what): row[what] for row in recorded("ants", "joined_counts.json") for what in COUNTED}
    expected = {key: count - (key in RECORDED_TWICE) for key, count in joined.items()}
    assert counts(the_repository(world, "panjf2000")) == expected


def test_ants_keeps_authors_ids_and_merges(world: World) -> None:
    pull_requests = the_repository(world, "panjf2000").pull_requests
    rows = {row["pr_number"]: row for row in truth.rows(world, "pull_requests", organizations=["panjf2000"])}
    for expected in recorded("ants", "joined_counts.json"):
        row = rows[expected["number"]]
        assert row["author"] == expected["author"]
        assert row["merged_at"] == expected["merged_at"]
        assert row["is_merged"] is (expected["merged_at"] is not None)
    assert pull_requests[4].id == 203756736
    assert pull_requests[4].labels == ["enhancement"]
    assert pull_requests[4].head_repository == "barryz/ants"
    assert pull_requests[8].head_repository is None


def test_ants_keeps_bots_threads_and_outdated_comments(world: World) -> None:
    comments = {
        row["comment_id"]: row
        for stream in ("issue_comments", "review_comments")
        for row in truth.rows(world, stream, organizations=["panjf2000"])
    }
    assert comments[407675431]["author"] == "codecov[bot]"
    assert comments[407675431]["author_type"] == "Bot"
    assert sum(1 for row in comments.values() if row.get("in_reply_to_id")) == 6
    assert comments[307667451]["position"] == 188
    assert comments[307667451]["line"] == 419
    assert sum(1 for row in comments.values() if "position" in row and row["position"] is None) == 9


def test_ants_keeps_commits_without_an_account(world: World) -> None:
    rows = list(truth.rows(world, "commits", organizations=["panjf2000"]))
    [commit] = [row for row in rows if row["sha"] == "5bbc9e170bbee27c37bcc30da3da75b4531d1edb"]
    assert commit["author"] == "Cholerae Hu"
    assert commit["author_login"] == "choleraehyq"
    assert commit["author_date"] == "2019-01-21T10:57:23Z"
    assert commit["commit_date"] == "2019-01-22T05:09:19Z"
    assert any(row["author_login"] is None for row in rows)


def test_mls_has_as_many_of_everything_as_git_and_the_archive_count(world: World) -> None:
    repository = the_repository(world, "mlswg")
    counted = recorded("mls-protocol", "git_counts.json")
    assert counts(repository) == {(row["number"], what): row[what] for row in counted for what in COUNTED}
    for row in counted:
        pull_request = repository.pull_requests[row["number"]]
        for what in ("additions", "deletions", "changed_files"):
            assert getattr(pull_request, what) == row[what]


def test_mls_keeps_every_recorded_field_of_its_pull_requests(world: World) -> None:
    rows = {row["pr_number"]: row for row in truth.rows(world, "pull_requests", organizations=["mlswg"])}
    same = {
        "title": "title",
        "author": "author",
        "author_association": "authorAssociation",
        "created_at": "createdAt",
        "updated_at": "updatedAt",
        "closed_at": "closedAt",
        "merged_at": "mergedAt",
        "merged_by": "mergedBy",
        "labels": "labels",
        "base_ref": "baseRefName",
        "head_ref": "headRefName",
        "head_sha": "headRefOid",
        "head_repository": "headRepository",
        "url": "url",
    }
    for pull in recorded("mls-protocol", "archive_pulls.json")["pulls"]:
        row = rows[pull["number"]]
        assert {column: row[column] for column in same} == {column: pull[field] for column, field in same.items()}


def test_mls_keeps_reviews_and_comments_word_by_word(world: World) -> None:
    for pull in recorded("mls-protocol", "archive_pulls.json")["pulls"]:
        pull_request = the_repository(world, "mlswg").pull_requests[pull["number"]]
        assert [(it.state, it.body) for it in pull_request.reviews] == [
            (it["state"], it["body"]) for it in pull["reviews"]
        ]
        assert [it.body for it in pull_request.issue_comments] == [it["body"] for it in pull["comments"]]
        written = [comment["body"] for review in pull["reviews"] for comment in review["comments"]]
        assert [it.body for it in pull_request.review_comments] == written


def test_node_ids_of_old_and_of_new_objects_are_read(world: World) -> None:
    pull_requests = the_repository(world, "mlswg").pull_requests
    rows = {row["number"]: row["id"] for row in recorded("mls-protocol", "archive_pulls.json")["pulls"]}
    # base64 of 011:PullRequest258868534
    assert (rows[136], pull_requests[136].id) == ("MDExOlB1bGxSZXF1ZXN0MjU4ODY4NTM0", 258868534)
    new = next(number for number, node_id in rows.items() if node_id == "PR_kwDOBoyH6c5VyqVT")
    assert pull_requests[new].id == 0x55CAA553


def test_loading_twice_gives_the_same_world() -> None:
    assert recordings.load(FOLDER, now=1_790_000_000, frozen=True) == recordings.load(
        FOLDER, now=1_790_000_000, frozen=True
    )
