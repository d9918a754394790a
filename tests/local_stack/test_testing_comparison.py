"""A table that differs from the truth never passes for equal, and the difference can be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from local_stack.comparison import KEYS
from local_stack.testing import compare

SCHEMAS = Path(__file__).parents[2] / "tap-github-stats" / "tap_github_stats" / "schemas"


def review(review_id: int = 1, **columns: object) -> dict[str, object]:
    return {"review_id": review_id, "repository": "web", "organization": "acme", "state": "APPROVED", **columns}


def commit(sha: str = "abc", pr_number: int = 1, **fields: object) -> dict[str, object]:
    return {"sha": sha, "pr_number": pr_number, "repository": "web", "organization": "acme", **fields}


def test_equal_rows_have_no_differences_in_any_order() -> None:
    assert compare([review(1), review(2)], [review(2), review(1)], "reviews") == []


def test_columns_that_only_the_table_has_do_not_count() -> None:
    assert compare([review(_sdc_run_id="r", ingestion_timestamp="2026-01-01T00:00:00Z")], [review()], "reviews") == []


def test_a_missing_row_is_named_by_its_key() -> None:
    assert compare([], [review()], "reviews") == [
        "reviews: missing (review_id=1, repository='web', organization='acme')"
    ]


def test_an_unexpected_row_is_named_by_its_key() -> None:
    assert compare([review()], [], "reviews") == [
        "reviews: unexpected (review_id=1, repository='web', organization='acme')"
    ]


def test_a_doubled_row_is_a_difference_even_when_both_are_right() -> None:
    assert compare([review(), review()], [review()], "reviews") == [
        "reviews: 2 rows of (review_id=1, repository='web', organization='acme')"
    ]


def test_a_wrong_value_is_shown_beside_the_right_one() -> None:
    assert compare([review(state="DISMISSED")], [review()], "reviews") == [
        "reviews: (review_id=1, repository='web', organization='acme'): state is 'DISMISSED', not 'APPROVED'"
    ]


@pytest.mark.parametrize(("actual", "expected"), [(None, ""), ("1", 1), (1.0, 1), (1, True), (["b", "a"], ["a", "b"])])
def test_values_that_merely_look_alike_differ(actual: object, expected: object) -> None:
    assert compare([review(value=actual)], [review(value=expected)], "reviews") != []


def test_a_column_that_the_table_lacks_is_a_difference() -> None:
    assert compare([review()], [review(body=None)], "reviews") == [
        "reviews: (review_id=1, repository='web', organization='acme'): there is no column body"
    ]


def test_any_pull_request_that_lists_the_commit_is_right() -> None:
    truth = [commit(pr_number=1, _pr_numbers=[1, 7])]
    assert compare([commit(pr_number=7)], truth, "commits") == []
    assert compare([commit(pr_number=8)], truth, "commits") == [
        "commits: (sha='abc', repository='web', organization='acme'): pr_number is 8, not one of [1, 7]"
    ]


def test_an_optional_row_may_be_missing_but_not_wrong() -> None:
    truth = [commit(message="old", _pr_numbers=[1], _optional=True)]
    assert compare([], truth, "commits") == []
    assert compare([commit(message="old")], truth, "commits") == []
    assert compare([commit(message="new")], truth, "commits") == [
        "commits: (sha='abc', repository='web', organization='acme'): message is 'new', not 'old'"
    ]


def test_many_differences_are_counted_instead_of_listed() -> None:
    differences = compare([], [review(number) for number in range(1000)], "reviews")
    assert len(differences) == 21
    assert differences[-1] == "... and 980 more like these"


def test_a_long_value_is_cut() -> None:
    (difference,) = compare([review(body="x" * 5000)], [review(body="y")], "reviews")
    assert len(difference) < 300


def test_a_truth_with_two_rows_of_one_key_is_refused() -> None:
    with pytest.raises(ValueError, match="the truth has 2 rows"):
        compare([], [review(), review()], "reviews")


def test_every_stream_has_its_key_in_its_schema() -> None:
    schemas = {path.stem: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    assert KEYS.keys() == schemas.keys()
    for stream, columns in KEYS.items():
        assert set(columns) <= set(schemas[stream]["required"])
