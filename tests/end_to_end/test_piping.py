"""The tap speaks plain Singer to any target, and the target to any tap."""

from __future__ import annotations

import csv
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from local_stack.comparison import KEYS
from local_stack.simulator import generator, truth
from local_stack.testing import compare

from tests.end_to_end.pipeline import BIN, ROOT, Pipeline, base_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from local_stack.simulator.model import World
    from local_stack.testing import Warehouse

NOW = 1_790_000_000


def peer(name: str) -> str:
    """A Singer plugin from PyPI, in its own environment, which set-up makes."""
    command = ROOT / ".peers" / name / "bin" / name
    assert command.exists(), f"{command} is missing: run scripts/setup"
    return str(command)


def newest_of_each_key(rows: Iterable[dict[str, Any]], stream: str) -> list[dict[str, Any]]:
    """What is left when a later row replaces an earlier one: these targets append, and a commit of two pull requests
    comes twice.
    """
    return list({tuple(row[column] for column in KEYS[stream]): row for row in rows}.values())


@pytest.fixture
def world() -> World:
    return generator.generate(organization="acme", repositories=6, pull_requests=80, seed=11, now=NOW)


def test_another_target_receives_every_row_as_json_lines(
    world: World, github: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    config = tmp_path / "target-jsonl.json"
    config.write_text(json.dumps({"destination_path": str(out), "do_timestamp_file": False}))
    run = Pipeline(github(world), warehouse, tmp_path).run(into=[peer("target-jsonl"), "--config", str(config)])
    assert run.state["bookmarks"]
    for stream in truth.STREAMS:
        rows = [json.loads(line) for line in (out / f"{stream}.jsonl").read_text().splitlines()]
        assert compare(newest_of_each_key(rows, stream), truth.rows(world, stream), stream) == []


def test_another_target_receives_every_row_as_csv(
    world: World, github: Callable[..., Any], warehouse: Warehouse, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    config = tmp_path / "target-csv.json"
    config.write_text(json.dumps({"output_path": str(out), "file_naming_scheme": "{stream_name}.csv"}))
    Pipeline(github(world), warehouse, tmp_path).run(into=[peer("target-csv"), "--config", str(config)])
    for stream in truth.STREAMS:
        expected = list(truth.rows(world, stream))
        with (out / f"{stream}.csv").open(newline="") as file:
            rows = newest_of_each_key(csv.DictReader(file), stream)
        assert len(rows) == len(expected)
        identity = "url" if "url" in expected[0] else "sha"
        assert {row[identity] for row in rows} == {row[identity] for row in expected}


def test_the_rows_of_another_tap_arrive_exactly(warehouse: Warehouse, tmp_path: Path) -> None:
    rows = [
        {"id": number, "name": f"na`me '{number}'", "ratio": number / 8, "flag": number % 2 == 0, "none": None}
        for number in range(500)
    ]
    source = tmp_path / "things.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    tap_config = tmp_path / "tap.json"
    tap_config.write_text(json.dumps({"path": str(source), "stream_name": "things", "primary_keys": ["id"]}))
    tap = subprocess.run([peer("tap-jsonl"), "--config", str(tap_config)], capture_output=True, check=True)
    target = [str(BIN / "target-bigquery-merge"), "--config", "ENV"]
    environment = base_environment() | warehouse.env
    for _ in range(2):
        subprocess.run(target, input=tap.stdout, capture_output=True, check=True, env=environment)
    loaded = warehouse.rows("things", columns=["id", "name", "ratio", "flag", "none"])
    assert sorted(loaded, key=lambda row: int(row["id"])) == rows
