"""A run: probe, index and hydrate each organization, and write records and bookmarks in an order that can be resumed.

For each organization the probe lists all repositories. Those in which something may have changed are read in ascending
order of their ids, and in each of them pull requests in ascending order of `updatedAt`: that is what makes every STATE
a point to resume from. Worker threads index later repositories and hydrate the next pull requests meanwhile; the main
thread alone writes messages and moves bookmarks.
"""

from __future__ import annotations

import json
import logging
import time
from bisect import bisect_left
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tap_github_stats import state, timestamps
from tap_github_stats.bookmarks import REPOSITORY_ITSELF, Bookmarks
from tap_github_stats.errors import SURPRISES, AccessError, IncompleteRunError, QueryError, TransientError
from tap_github_stats.hydrate import SIZES, Hydrator
from tap_github_stats.index import complete, index, reaches
from tap_github_stats.probe import probe
from tap_github_stats.pull_request import Wanted
from tap_github_stats.readahead import Pending, results, stage
from tap_github_stats.rows import Emitted, pull_request_rows, repository_row
from tap_github_stats.streams import GitHubStatsStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_github_stats.client import Client
    from tap_github_stats.errors import GitHubError
    from tap_github_stats.governor import Governor
    from tap_github_stats.probe import Head, Probed, Repository
    from tap_github_stats.progress import Progress
    from tap_github_stats.pull_request import Fetched
    from tap_github_stats.settings import Settings
    from tap_github_stats.tap import TapGitHubStats

LOGGER: Final = logging.getLogger("tap-github-stats.collector")

SKEW: Final = 5
"""Seconds by which the clocks of GitHub's servers may differ. A scan starts so long before the time that GitHub showed
before anything was read, and a second has certainly passed when GitHub showed a time later than it by more than
this."""

GROUP: Final = 200
"""Pull requests whose overflows share requests, about; a STATE may follow each group."""

GROUPS_AHEAD: Final = 2
"""Groups whose overflows are read, or are waiting to be written, at the same time."""

STATE_SHARE: Final = 20
"""A STATE is held back until so many times its own length has been written in records..."""

STATE_SECONDS: Final = 60
"""... but no longer than this: what a run does slowly, or a stream map leaves out, shall not be done again."""

DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class _Party:
    """Streams that stand at the same point, and their bookmarks in this run."""

    bookmarks: Bookmarks
    streams: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Pull requests of one hydration, and where reading goes on: nowhere, behind the last batch."""

    fetched: list[Fetched]
    then: Wanted | None


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of a pull request: its rows, or a failure.

    `updated` is its `updatedAt` as read, and `known` that of `Fetched`.
    """

    wanted: Wanted
    rows: list[Emitted]
    updated: int
    known: int
    failure: GitHubError | None


@dataclass(frozen=True, slots=True)
class _Group:
    """Pull requests that were read completely, and where reading goes on."""

    results: list[_Result]
    then: Wanted | None


class Collector:
    """One run over all organizations, for all selected streams.

    Args:
        tap: Holds streams and state, and writes messages.
        settings: What to read.
        client: Asks GitHub.
        governor: Is stopped when the run ends early.
        progress: Counts.
    """

    def __init__(
        self, tap: TapGitHubStats, settings: Settings, client: Client, governor: Governor, progress: Progress
    ) -> None:
        self._tap = tap
        self._settings = settings
        self._client = client
        self._governor = governor
        self._progress = progress
        self._streams: dict[str, GitHubStatsStream] = {
            name: stream
            for name in state.STREAMS
            if isinstance(stream := tap.streams[name], GitHubStatsStream) and stream.selected
        }
        self._dry = any(stream.ABORT_AT_RECORD_COUNT is not None for stream in self._streams.values())
        self._books = state.from_json(tap.state)
        self._hydrator = Hydrator(client, settings.page_size_hydrate)
        self._pool = ThreadPoolExecutor(settings.max_workers, thread_name_prefix="github")
        self._state_bytes = 0
        self._state_at = time.monotonic()
        self._record_bytes_at_state = 0
        self._interruptible = False
        self._signal: int | None = None

    def run(self) -> None:
        """Reads everything.

        Raises:
            IncompleteRunError: Organizations or repositories named in it could not be read.
            TapError: The run could not go on.
        """
        for stream in self._streams.values():
            stream._write_schema_message()  # noqa: SLF001 - the SDK has no public way
        try:
            with self._waiting():
                self._client.look_at_the_clock()
            for login in self._settings.organizations:
                self._progress.organizations += 1
                try:
                    self._try_out(login) if self._dry else self._organization(login)
                except (AccessError, QueryError, TransientError) as error:
                    self._progress.failed[login] = str(error)
        finally:
            self._governor.stop()
            if self._dry:
                self._tap.state_writer.write_state(self._tap.state)
            else:
                self._write_state(final=True)
            self._pool.shutdown(cancel_futures=True)
            for stream in self._streams.values():
                stream.close()
            self._progress.summarize()
        if self._progress.failed:
            causes = "; ".join(f"{name}: {reason}" for name, reason in sorted(self._progress.failed.items()))
            raise IncompleteRunError(
                f"{len(self._progress.failed)} could not be read to the end and will be read on from there by the next "
                f"run: {causes}"
            )

    def terminate(self, signum: int) -> None:
        """Ends the run: at once while it waits, else behind the message that is being written.

        Raises:
            SystemExit: With the exit code that the signal stands for.
        """
        self._signal = signum
        if self._interruptible:
            raise SystemExit(128 + signum)

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Around whatever waits for GitHub: a signal may end the run here."""
        self._interruptible = True
        try:
            if self._signal is not None:
                raise SystemExit(128 + self._signal)
            yield
        finally:
            self._interruptible = False

    def _each(self, results: Iterator[Any]) -> Iterator[Any]:
        """The same results; a signal may end the run between two of them."""
        while True:
            with self._waiting():
                result = next(results, None)
            if result is None:
                return
            yield result

    # One organization

    def _organization(self, login: str) -> None:
        ceiling = self._now() - SKEW
        if self._settings.end is not None:
            ceiling = min(ceiling, self._settings.end)
        parties, books = self._parties(login)
        of_repositories = books["repositories"].copy() if "repositories" in books else Bookmarks()
        ids: list[int] = []
        work: list[Repository] = []
        seen: set[int] = set()
        for probed in self._probe(login, seen):
            repository = probed.repository
            ids.append(repository.id)
            if "repositories" in self._streams:
                self._repository(probed, of_repositories)
            if parties and not self._is_unchanged(repository, parties):
                work.append(repository)
            self._progress.tick()
        self._report_vanished(login, seen, [of_repositories, *(party.bookmarks for party in parties)])
        if "repositories" in self._streams:
            of_repositories.begin(ids, ceiling)
            of_repositories.finish()
            books["repositories"] = of_repositories
        for party in parties:
            party.bookmarks.begin(ids, ceiling)
            books.update(dict.fromkeys(party.streams, party.bookmarks))
        self._books[login] = books
        if parties:
            self._pull_requests(sorted(work, key=lambda repository: repository.id), parties)

    def _parties(self, login: str) -> tuple[list[_Party], state.ByStream]:
        """The selected streams by where they stand, with bookmarks of their own for this run."""
        books = dict(self._books.get(login, {}))
        names = [name for name in self._streams if name != "repositories"]
        start = self._start(login, books)
        together: dict[int, list[str]] = {}
        for name in names:
            together.setdefault(id(books.get(name)), []).append(name)
        parties = []
        for streams in together.values():
            bookmarks = books[streams[0]].copy() if streams[0] in books else Bookmarks()
            bookmarks.start = start if bookmarks.start is None else bookmarks.start
            parties.append(_Party(bookmarks, frozenset(streams)))
        return parties, books

    def _now(self) -> int:
        """The server's clock, as last seen."""
        return self._client.server_time or 0

    def _start(self, login: str, books: state.ByStream) -> int:
        for name in state.STREAMS[1:]:
            if name in books and (start := books[name].start) is not None:
                if self._settings.start is not None and self._settings.start != start:
                    LOGGER.warning(
                        "start_date has changed, but the state of %s starts at %s, and that holds. "
                        "To read from another date, run with --full-refresh or clear the state.",
                        login,
                        timestamps.render(start),
                    )
                return start
        if self._settings.start is not None:
            return self._settings.start
        return self._now() - self._settings.lookback_days * DAY

    def _report_vanished(self, login: str, seen: set[int], bookmarks: Iterable[Bookmarks]) -> None:
        """Lists repositories that are no longer to be seen, once: they are paused from now on."""
        vanished: set[int] = set().union(*(one.positions.keys() - one.paused for one in bookmarks)) - seen
        for repository in sorted(vanished):
            self._skip(
                f"{login}/(repository id {repository})",
                "it was read before and is no longer listed: deleted, moved away, or hidden from the token",
            )

    def _probe(self, login: str, seen: set[int]) -> Iterator[Probed]:
        """The repositories that the settings let through; the ids of all go into `seen`."""
        unmatched = set(self._settings.repositories)
        found = probe(self._client, login, self._settings.page_size_probe, self._skip)
        for probed in self._each(found):
            node, repository = probed.node, probed.repository
            seen.add(repository.id)
            globs = self._settings.matches(repository.organization, repository.name)
            unmatched.difference_update(globs)
            if self._settings.repositories and not globs:
                continue
            if (node["isArchived"] and not self._settings.archived) or (node["isFork"] and not self._settings.forks):
                continue
            self._progress.repositories += 1
            yield probed
        for glob in sorted(unmatched):
            LOGGER.warning("No repository of %s matches %r.", login, glob)

    def _skip(self, name: str, reason: str) -> None:
        self._progress.skipped[name] = reason

    def _repository(self, probed: Probed, bookmarks: Bookmarks) -> None:
        row = repository_row(probed.node, probed.repository.organization)
        repository = probed.repository.id
        changed = timestamps.parse(max(row["updated_at"], row["pushed_at"] or ""))
        if repository in bookmarks.positions and not bookmarks.wants(repository, REPOSITORY_ITSELF, changed):
            return
        self._emit(Emitted("repositories", row, probed.observed))
        if probed.known > changed + SKEW:
            bookmarks.remember(repository, REPOSITORY_ITSELF, changed)

    def _is_unchanged(self, repository: Repository, parties: Iterable[_Party]) -> bool:
        since = _since(repository, parties)
        return reaches(repository, since) and not any(self._wanted(repository, list(repository.heads), parties))

    def _wanted(self, repository: Repository, heads: list[Head], parties: Iterable[_Party]) -> Iterator[Wanted]:
        """What is to be read of a repository, in ascending order of `updatedAt`."""
        for head in sorted(complete(heads, _since(repository, parties))):
            if self._settings.end is not None and head.updated >= self._settings.end:
                continue
            streams: frozenset[str] = frozenset().union(
                *(party.streams for party in parties if party.bookmarks.wants(repository.id, head.number, head.updated))
            )
            if "pull_requests" in streams:
                # A target may take a pull request's row for a sign that all its children come with it.
                streams = frozenset(self._streams) - {"repositories"}
            if streams:
                yield Wanted(repository, head.node_id, head.number, head.updated, streams)

    # Pull requests

    def _pull_requests(self, work: list[Repository], parties: list[_Party]) -> None:
        self._progress.repositories_to_read += len(work)
        before = self._progress.repositories_read
        ids = [repository.id for repository in work]
        hydrated = stage(self._pool, self._hydrations(work, parties), self._settings.max_workers + 2)
        groups = stage(self._pool, self._completions(hydrated), GROUPS_AHEAD)
        for group in self._each(results(groups)):
            for result in group.results:
                self._write(result, parties)
            if group.then is not None:
                for party in parties:
                    party.bookmarks.advance(group.then.repository.id, group.then.updated)
                self._progress.repositories_read = before + bisect_left(ids, group.then.repository.id)
                self._write_state()
            self._progress.tick()
        for party in parties:
            party.bookmarks.finish()
        self._progress.repositories_read = before + len(work)

    def _hydrations(self, work: list[Repository], parties: list[_Party]) -> Iterator[Callable[[], _Batch] | Pending]:
        """Indexes repositories ahead, and batches their pull requests across the borders of repositories."""
        batch: list[Wanted] = []
        for repository, heads in self._indexed(work, parties):
            while isinstance(heads, Future) and not heads.done():
                yield Pending([heads])
            found = self._heads(repository, heads, parties)
            for wanted in self._wanted(repository, found, parties):
                self._progress.indexed += 1
                if len(batch) == self._settings.page_size_hydrate:
                    yield partial(self._hydrate, batch, wanted)
                    batch = []
                batch.append(wanted)
        if batch:
            yield partial(self._hydrate, batch, None)

    def _completions(self, hydrated: Iterator[_Batch | Pending]) -> Iterator[Callable[[], _Group] | Pending]:
        """Groups what was hydrated, so that overflows share requests; behind a failed batch, with what there is."""
        group: list[Fetched] = []
        then: Wanted | None = None
        try:
            for batch in hydrated:
                if isinstance(batch, Pending):
                    yield batch
                    continue
                group += batch.fetched
                then = batch.then
                if len(group) >= GROUP or then is None:
                    yield partial(self._complete, group, then)
                    group = []
        except Exception:
            if group:
                yield partial(self._complete, group, then)
            raise

    def _indexed(
        self, work: list[Repository], parties: list[_Party]
    ) -> Iterator[tuple[Repository, list[Head] | Future[list[Head]]]]:
        """The repositories with their index, or with the future that will hold it; some are indexed ahead."""
        ahead: deque[tuple[Repository, list[Head] | Future[list[Head]]]] = deque()
        for repository in work:
            since = _since(repository, parties)
            if reaches(repository, since):
                ahead.append((repository, list(repository.heads)))
            else:
                task = partial(index, self._client, repository, since, self._settings.page_size_index)
                ahead.append((repository, self._pool.submit(task)))
            if len(ahead) > self._settings.max_workers:
                yield ahead.popleft()
        yield from ahead

    def _heads(
        self, repository: Repository, heads: list[Head] | Future[list[Head]], parties: list[_Party]
    ) -> list[Head]:
        if not isinstance(heads, Future):
            return heads
        name = f"{repository.organization}/{repository.name}"
        try:
            return heads.result()
        except AccessError as error:
            self._progress.skipped[name] = str(error)
        except (QueryError, TransientError) as error:
            self._progress.failed[name] = str(error)
        for party in parties:
            party.bookmarks.hold(repository.id)
        return []

    def _hydrate(self, wanted: list[Wanted], then: Wanted | None) -> _Batch:
        """In a worker thread: reads a batch of pull requests."""
        return _Batch(self._hydrator.fetch(wanted), then)

    def _complete(self, group: list[Fetched], then: Wanted | None) -> _Group:
        """In a worker thread: reads the overflows of a group, and makes the rows."""
        self._hydrator.complete(group)
        return _Group([self._result(fetched) for fetched in group], then)

    def _result(self, fetched: Fetched) -> _Result:
        one = fetched.wanted
        rows: list[Emitted] = []
        updated = 0
        if fetched.node is not None:
            prefix = self._settings.size_label_prefix
            try:
                rows = list(pull_request_rows(fetched.node, one.repository, one.streams, fetched.observed, prefix))
                updated = timestamps.parse(fetched.node["updatedAt"])
            except SURPRISES as error:
                fetched.fail(error)
                rows = []
        return _Result(one, rows, updated, fetched.known, fetched.failure)

    def _write(self, result: _Result, parties: list[_Party]) -> None:
        """Writes one pull request, and notes for the streams that it was read for what became of it."""
        one = result.wanted
        repository = one.repository
        for row in result.rows:
            self._emit(row)
        if result.failure is None:
            self._progress.pull_requests += 1
            if result.known > result.updated + SKEW:
                for party in parties:
                    if party.streams & one.streams:
                        party.bookmarks.remember(repository.id, one.number, result.updated)
            return
        # Also where it is gone: "not found" may be said of what the token may not see. If it has really been deleted,
        # no index shows it again, and the next run moves on.
        self._progress.unread(f"{repository.organization}/{repository.name}", one.number, result.failure)
        for party in parties:
            party.bookmarks.hold(repository.id)

    # Messages

    def _emit(self, emitted: Emitted) -> None:
        stream = self._streams[emitted.stream]
        if not stream.is_full:
            stream.emit(emitted.row, emitted.observed)
            self._progress.records[emitted.stream] += 1

    def _write_state(self, *, final: bool = False) -> None:
        """Writes a STATE, unless it is too long for what was written since the last one, and that is not long ago."""
        since = self._tap.record_bytes - self._record_bytes_at_state
        due = final or time.monotonic() - self._state_at > STATE_SECONDS
        if not due and self._state_bytes * STATE_SHARE > since:
            return
        value = state.to_json(self._books)
        self._state_bytes = len(json.dumps(value))
        if not due and self._state_bytes * STATE_SHARE > since:
            return
        self._state_at = time.monotonic()
        self._record_bytes_at_state = self._tap.record_bytes
        self._tap.state["bookmarks"] = value["bookmarks"]
        self._tap.state_writer.write_state(self._tap.state)

    # Dry run

    def _try_out(self, login: str) -> None:
        """For `--test`: a few records of each stream, from the first repositories; bookmarks stay where they are."""
        streams = frozenset(self._streams) - {"repositories"}
        wanted: list[Wanted] = []
        for number, probed in enumerate(self._probe(login, set()), start=1):
            repository = probed.repository
            if "repositories" in self._streams:
                self._emit(
                    Emitted("repositories", repository_row(probed.node, repository.organization), probed.observed)
                )
            wanted += [
                Wanted(repository, head.node_id, head.number, head.updated, streams) for head in repository.heads
            ]
            if number == self._settings.page_size_probe:
                break
        while wanted and streams and not all(stream.is_full for stream in self._streams.values()):
            chunk, wanted = wanted[: SIZES[0]], wanted[SIZES[0] :]
            with self._waiting():
                group = self._complete(self._hydrator.fetch(chunk), None)
            for result in group.results:
                self._write(result, [])


def _since(repository: Repository, parties: Iterable[_Party]) -> int:
    """Where the least advanced stream goes on."""
    return min(party.bookmarks.position(repository.id) for party in parties)
