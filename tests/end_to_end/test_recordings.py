"""Real repositories, recorded from GitHub, arrive exactly."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import recordings, truth

from tests.end_to_end.pipeline import ROOT, Pipeline
from tests.end_to_end.test_evolving_organization import assert_tables_equal_truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_stack.testing import Warehouse

FOLDER = Path(os.environ.get("LOCAL_STACK_RECORDINGS", ROOT.parent / "shared" / "github-recordings"))
CHILDREN = {
    "commits": "pull_request_commits",
    "reviews": "reviews",
    "review_comments": "review_comments",
    "issue_comments": "issue_comments",
}
# joined_counts.json counts recorded rows, and three rows of ants were recorded twice.
RECORDED_TWICE = {(4, "issue_comments"), (23, "commits"), (41, "reviews")}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no recordings at {FOLDER} (LOCAL_STACK_RECORDINGS)")


def counted(warehouse: Warehouse, repository: str) -> dict[int, dict[str, int]]:
    """How many rows of each table belong to each pull request of a repository."""
    counts = {
        name: Counter(
            row["pr_number"]
            for row in warehouse.rows(table, columns=["pr_number", "repository"])
            if row["repository"] == repository
        )
        for name, table in CHILDREN.items()
    }
    pulls = warehouse.rows("pull_requests", columns=["pr_number", "repository"])
    numbers = [row["pr_number"] for row in pulls if row["repository"] == repository]
    assert len(set(numbers)) == len(numbers)
    return {number: {name: counts[name][number] for name in CHILDREN} for number in numbers}


def test_recorded_repositories_arrive_row_by_row(
    github: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    world = recordings.load(FOLDER)
    Pipeline(github(world), warehouse, tmp_path).run()
    assert_tables_equal_truth(warehouse, world)

    ants = json.loads((FOLDER / "ants" / "joined_counts.json").read_text())
    assert counted(warehouse, "ants") == {
        row["number"]: {name: row[name] - ((row["number"], name) in RECORDED_TWICE) for name in CHILDREN}
        for row in ants
    }

    mls = json.loads((FOLDER / "mls-protocol" / "git_counts.json").read_text())
    mls = {row["number"]: row for row in mls if row["repo"] == "mlswg/mls-protocol"}
    assert counted(warehouse, "mls-protocol") == {
        number: {name: row[name] for name in CHILDREN} for number, row in mls.items()
    }
    lines = warehouse.rows("pull_requests", columns=["pr_number", "repository", "additions", "deletions"])
    for row in lines:
        if row["repository"] == "mls-protocol":
            expected = mls[row["pr_number"]]
            assert (row["additions"], row["deletions"]) == (expected["additions"], expected["deletions"])
    assert set(truth.STREAMS) == {"repositories", "pull_requests", "pull_request_commits", *CHILDREN}
