"""The example queries answer what they say, computed a second time in Python from the truth."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import generator, truth

from tests.end_to_end.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local_stack.testing import GitHubFactory, Warehouse

QUERIES = Path(__file__).parents[2] / "docs" / "queries"
Row = dict[str, Any]


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def recent(rows: Iterable[Row], column: str, days: int) -> list[Row]:
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
    return [row for row in rows if row[column] and moment(row[column]) >= since]


def grouped(rows: Iterable[Row], column: str) -> dict[Any, list[Row]]:
    groups = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def mean(values: Iterable[float]) -> float | None:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else None


def first(rows: list[Row], *columns: str, limit: int | None = 10) -> list[Row]:
    descending, ascending = columns
    return sorted(rows, key=lambda row: (-row[descending], row[ascending] is not None, row[ascending] or ""))[:limit]


def developer_velocity(pull_requests: list[Row]) -> list[Row]:
    people = [row for row in recent(pull_requests, "created_at", 30) if row["author_type"] == "User"]
    return first(
        [
            {
                "author": author,
                "prs_created": len(rows),
                "prs_merged": sum(row["is_merged"] for row in rows),
                "lines_added": sum(row["additions"] for row in rows),
                "lines_deleted": sum(row["deletions"] for row in rows),
                "avg_review_count": mean(row["review_count"] for row in rows),
            }
            for author, rows in grouped(people, "author").items()
        ],
        "prs_created",
        "author",
    )


def pr_size_distribution(pull_requests: list[Row]) -> list[Row]:
    def hours(row: Row) -> float:
        return (moment(row["merged_at"]) - moment(row["created_at"])) // dt.timedelta(minutes=1) / 60

    return first(
        [
            {
                "size": size or "(no size label)",
                "prs": len(rows),
                "prs_merged": sum(row["is_merged"] for row in rows),
                "avg_hours_to_merge": mean(hours(row) for row in rows if row["merged_at"]),
            }
            for size, rows in grouped(pull_requests, "size_label").items()
        ],
        "prs",
        "size",
        limit=None,
    )


def review_activity(reviews: list[Row]) -> list[Row]:
    return first(
        [
            {
                "reviewer": reviewer,
                "reviews": len(rows),
                "prs_reviewed": len({(row["organization"], row["repository"], row["pr_number"]) for row in rows}),
                "approved": sum(row["state"] == "APPROVED" for row in rows),
                "changes_requested": sum(row["state"] == "CHANGES_REQUESTED" for row in rows),
            }
            for reviewer, rows in grouped(recent(reviews, "submitted_at", 90), "reviewer").items()
        ],
        "reviews",
        "reviewer",
    )


def commit_attribution(commits: list[Row]) -> list[Row]:
    return first(
        [
            {
                "author": author,
                "login": {row["author_login"] for row in rows},
                "commits": len(rows),
                "repositories": len({row["repository_id"] for row in rows}),
                "last_commit": max(row["commit_date"] for row in rows),
            }
            for author, rows in grouped(recent(commits, "commit_date", 60), "author").items()
        ],
        "commits",
        "author",
    )


EXPECTED: dict[str, tuple[str, Callable[[list[Row]], list[Row]]]] = {
    "developer_velocity": ("pull_requests", developer_velocity),
    "pr_size_distribution": ("pull_requests", pr_size_distribution),
    "review_activity": ("reviews", review_activity),
    "commit_attribution": ("commits", commit_attribution),
}


def test_every_example_query_answers_what_it_says(github: GitHubFactory, warehouse: Warehouse, tmp_path: Path) -> None:
    world = generator.generate(organization="acme", repositories=6, pull_requests=150, seed=9, now=int(time.time()))
    Pipeline(github(world), warehouse, tmp_path).run()
    assert {path.stem for path in QUERIES.glob("*.sql")} == EXPECTED.keys()
    for name, (stream, expected) in EXPECTED.items():
        sql = re.sub(r"\bgithub_stats\.", f"{warehouse.dataset}.", (QUERIES / f"{name}.sql").read_text())
        answer = warehouse.query(sql)
        wanted = expected(list(truth.rows(world, stream)))
        assert wanted
        assert len(answer) == len(wanted), name
        for got, want in zip(answer, wanted, strict=True):
            assert got.keys() == want.keys()
            for column, value in want.items():
                if isinstance(value, float):
                    assert got[column] == pytest.approx(value, abs=0.051), (name, column)
                elif isinstance(value, set):
                    assert got[column] in value | ({None} if not value - {None} else set()), (name, column)
                else:
                    assert got[column] == value, (name, column)
