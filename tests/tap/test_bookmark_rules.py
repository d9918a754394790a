"""The rules of the bookmarks under any order of updates, clocks and crashes.

The whole collector runs against a GitHub of a few lines, small enough to try many histories: anything may be updated
before any answer, clocks differ from answer to answer, and the run may be killed behind any message.
"""

from __future__ import annotations

import io
import json
import math
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tap_github_stats import collector, probe, tap, timestamps
from tap_github_stats.client import Answer, Spent
from tap_github_stats.tap import TapGitHubStats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import DataObject

START = 1_700_000_000
SKEW = 2
"""Seconds by which the clocks of the servers of this GitHub are off, at most."""

Key = tuple[int, int]
Position = tuple[int, int]


@dataclass
class Tiny:
    """Repositories of pull requests, each of which is its `updatedAt` and how often it was changed."""

    now: int = START
    repositories: dict[int, dict[int, Position]] = field(default_factory=dict)

    def change(self, repository: int, number: int) -> None:
        _, version = self.repositories.setdefault(repository, {}).get(number, (0, 0))
        self.repositories[repository][number] = (self.now, version + 1)

    @property
    def versions(self) -> dict[Key, int]:
        return {
            (repository, number): version
            for repository, numbers in self.repositories.items()
            for number, (_, version) in numbers.items()
        }


@dataclass(frozen=True)
class Event:
    """Something that happens while the tap runs."""

    seconds: int
    repository: int
    number: int
    skew: int


class TinyClient:
    """What the collector needs of a client; before each answer an event happens, as long as there are any."""

    def __init__(self, world: Tiny, events: Iterator[Event]) -> None:
        self.world = world
        self.events = events
        self.server_time: int | None = None
        self.spent = Spent()

    def close(self) -> None:
        """Nothing is open."""

    def _happen(self) -> int:
        """Lets the next event happen; gives the time that the answer will show."""
        self.spent.requests += 1
        event = next(self.events, None)
        if event is None:
            return self.world.now
        self.world.now += event.seconds
        self.world.change(event.repository, event.number)
        return self.world.now + event.skew

    def look_at_the_clock(self) -> int:
        self.server_time = self._happen()
        return self.server_time

    def query(self, operation: str, variables: dict[str, Any], *, large: bool = False) -> Answer:  # noqa: ARG002 - as Client
        known = self.server_time or 0
        date = self._happen()
        data = getattr(self, operation)(variables)
        self.server_time = max(date, known)
        return Answer(data, [], date, known, "tiny")

    def probe(self, variables: dict[str, Any]) -> dict[str, Any]:
        ids = sorted(self.world.repositories)
        first = int(variables["after"] or 0)
        end = first + variables["repositories"]
        nodes = [
            {"id": f"R{it}", "databaseId": it, "name": f"r{it}", "isArchived": False, "isFork": False,
             "pullRequests": self._page(it, variables["heads"], None)}
            for it in ids[first:end]
        ]  # fmt: skip
        page = {"hasNextPage": end < len(ids), "endCursor": str(end)}
        return {"organization": {"login": "tiny", "repositories": {"pageInfo": page, "nodes": nodes}}}

    def index(self, variables: dict[str, Any]) -> dict[str, Any]:
        repository = int(variables["repository"][1:])
        return {"node": {"pullRequests": self._page(repository, variables["first"], variables["after"])}}

    def _page(self, repository: int, first: int, after: str | None) -> dict[str, Any]:
        """A keyset page, the newest update first: as GitHub's cursors, `after` is a place, not a number of rows."""
        rows = sorted(((it, number) for number, (it, _) in self.world.repositories[repository].items()), reverse=True)
        if after is not None:
            place = tuple(json.loads(after))
            rows = [row for row in rows if row < place]
        page = rows[:first]
        return {
            "pageInfo": {"hasNextPage": len(rows) > first, "endCursor": json.dumps(page[-1]) if page else None},
            "nodes": [
                {"id": f"{repository}/{number}", "number": number, "updatedAt": timestamps.render(it)}
                for it, number in page
            ],
        }

    def hydrate(self, variables: dict[str, Any]) -> dict[str, Any]:
        nodes = []
        for node_id in variables["ids"]:
            repository, number = map(int, node_id.split("/"))
            updated, version = self.world.repositories[repository][number]
            commits = [{"commit": {"oid": f"{version}", "committedDate": timestamps.render(START)}}]
            nodes.append(
                {
                    "id": node_id,
                    "number": number,
                    "updatedAt": timestamps.render(updated),
                    "commits": {"nodes": commits},
                }
            )
        return {"nodes": nodes}


class KilledError(BaseException):
    """The process is gone."""


class Pipe(io.StringIO):
    """Standard output that breaks after so many messages."""

    def __init__(self, messages: float) -> None:
        super().__init__()
        self.left = messages

    def write(self, text: str) -> int:
        if self.left <= 0:
            raise KilledError
        self.left -= 1
        return super().write(text)


CATALOG = {
    "streams": [
        {
            "tap_stream_id": "pull_request_commits",
            "stream": "pull_request_commits",
            "key_properties": ["sha", "pr_number", "repository", "organization"],
            "schema": {
                "properties": {
                    "sha": {"type": "string"},
                    "pr_number": {"type": "integer"},
                    "repository": {"type": "string"},
                    "organization": {"type": "string"},
                    "repository_id": {"type": "integer"},
                }
            },
            "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}],
        }
    ]
}


@dataclass
class Outcome:
    """What a run left behind."""

    finished: bool
    state: dict[str, Any] | None
    read: dict[Key, int]
    requests: int


def run(world: Tiny, events: Iterator[Event], state: dict[str, Any] | None, messages: float = math.inf) -> Outcome:
    client = TinyClient(world, events)
    pipe = Pipe(messages)
    finished = True
    config = {
        "auth_token": "none", "organizations": ["tiny"], "start_date": "2000-01-01", "max_workers": 1,
        "page_size_probe": 2, "page_size_index": 2, "page_size_hydrate": 2,
    }  # fmt: skip
    with ExitStack() as stack:
        stack.enter_context(patch.object(tap, "Client", lambda **_: client))
        stack.enter_context(patch.object(collector, "GROUP", 4))
        stack.enter_context(patch.object(collector, "STATE_SHARE", 0))
        stack.enter_context(patch.object(probe, "HEADS", 2))
        stack.enter_context(redirect_stdout(pipe))
        try:
            TapGitHubStats(config=config, state=json.loads(json.dumps(state or {})), catalog=CATALOG).sync_all()
        except KilledError:
            finished = False
    read: dict[Key, int] = {}
    for line in pipe.getvalue().splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            read[message["record"]["repository_id"], message["record"]["pr_number"]] = int(message["record"]["sha"])
        elif message["type"] == "STATE" and message["value"]:
            state = message["value"]
    return Outcome(finished, state, read, client.spent.requests)


EVENTS = st.builds(
    Event,
    seconds=st.sampled_from([0, 0, 0, 1, 2, 5, 11]),
    repository=st.integers(1, 5),
    number=st.integers(1, 6),
    skew=st.integers(-SKEW, SKEW),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(EVENTS, max_size=30), st.lists(st.tuples(st.lists(EVENTS, max_size=25), st.integers(0, 60)), max_size=4)
)
def test_no_history_of_updates_and_crashes_loses_anything(
    before: list[Event], runs: list[tuple[list[Event], int]]
) -> None:
    world = Tiny(repositories={1: {}})
    for event in before:
        world.now += event.seconds
        world.change(event.repository, event.number)
    table: dict[Key, int] = {}
    state = None
    for events, messages in runs:
        outcome = run(world, iter(events), state, messages)
        table.update(outcome.read)
        state = outcome.state
        world.now += 1
    world.now += 2 * collector.SKEW + 1
    last = run(world, iter(()), state)
    table.update(last.read)
    assert last.finished
    assert table == world.versions
    again = run(world, iter(()), last.state)
    assert again.read == {}
    assert again.requests == 1 + math.ceil(len(world.repositories) / 2)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EVENTS, min_size=5, max_size=40), st.data())
def test_what_was_read_before_a_crash_and_is_in_the_state_is_not_read_again(
    before: list[Event], data: DataObject
) -> None:
    world = Tiny()
    for event in before:
        world.now += event.seconds
        world.change(event.repository, event.number)
    world.now += 2 * collector.SKEW + 1
    killed = run(world, iter(()), None, data.draw(st.integers(2, 60)))
    rest = run(world, iter(()), killed.state)
    assert killed.read | rest.read == world.versions
    if not killed.finished:
        # At most one group, the one that was being written, is read twice.
        assert len(killed.read.keys() & rest.read.keys()) <= 4
    else:
        assert rest.read == {}
