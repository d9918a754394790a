"""Runs the tap in this process, and keeps what it writes in tables as a target would."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_stack.simulator import truth
from local_stack.testing import compare
from tap_github_stats.tap import TapGitHubStats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local_stack.simulator.model import World
    from local_stack.testing import GitHubServer

Message = dict[str, Any]

CHILDREN = ("pull_request_commits", "reviews", "review_comments", "issue_comments")
"""Streams whose rows are all read again whenever their pull request is."""

EVERYTHING = "2000-01-01"


@dataclass
class Run:
    """What one run wrote."""

    messages: list[Message]

    @property
    def records(self) -> list[Message]:
        return [message for message in self.messages if message["type"] == "RECORD"]

    @property
    def states(self) -> list[dict[str, Any]]:
        return [message["value"] for message in self.messages if message["type"] == "STATE"]

    @property
    def state(self) -> dict[str, Any]:
        return self.states[-1]

    @property
    def schemas(self) -> list[Message]:
        return [message for message in self.messages if message["type"] == "SCHEMA"]

    def rows(self, stream: str) -> list[dict[str, Any]]:
        return [message["record"] for message in self.records if message["stream"] == stream]

    def until_state(self, number: int) -> list[Message]:
        """The messages up to the STATE of this number, counted from 0."""
        position = [at for at, message in enumerate(self.messages) if message["type"] == "STATE"][number]
        return self.messages[: position + 1]


@dataclass
class Tables:
    """The last row of each key, by stream; reading a pull request again takes its old children away."""

    rows: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)

    def load(self, messages: Iterable[Message]) -> Tables:
        for message in messages:
            if message["type"] == "SCHEMA":
                self.keys[message["stream"]] = message["key_properties"]
            elif message["type"] == "RECORD":
                self._upsert(message["stream"], message["record"])
        return self

    def _upsert(self, stream: str, row: dict[str, Any]) -> None:
        if stream == "pull_requests":
            mine = (row["repository_id"], row["pr_number"])
            for child in CHILDREN:
                table = self.rows.get(child, {})
                for key in [key for key, old in table.items() if (old["repository_id"], old["pr_number"]) == mine]:
                    del table[key]
        self.rows.setdefault(stream, {})[tuple(row[key] for key in self.keys[stream])] = row

    def differences(self, world: World, streams: Iterable[str] = truth.STREAMS, **options: Any) -> list[str]:
        """How these tables differ from what the world holds."""
        return [
            difference
            for stream in streams
            for difference in compare(
                list(self.rows.get(stream, {}).values()), truth.rows(world, stream, **options), stream
            )
        ]


def tap(
    github: GitHubServer,
    *,
    state: Mapping[str, Any] | None = None,
    catalog: dict[str, Any] | None = None,
    **config: Any,
) -> TapGitHubStats:
    """A tap that reads everything of this GitHub, unless the configuration says otherwise."""
    everything = {
        "api_url": github.url,
        "auth_token": github.token,
        "organizations": [organization.login for organization in github.world.organizations.values()],
        "start_date": EVERYTHING,
        **config,
    }
    copied = json.loads(json.dumps(state)) if state else None
    return TapGitHubStats(config=everything, state=copied, catalog=catalog)


def run(github: GitHubServer, **options: Any) -> Run:
    """A whole run; whatever it raises is raised."""
    return run_tap(tap(github, **options))


def run_tap(it: TapGitHubStats) -> Run:
    """A whole run of this tap."""
    done, error = attempt(it)
    if error is not None:
        raise error
    return done


def attempt(it: TapGitHubStats) -> tuple[Run, BaseException | None]:
    """What a run wrote before it ended, and how it failed, if it did."""
    output = io.StringIO()
    error: BaseException | None = None
    with redirect_stdout(output):
        try:
            it.sync_all()
        except (Exception, SystemExit) as raised:  # noqa: BLE001 - any end of a run is looked at
            error = raised
    return Run([json.loads(line) for line in output.getvalue().splitlines()]), error


def catalog(it: TapGitHubStats, *, streams: Iterable[str] = truth.STREAMS, deselected: Iterable[str] = ()) -> Any:
    """A catalog that selects these streams, without the columns given as `stream.column`."""
    entries: dict[str, Any] = it.catalog_dict
    chosen = set(streams)
    columns = {tuple(name.split(".")) for name in deselected}
    for entry in entries["streams"]:
        for item in entry["metadata"]:
            breadcrumb = item["breadcrumb"]
            if not breadcrumb:
                item["metadata"]["selected"] = entry["stream"] in chosen
            else:
                item["metadata"]["selected"] = (entry["stream"], breadcrumb[-1]) not in columns
    return entries
