"""`meltano run` is the whole product, and Meltano's other commands work on it; none of them calls the hub.

Every command here runs without a way out of the machine: see `Project`.
"""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import generator, truth
from local_stack.testing import compare

from scripts.meltano_project import PLUGINS, ROOT

if TYPE_CHECKING:
    from local_stack.simulator.model import World
    from local_stack.testing import GitHubFactory, GitHubServer, Warehouse

    from tests.meltano.conftest import Project

RUN = ("run", "tap-github-stats", "target-bigquery-merge")
STATE_ID = "local:tap-github-stats-to-target-bigquery-merge"


@pytest.fixture
def world() -> World:
    return generator.generate(organization="acme", repositories=4, pull_requests=40, seed=5, now=int(time.time()))


@pytest.fixture
def server(world: World, github: GitHubFactory, warehouse: Warehouse, project: Project) -> GitHubServer:
    """A GitHub and a warehouse that the project works on."""
    server = github(world)
    project.environment |= server.env | warehouse.env
    return server


def differences(warehouse: Warehouse, world: World) -> list[str]:
    return [
        difference
        for stream in truth.STREAMS
        for difference in compare(warehouse.rows(stream), truth.rows(world, stream), stream)
    ]


def test_a_run_loads_everything_and_the_next_one_fetches_nothing(
    project: Project, server: GitHubServer, warehouse: Warehouse, world: World
) -> None:
    project.meltano(*RUN)
    assert differences(warehouse, world) == []
    loaded = warehouse.rows("pull_requests")
    assert project.meltano("state", "list").split() == [STATE_ID]
    server.reset()
    project.meltano(*RUN)
    assert warehouse.rows("pull_requests") == loaded
    assert server.requests()["requests"] <= 2


def test_state_can_be_read_set_and_cleared(project: Project, server: GitHubServer, warehouse: Warehouse) -> None:
    project.meltano(*RUN)
    state = project.meltano("state", "get", STATE_ID)
    assert json.loads(state)["singer_state"]["bookmarks"]
    project.meltano("state", "clear", "--force", STATE_ID)
    assert project.meltano("state", "list").split() == []
    project.meltano("state", "set", "--force", STATE_ID, state)
    assert json.loads(project.meltano("state", "get", STATE_ID)) == json.loads(state)
    server.reset()
    project.meltano(*RUN)
    assert server.requests()["requests"] <= 2
    assert warehouse.rows("pull_requests")


def test_selection_decides_what_arrives(
    project: Project, server: GitHubServer, warehouse: Warehouse, world: World
) -> None:
    assert set(project.meltano("select", "--list", "--json", "tap-github-stats")) > set()
    project.meltano("select", "tap-github-stats", "reviews", "*")
    project.meltano(*RUN)
    assert {table.table_id for table in warehouse.bigquery.list_tables(warehouse.dataset)} == {"reviews"}
    assert compare(warehouse.rows("reviews"), truth.rows(world, "reviews"), "reviews") == []
    assert server.requests()["requests"]


def test_old_variables_load_without_a_bucket_and_warn_once_of_a_tiny_chunk_size(
    project: Project, server: GitHubServer, warehouse: Warehouse, world: World
) -> None:
    del project.environment["TARGET_BIGQUERY_MERGE_BUCKET"]
    project.write_dotenv({"PERSIST_TO_GCS": "false", "GCS_CHUNK_SIZE": "100", "BATCH_SIZE": "100"})
    buckets = {bucket.name for bucket in warehouse.storage.list_buckets()}
    log = project.attempt(*RUN).stderr
    assert differences(warehouse, world) == [], log
    assert log.count("chunk_size 100 is raised to 1000") == 1
    assert {bucket.name for bucket in warehouse.storage.list_buckets()} == buckets
    assert list(warehouse.storage.list_blobs(warehouse.bucket)) == []
    assert server.requests()["requests"]


@pytest.mark.parametrize("source", ["shell", "dotenv"])
def test_google_credentials_reach_the_target(project: Project, source: str) -> None:
    variables = {
        "GOOGLE_APPLICATION_CREDENTIALS": str(project.folder / "no-such-key.json"),
        "BIGQUERY_PROJECT_ID": "acme-data",
        "GCS_BUCKET_NAME": "acme-archive",
    }
    if source == "dotenv":
        project.write_dotenv(variables)
    else:
        project.environment = variables
    messages = [
        {
            "type": "SCHEMA",
            "stream": "things",
            "schema": {"properties": {"id": {"type": "integer"}}},
            "key_properties": ["id"],
        },
        {"type": "RECORD", "stream": "things", "record": {"id": 1}},
    ]
    result = project.attempt("invoke", "target-bigquery-merge", stdin="\n".join(map(json.dumps, messages)))
    assert result.returncode != 0
    assert "no-such-key.json" in result.stdout + result.stderr


def test_what_meltano_shows_holds_no_secret(project: Project) -> None:
    project.write_dotenv({"GITHUB_TOKEN": "ghp_secret", "TARGET_BIGQUERY_MERGE_CREDENTIALS_JSON": "key_secret"})
    shown = [project.attempt("config", "print", plugin) for plugin in PLUGINS.values()]
    assert not any("secret" in it.stdout + it.stderr for it in shown)


def test_the_schedule_names_the_job(project: Project) -> None:
    schedules: dict[str, Any] = json.loads(project.meltano("schedule", "list", "--format=json"))["schedules"]
    (daily,) = schedules["job"]
    assert (daily["name"], daily["cron_interval"]) == ("daily", "0 0 * * *")
    assert daily["job"]["tasks"] == ["tap-github-stats target-bigquery-merge"]


def test_meltano_installed_the_tap_without_any_google_library() -> None:
    python = ROOT / ".meltano" / "extractors" / "tap-github-stats" / "venv" / "bin" / "python"
    listing = "import importlib.metadata as m; print(*(d.name.lower() for d in m.distributions()))"
    installed = subprocess.run([python, "-c", listing], capture_output=True, text=True, check=True).stdout.split()
    assert "tap-github-stats" in installed
    assert [name for name in installed if "google" in name or "grpc" in name] == []
