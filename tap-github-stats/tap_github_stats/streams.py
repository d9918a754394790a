"""The seven streams: a schema file, keys and a replication key each; the collector drives them all together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from singer_sdk import Stream, StreamSchema
from singer_sdk.schema.source import SchemaDirectory
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_github_stats import schemas

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from singer_sdk import metrics
    from singer_sdk.helpers._batch import BatchConfig
    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.singerlib import RecordMessage

    from tap_github_stats.tap import TapGitHubStats

SCHEMAS: Final = SchemaDirectory(schemas)


class GitHubStatsStream(Stream):
    """A stream whose records arrive from outside: one request brings rows of all streams.

    The SDK syncs streams one after another. Here the first one that it syncs makes the collector write the records and
    bookmarks of all selected streams; for the others nothing is left to do. Everything that the SDK does to a record
    (selection, stream maps, conformance) still happens in the SDK's own code.
    """

    _tap: TapGitHubStats
    keys: ClassVar[Sequence[str]]
    updated: ClassVar[str | None] = None
    schema = StreamSchema(SCHEMAS)

    def __init__(self, tap: TapGitHubStats) -> None:
        super().__init__(tap)
        self.primary_keys = self.keys
        self.replication_key = self.updated
        self.forced_replication_method = REPLICATION_INCREMENTAL
        self._schema_written = False
        self._observed: datetime | None = None
        self._counter: metrics.Counter | None = None
        self.emitted = 0

    @property
    def replication_method(self) -> str:
        """Always incremental: no run but the first holds all rows, so no target may ever replace a table with one."""
        return REPLICATION_INCREMENTAL

    @property
    def is_full(self) -> bool:
        """Whether a dry run (`--test`) has seen enough records of this stream."""
        return self.ABORT_AT_RECORD_COUNT is not None and self.emitted >= self.ABORT_AT_RECORD_COUNT

    def emit(self, record: Record, observed: int) -> None:
        """Writes a record through the SDK's machinery.

        Args:
            record: The row; it belongs to the SDK from now on.
            observed: Second of the server's clock at which GitHub said so.
        """
        self._observed = datetime.fromtimestamp(observed, UTC)
        self._write_record_message(record)
        self.emitted += 1
        if self._counter is None:
            self._counter = self.get_record_counter()
        self._counter.increment()

    def close(self) -> None:
        """Writes the metric that is still open."""
        if self._counter is not None:
            self._counter.exit()
            self._counter = None

    def _generate_record_messages(self, record: Record) -> Generator[RecordMessage, None, None]:
        for message in super()._generate_record_messages(record):
            message.time_extracted = self._observed
            yield message

    def _write_schema_message(self) -> None:
        if not self._schema_written:
            super()._write_schema_message()
            self._schema_written = True

    def _sync_records(
        self,
        context: Context | None = None,  # noqa: ARG002 - there are no partitions
        *,
        write_messages: bool = True,  # noqa: ARG002 - there is no other way
    ) -> Generator[dict[str, Any], Any, Any]:
        self._tap.collect()
        yield from ()

    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Not to be called: no request is about one stream alone."""
        raise NotImplementedError("records of all streams come together, from TapGitHubStats.collect")

    def get_batch_config(self, config: Mapping[str, Any]) -> BatchConfig | None:  # noqa: ARG002 - see below
        """BATCH messages are not supported: state follows the records."""
        return None

    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """The SDK's signpost takes this machine's clock; the collector takes GitHub's."""

    def finalize_state_progress_markers(self, state: dict[str, Any] | None = None) -> None:
        """The collector alone writes state, and leaves no markers in it."""

    def _write_state_message(self) -> None:
        """The collector alone writes state."""


class Repositories(GitHubStatsStream):
    """Repositories of the organizations."""

    name = "repositories"
    keys = ("repository", "organization")
    updated = "updated_at"


class PullRequests(GitHubStatsStream):
    """Pull requests."""

    name = "pull_requests"
    keys = ("pr_number", "repository", "organization")
    updated = "updated_at"


class Commits(GitHubStatsStream):
    """Commits that pull requests list or have listed."""

    name = "commits"
    keys = ("sha", "repository", "organization")


class PullRequestCommits(GitHubStatsStream):
    """Which commits each pull request lists."""

    name = "pull_request_commits"
    keys = ("sha", "pr_number", "repository", "organization")


class Reviews(GitHubStatsStream):
    """Reviews of pull requests."""

    name = "reviews"
    keys = ("review_id", "repository", "organization")


class ReviewComments(GitHubStatsStream):
    """Comments on the diffs of pull requests."""

    name = "review_comments"
    keys = ("comment_id", "repository", "organization")


class IssueComments(GitHubStatsStream):
    """Comments in the conversations of pull requests."""

    name = "issue_comments"
    keys = ("comment_id", "repository", "organization")


STREAM_TYPES: Final[tuple[type[GitHubStatsStream], ...]] = (
    Repositories,
    PullRequests,
    Commits,
    PullRequestCommits,
    Reviews,
    ReviewComments,
    IssueComments,
)
"""In the order of `state.STREAMS`."""
