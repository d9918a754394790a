"""The Singer SDK's own tests for taps."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import pytest
from local_stack.simulator import generator, small
from local_stack.testing import _serve
from singer_sdk.testing import get_tap_test_class
from tap_github_stats.tap import TapGitHubStats

from tests.tap.running import tap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.testing import GitHubFactory

CONFIG: dict[str, Any] = {
    "api_url": "http://127.0.0.1:9",  # until the server runs
    "auth_token": "local-stack-token",
    "organizations": ["acme"],
    "start_date": "2000-01-01",
}


@pytest.fixture(scope="module", autouse=True)
def _github() -> Iterator[None]:
    world = generator.generate(
        organization="acme", repositories=12, pull_requests=120, seed=2, now=1_790_000_000, frozen=True
    )
    with _serve(world) as server:
        CONFIG["api_url"] = server.url
        yield


TestTap = get_tap_test_class(TapGitHubStats, config=CONFIG)


@pytest.mark.parametrize("limit", [1, 2])
def test_a_dry_run_writes_a_few_records_of_each_stream_and_moves_no_bookmark(github: GitHubFactory, limit: int) -> None:
    server = github(small.world())
    output = io.StringIO()
    with redirect_stdout(output):
        assert tap(server).run_sync_dry_run(dry_run_record_limit=limit)
    messages = [json.loads(line) for line in output.getvalue().splitlines()]
    for name in ("repositories", "pull_requests", "commits", "reviews", "review_comments", "issue_comments"):
        assert sum(message["type"] == "RECORD" and message["stream"] == name for message in messages) == limit
    assert [message["value"] for message in messages if message["type"] == "STATE"] == [{}]
    assert server.requests()["requests"] <= 5
