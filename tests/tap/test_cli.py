"""The command, as a user or Meltano runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import generator, small, truth
from tap_github_stats.client import Client
from tap_github_stats.governor import Governor, Quota
from tap_github_stats.progress import Progress

from tests.tap.running import Run, Tables, run

if TYPE_CHECKING:
    from local_stack.testing import GitHubFactory, GitHubServer

COMMAND = Path(sys.executable).with_name("tap-github-stats")
SECRET = "ghp_a1B2c3D4e5F6g7H8i9J0"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(("TAP_GITHUB_STATS_", "GITHUB_TOKEN"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(server: GitHubServer, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **server.env, "TAP_GITHUB_STATS_START_DATE": "2000-01-01", **environment}
    return subprocess.run(
        [COMMAND, "--config=ENV", *arguments], capture_output=True, text=True, check=False, env=variables
    )


def messages(output: str) -> Run:
    return Run([json.loads(line) for line in output.splitlines()])


@pytest.mark.usefixtures("folder")
def test_a_run_that_read_everything_exits_with_0(github: GitHubFactory) -> None:
    world = small.world()
    done = call(github(world))
    assert done.returncode == 0, done.stderr
    assert Tables().load(messages(done.stdout).messages).differences(world) == []


def test_catalog_and_state_come_as_files(github: GitHubFactory, folder: Path) -> None:
    world = small.world()
    server = github(world)
    discovered = call(server, "--discover")
    assert discovered.returncode == 0, discovered.stderr
    catalog = json.loads(discovered.stdout)
    assert {entry["stream"] for entry in catalog["streams"]} == set(truth.STREAMS)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = entry["stream"] == "reviews"
    (folder / "catalog.json").write_text(json.dumps(catalog))
    first = call(server, "--catalog", "catalog.json")
    assert first.returncode == 0, first.stderr
    assert {message["stream"] for message in messages(first.stdout).records} == {"reviews"}
    (folder / "state.json").write_text(json.dumps(messages(first.stdout).state))
    world.clock.advance(60)
    second = call(server, "--state", "state.json", "--catalog", "catalog.json")
    assert messages(second.stdout).records == []


@pytest.mark.usefixtures("folder")
def test_the_connection_test_reads_one_record_of_each_stream(github: GitHubFactory) -> None:
    done = call(github(small.world()), "--test")
    assert done.returncode == 0, done.stderr
    names = [message["stream"] for message in messages(done.stdout).records]
    assert sorted(names) == sorted(truth.STREAMS)


@pytest.mark.usefixtures("folder")
def test_schemas_can_be_written_without_a_request(github: GitHubFactory) -> None:
    server = github(small.world())
    done = call(server, "--test=schema")
    assert [message["stream"] for message in messages(done.stdout).schemas] == sorted(truth.STREAMS)
    assert server.requests()["requests"] == 0


@pytest.mark.usefixtures("folder")
def test_a_run_that_could_not_read_everything_exits_with_1_and_names_it(github: GitHubFactory) -> None:
    done = call(github(small.world()), TAP_GITHUB_STATS_ORGANIZATIONS="octo-org,nobody-here")
    assert done.returncode == 1
    assert "nobody-here" in done.stderr
    assert messages(done.stdout).messages[-1]["type"] == "STATE"


@pytest.mark.usefixtures("folder")
def test_a_wrong_configuration_exits_with_1_before_any_request(github: GitHubFactory) -> None:
    server = github(small.world())
    done = call(server, TAP_GITHUB_STATS_START_DATE="yesterday", TAP_GITHUB_STATS_AUTH_TOKEN=SECRET)
    assert done.returncode == 1
    assert "start_date" in done.stderr
    assert "Traceback" not in done.stderr
    assert server.requests()["requests"] == 0
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.usefixtures("folder")
def test_the_token_is_in_no_output(github: GitHubFactory) -> None:
    server = github(small.world())
    for options in ({}, {"TAP_GITHUB_STATS_AUTH_TOKEN": SECRET}):
        for arguments in (["--test"], ["--about"], []):
            done = call(server, *arguments, **options, LOGLEVEL="DEBUG")
            for secret in (SECRET, server.token):
                assert secret not in done.stdout + done.stderr


@pytest.mark.usefixtures("folder")
def test_sigterm_leaves_a_state_to_resume_from(github: GitHubFactory) -> None:
    world = generator.generate(
        organization="acme", repositories=3, pull_requests=60, seed=1, now=1_790_000_000, frozen=True
    )
    server = github(world, latency=0.2)
    variables = {**os.environ, **server.env, "TAP_GITHUB_STATS_START_DATE": "2000-01-01"}
    with subprocess.Popen(
        [COMMAND, "--config=ENV"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables
    ) as process:
        assert process.stdout is not None
        first_lines = []
        for line in process.stdout:
            first_lines.append(line)
            if '"repositories","record"' in line:
                break
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM, errors
    done = messages("".join(first_lines) + output)
    assert done.messages[-1]["type"] == "STATE"
    rest = run(server, state=done.state)
    assert Tables().load([*done.messages, *rest.messages]).differences(world) == []


def test_progress_lines_hold_what_operators_ask_for(caplog: pytest.LogCaptureFixture) -> None:
    governor = Governor(10)
    governor.quotas["graphql"] = Quota(5000, 4321, 0)
    client: Any = Client(api_url="http://127.0.0.1:9", token=SECRET, user_agent="test", governor=governor)
    progress = Progress(client, governor, 0)
    progress.repositories_read, progress.repositories_to_read = 3, 4
    progress.pull_requests, progress.indexed = 10, 30
    client.spent.requests, client.spent.points = 12, 34
    with caplog.at_level("INFO"):
        progress.tick()
        progress.repositories_read = 4
        progress.tick()
    first, second = caplog.messages
    assert "repositories=3/4 pull_requests=10/30+ rate=" in first
    assert "left=" not in first
    assert "requests=12 points=34 quota=4321/5000" in first
    assert "left=" in second


def test_nothing_of_google_is_imported() -> None:
    code = "import sys, tap_github_stats.tap; print(*[name for name in sys.modules if name.split('.')[0] == 'google'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
