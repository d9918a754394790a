"""The truth is what the streams' description says, checked against rows written out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from local_stack.comparison import KEYS
from local_stack.simulator import evolve, generator, invariants, small, truth

BY_HAND = json.loads((Path(__file__).parent / "data" / "small_truth.json").read_text())
SCHEMAS = Path(__file__).parents[2] / "tap-github-stats" / "tap_github_stats" / "schemas"
NOW = 1_790_000_000
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "null": type(None)}


def in_order(stream: str, rows: Any) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: [row[column] for column in KEYS[stream]])


@pytest.mark.parametrize("stream", truth.STREAMS)
def test_truth_of_the_small_organization_equals_the_one_written_by_hand(stream: str) -> None:
    assert in_order(stream, truth.rows(small.world(), stream)) == in_order(stream, BY_HAND[stream])


def test_every_stream_is_written_by_hand() -> None:
    assert set(BY_HAND) == set(truth.STREAMS)


def test_the_small_organization_is_possible() -> None:
    assert invariants.check(small.world()) == []


@pytest.mark.parametrize("stream", truth.STREAMS)
def test_rows_have_the_columns_and_types_of_the_schema(stream: str) -> None:
    schema = json.loads((SCHEMAS / f"{stream}.json").read_text())
    world = generator.generate(organization="acme", repositories=6, pull_requests=80, seed=1, now=NOW, frozen=True)
    evolve.evolve(world, days=2, seed=1)
    for row in truth.rows(world, stream):
        columns = {name: value for name, value in row.items() if not name.startswith("_")}
        assert list(columns) == list(schema["properties"])
        for name, value in columns.items():
            kinds = schema["properties"][name]["type"]
            allowed = tuple(TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))
            assert isinstance(value, allowed), (name, value)
            assert value is not None or name not in schema["required"]


@pytest.mark.parametrize("stream", truth.STREAMS)
def test_no_key_occurs_twice(stream: str) -> None:
    world = generator.generate(organization="acme", repositories=6, pull_requests=200, seed=2, now=NOW, frozen=True)
    keys = [tuple(row[column] for column in KEYS[stream]) for row in truth.rows(world, stream)]
    assert len(set(keys)) == len(keys)
    assert keys


def test_since_leaves_out_pull_requests_with_everything_on_them_but_no_repository() -> None:
    world = small.world()
    since = world.organizations["octo-org"].repositories[501].pull_requests[4].updated_at
    numbers = {
        stream: {(row["repository"], row["pr_number"]) for row in truth.rows(world, stream, since=since)}
        for stream in truth.STREAMS
        if stream != "repositories"
    }
    assert numbers["pull_requests"] == {("widgets", 4), ("widgets", 5), ("gadgets.io", 1)}
    assert all(those <= numbers["pull_requests"] for those in numbers.values())
    assert len(list(truth.rows(world, "repositories", since=since))) == 3
    [later] = [row for row in truth.rows(world, "pull_requests", since=since + 1) if row["pr_number"] == 5]
    assert later["title"] == "Nothing yet"
    assert all(row["pr_number"] != 4 for row in truth.rows(world, "pull_requests", since=since + 1))


def test_a_commit_whose_other_pull_request_is_too_old_belongs_to_the_newer_one() -> None:
    world = small.world()
    since = world.organizations["octo-org"].repositories[501].pull_requests[2].updated_at
    rows = {(row["repository"], row["sha"][:2]): row for row in truth.rows(world, "commits", since=since)}
    assert rows["widgets", "a1"]["pr_number"] == 2
    assert rows["widgets", "a1"]["_pr_numbers"] == [2]


def test_a_listed_commit_is_not_optional_though_it_was_removed_elsewhere() -> None:
    world = small.world()
    pull_requests = world.organizations["octo-org"].repositories[501].pull_requests
    pull_requests[1].former_commits.append(pull_requests[1].commits.pop(0))
    rows = {(row["repository"], row["sha"][:2]): row for row in truth.rows(world, "commits")}
    shared = rows["widgets", "a1"]
    assert (shared["pr_number"], shared["_pr_numbers"], shared["_optional"]) == (2, [1, 2], False)


def test_only_the_wanted_organizations_have_rows() -> None:
    world = small.world()
    generator.generate(organization="acme", repositories=1, pull_requests=3, seed=1, now=NOW, into=world)
    assert {row["organization"] for row in truth.rows(world, "pull_requests")} == {"Octo-Org", "acme"}
    chosen = truth.rows(world, "pull_requests", organizations=["OCTO-org"])
    assert {row["organization"] for row in chosen} == {"Octo-Org"}


def test_the_prefix_of_the_size_label_can_be_chosen() -> None:
    rows = truth.rows(small.world(), "pull_requests", size_label_prefix="depend")
    assert [row["size_label"] for row in rows] == [None, "dependencies", None, None, None]


def test_an_unknown_stream_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"no stream 'issues'; the streams are repositories, "):
        next(truth.rows(small.world(), "issues"))
