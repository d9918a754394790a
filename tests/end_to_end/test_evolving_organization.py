"""An organization that moves on is followed exactly: after every run every column of every table equals truth."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import evolve, generator, truth
from local_stack.testing import compare

from tests.end_to_end.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local_stack.testing import Warehouse

NOW = 1_790_000_000
ROUNDS = 10
# Any other seeds: GITHUB_STATS_SEEDS=7,8,9
SEEDS = [int(seed) for seed in os.environ.get("GITHUB_STATS_SEEDS", "1,2,3").split(",")]


def assert_tables_equal_truth(warehouse: Warehouse, world: Any) -> None:
    """Compares all seven tables with truth, row by row and column by column."""
    for stream in truth.STREAMS:
        columns = list(next(iter(truth.rows(world, stream))))
        rows = warehouse.rows(stream, columns=[column for column in columns if not column.startswith("_")])
        assert compare(rows, truth.rows(world, stream), stream) == [], stream


@pytest.mark.parametrize("seed", SEEDS)
def test_ten_evolutions_are_followed_exactly(
    seed: int, github: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    world = generator.generate(organization="acme", repositories=8, pull_requests=120, seed=seed, now=NOW)
    pipeline = Pipeline(github(world), warehouse, tmp_path)
    pipeline.run()
    assert_tables_equal_truth(warehouse, world)
    for round_number in range(ROUNDS):
        changes = evolve.evolve(world, days=2, seed=seed * 1000 + round_number, events=evolve.UPDATED_AT_EVENTS)
        assert changes
        pipeline.run()
        assert_tables_equal_truth(warehouse, world)


def test_a_run_with_nothing_new_fetches_and_loads_nothing(
    github: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    world = generator.generate(organization="acme", repositories=40, pull_requests=120, seed=5, now=NOW)
    server = github(world)
    pipeline = Pipeline(server, warehouse, tmp_path)
    pipeline.run()
    before = {stream: warehouse.rows(stream) for stream in truth.STREAMS}
    server.reset()
    pipeline.run()
    # Two pages of repositories, and the question for the time and the quota.
    assert server.requests()["requests"] <= 3
    for stream in truth.STREAMS:
        assert warehouse.rows(stream) == before[stream]
