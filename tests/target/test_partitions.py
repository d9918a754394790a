"""Predicates name exactly the partitions touched, and no statement touches too many."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_bigquery_merge.locations import can_load
from target_bigquery_merge.partitions import MAX_PARTITIONS, Granularity, Move, Partitioning, shares

DAY = 86_400


def moves(*destinations: int | None) -> list[Move]:
    return [Move(destination, None, found=False) for destination in destinations]


@pytest.mark.parametrize(
    ("kind", "granularity", "ordinals", "predicate"),
    [
        (
            "TIMESTAMP",
            "day",
            {0},
            "((t >= TIMESTAMP '1970-01-01 00:00:00+00' AND t < TIMESTAMP '1970-01-02 00:00:00+00'))",
        ),
        (
            "TIMESTAMP",
            "day",
            {0, DAY, 3 * DAY, None},
            (
                "((t >= TIMESTAMP '1970-01-01 00:00:00+00' AND t < TIMESTAMP '1970-01-03 00:00:00+00')"
                " OR (t >= TIMESTAMP '1970-01-04 00:00:00+00' AND t < TIMESTAMP '1970-01-05 00:00:00+00') OR t IS NULL)"
            ),
        ),
        (
            "TIMESTAMP",
            "hour",
            {3600},
            "((t >= TIMESTAMP '1970-01-01 01:00:00+00' AND t < TIMESTAMP '1970-01-01 02:00:00+00'))",
        ),
        ("DATE", "day", {0, 1}, "((t >= DATE '1970-01-01' AND t < DATE '1970-01-03'))"),
        ("DATE", "month", {334, 365}, "((t >= DATE '1970-12-01' AND t < DATE '1971-02-01'))"),
        ("DATE", "year", {365}, "((t >= DATE '1971-01-01' AND t < DATE '1972-01-01'))"),
        ("DATE", "year", {(date(9999, 1, 1) - date(1970, 1, 1)).days}, "((t >= DATE '9999-01-01'))"),
        ("DATE", "day", {None}, "(t IS NULL)"),
        ("DATE", "day", set(), "(FALSE)"),
    ],
)
def test_predicates_are_ranges_of_literals(
    kind: str, granularity: str, ordinals: set[int | None], predicate: str
) -> None:
    assert Partitioning("t", kind, Granularity(granularity)).predicate("t", ordinals) == predicate


def test_the_next_partition_of_every_granularity() -> None:
    start = datetime(2023, 12, 1, tzinfo=UTC)
    assert [Granularity(name).next(start) for name in ("hour", "day", "month", "year")] == [
        start + timedelta(hours=1),
        start + timedelta(days=1),
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 12, 1, tzinfo=UTC),
    ]


def test_more_partitions_than_a_statement_may_modify_are_divided() -> None:
    divided = shares(moves(*range(9_000)), MAX_PARTITIONS)
    assert [len(share) for share in divided] == [4_000, 4_000, 1_000]


@given(
    st.lists(st.tuples(st.integers(0, 30) | st.none(), st.integers(0, 30) | st.none(), st.booleans()), unique=True),
    st.integers(2, 8),
)
def test_every_move_is_in_one_share_and_no_share_is_too_large(
    given_moves: list[tuple[int | None, int | None, bool]], limit: int
) -> None:
    everything = [Move(destination, home, found=found) for destination, home, found in given_moves]
    divided = shares(everything, limit)
    assert sorted(map(repr, everything)) == sorted(repr(move) for share in divided for move in share)
    for share in divided:
        assert len({partition for move in share for partition in move.partitions}) <= limit


@pytest.mark.parametrize(
    ("dataset", "bucket", "fits"),
    [
        ("US", "US", True),
        ("US", "europe-west1", True),
        ("EU", "EU", True),
        ("EU", "europe-west1", True),
        ("EU", "europe-west2", False),
        ("EU", "US", False),
        ("europe-west4", "EUR4", True),
        ("europe-west4", "EU", True),
        ("europe-west2", "EU", False),
        ("europe-west4", "europe-west1", False),
        ("us-east1", "US-EAST1", True),
        ("us-east1", "US", True),
        ("asia-northeast1", "US", False),
    ],
)
def test_a_bucket_is_where_the_dataset_can_load_from(dataset: str, bucket: str, *, fits: bool) -> None:
    assert can_load(dataset, bucket) is fits
