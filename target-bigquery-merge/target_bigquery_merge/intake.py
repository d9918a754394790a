"""What has come in since the last checkpoint was sealed, and when to seal the next.

A checkpoint is sealed at a STATE message, when enough rows, bytes or time have gathered; before a changed schema is
accepted, so that versions keep their order; and at the end. Sealed checkpoints are committed in the background.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from target_bigquery_merge.archive import Archive, FileNames, LocalFiles
from target_bigquery_merge.batches import Batch, Checkpoint
from target_bigquery_merge.buffers import Buffers, Group
from target_bigquery_merge.checkpoint import Protocol
from target_bigquery_merge.clients import bigquery_client, storage_client
from target_bigquery_merge.columns import EXTRACTED_AT, INGESTION_TIMESTAMP, RUN_ID, SEQUENCE
from target_bigquery_merge.commits import Commits
from target_bigquery_merge.errors import MessageError, SchemaMissingError
from target_bigquery_merge.jobs import Jobs
from target_bigquery_merge.load import Loader
from target_bigquery_merge.manifest import Manifests, unfinished
from target_bigquery_merge.merge import Merger
from target_bigquery_merge.places import prepare_bucket, prepare_dataset
from target_bigquery_merge.rows import RowEncoder
from target_bigquery_merge.runs import Clock, Run
from target_bigquery_merge.tables import Tables
from target_bigquery_merge.values import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.cloud import bigquery

    from target_bigquery_merge.archive import RowStore
    from target_bigquery_merge.settings import Settings
    from target_bigquery_merge.stream import Stream

logger = logging.getLogger("target-bigquery-merge")


@dataclass
class _Open:
    """The checkpoint that is being filled.

    Attributes:
        number: Its ordinal within the run.
        rows: Rows since it was opened.
        size: Bytes of these rows, uncompressed.
        since: When its first message came, by the monotonic clock.
        began: The same by the calendar, spelled out.
        state: The latest STATE, not printed yet.
        state_sequence: The ordinal of the last row before that STATE.
    """

    number: int
    rows: int = 0
    size: int = 0
    since: float | None = None
    began: str = ""
    state: Mapping[str, Any] | None = None
    state_sequence: int = 0

    def touch(self, clock: Clock) -> None:
        """Note that a message came."""
        if self.since is None:
            self.since = time.monotonic()
            self.began = clock.now()


class Intake:
    """Takes the messages of one run. Errors name the line that is passed with them."""

    def __init__(self, settings: Settings, run: Run) -> None:
        """Connect, and check or make the dataset and the bucket, before any row is taken.

        Raises:
            ConfigValidationError: The clients cannot be made.
            TerminalError: The dataset and the bucket do not fit, or cannot be used.
        """
        self.run = run
        self.received: Counter[str] = Counter()
        self.inserted: Counter[str] = Counter()
        self.updated: Counter[str] = Counter()
        self.committed = 0
        self._settings = settings
        client = bigquery_client(settings)
        location = prepare_dataset(client, settings)
        self._names = FileNames(settings.prefix, run)
        self._store, manifests = self._storage(location)
        self._tables = Tables(client, settings)
        self._protocol = self._protocol_of(client, location, manifests)
        self._buffers = Buffers(self._store, settings.chunk_size, self._name)
        self._commits = Commits(self._commit)
        self._streams: dict[str, Stream] = {}
        self._encoders: dict[str, RowEncoder] = {}
        self._open = _Open(1)
        self._sequence = 0
        self._sealed_through = 0
        self._clock = Clock()
        self._started = int(time.time() * 1000)
        self._observed: tuple[object, str] = (None, "")

    def _storage(self, location: str) -> tuple[RowStore, Manifests | None]:
        if not self._settings.persist_to_gcs:
            return LocalFiles(), None
        bucket = prepare_bucket(storage_client(self._settings), self._settings, location)
        if left := unfinished(bucket, self._names, self._settings.pipeline, datetime.now(UTC)):
            logger.warning(
                "Pipeline %r: %d checkpoints of the last seven days are unfinished, the latest is %s. "
                "Their rows come again from the tap, unless another run is at work.",
                self._settings.pipeline,
                len(left),
                left[-1],
            )
        archive = Archive(bucket)
        return archive, Manifests(archive, self._names, self._settings, self.run)

    def _protocol_of(self, client: bigquery.Client, location: str, manifests: Manifests | None) -> Protocol:
        jobs = Jobs(client, location)
        return Protocol(
            settings=self._settings,
            store=self._store,
            manifests=manifests,
            loader=Loader(client, jobs, self._settings, self.run),
            merger=Merger(client, jobs, self._settings, self.run),
        )

    def _name(self, group: Group, chunk: int) -> str:
        return self._names.chunk(group.path, group.stream, self._open.number, chunk)

    def schema(self, stream: str, schema: Mapping[str, Any], keys: Sequence[str]) -> None:
        """Take the schema of a stream; where it changes, everything before it is committed first.

        Raises:
            SchemaError: It cannot become a table, or does not fit the one that exists.
        """
        known = self._streams.get(stream)
        if known is not None:
            if known.schema == schema and known.key_properties == tuple(keys):
                return
            logger.info("Stream %r: the schema changes; everything before it is committed first.", stream)
            self._seal(self._sequence)
            self._commits.drain()
        prepared = self._tables.prepare(stream, schema, keys)
        self._streams[stream] = prepared
        self._encoders[stream] = RowEncoder(
            stream=stream,
            columns=prepared.columns,
            keys=prepared.key_properties,
            validate=self._settings.validate_records,
            logger=logger,
        )

    def record(self, stream: str, record: Mapping[str, Any], message: Mapping[str, Any], line: int) -> None:
        """Take a record.

        Args:
            stream: The stream, after stream maps.
            record: The record, after stream maps.
            message: The message that it came in.
            line: The line of the input.

        Raises:
            SchemaMissingError: The stream has no schema yet.
            RecordError: The record breaks it.
        """
        encoder = self._encoders.get(stream)
        if encoder is None:
            raise SchemaMissingError(
                f"Line {line}: a record of stream {stream!r} comes before its SCHEMA message, which the tap must send."
            )
        self._open.touch(self._clock)
        self._sequence += 1
        encoded = encoder.encode(record, self._metadata(record, message, line), line)
        path = () if not self._settings.persist_to_gcs else self._streams[stream].path_fields
        self._buffers.add(Group(stream, tuple(map(record.get, path))), encoded)
        self._open.rows += 1
        self._open.size += len(encoded)
        self.received[stream] += 1

    def _metadata(self, record: Mapping[str, Any], message: Mapping[str, Any], line: int) -> dict[str, Any]:
        now = self._clock.now()
        metadata = {
            INGESTION_TIMESTAMP: now,
            EXTRACTED_AT: self._observation(message, line) or now,
            RUN_ID: self.run.id,
            SEQUENCE: self._sequence,
        }
        if self._settings.add_record_metadata:
            metadata |= {
                "_sdc_received_at": now,
                "_sdc_batched_at": self._open.began,
                "_sdc_deleted_at": record.get("_sdc_deleted_at"),
                "_sdc_table_version": message.get("version"),
                "_sdc_sync_started_at": self._started,
            }
        return metadata

    def _observation(self, message: Mapping[str, Any], line: int) -> str:
        """Return when the tap says that it read the record; spelled anew only when it differs from the last."""
        given = message.get("time_extracted")
        if given != self._observed[0]:
            try:
                self._observed = (given, "" if given is None else timestamp(given))
            except ValueError as error:
                raise MessageError(f"Line {line}: time_extracted of stream {message['stream']!r}: {error}") from error
        return self._observed[1]

    def state(self, state: Mapping[str, Any]) -> None:
        """Take a STATE, and seal the checkpoint if enough has gathered.

        Raises:
            TargetError: An earlier checkpoint could not be committed.
        """
        self._commits.check()
        opened = self._open
        opened.touch(self._clock)
        opened.state, opened.state_sequence = state, self._sequence
        if (
            opened.rows >= self._settings.batch_size_rows
            or opened.size >= self._settings.batch_size_bytes
            or time.monotonic() - (opened.since or 0.0) >= self._settings.batch_max_age_seconds
        ):
            self._seal(self._sequence)

    def finish(self) -> None:
        """Commit everything at the end of the input and wait for it.

        Raises:
            TargetError: A checkpoint could not be committed.
        """
        self._seal(self._sequence)
        self._commits.drain()

    def break_off(self) -> None:
        """Commit what came before the last STATE and wait for it; what came after will come again.

        Raises:
            TargetError: A checkpoint could not be committed.
        """
        self._commits.check()
        if self._open.state is None:
            self._buffers.discard()
        else:
            self._seal(self._open.state_sequence)
        self._commits.drain()

    def close(self) -> None:
        """Let go of threads and temporary files."""
        self._buffers.close()
        if isinstance(self._store, LocalFiles):
            self._store.remove()

    @property
    def complete(self) -> bool:
        """Whether everything that came in is committed."""
        return self._sealed_through == self._sequence and self.committed == self._open.number - 1

    def _seal(self, through: int) -> None:
        """Close the open checkpoint with the rows up to an ordinal, and hand it over."""
        opened = self._open
        if opened.rows == 0 and opened.state is None:
            return
        files = self._buffers.seal()
        batches = [Batch(self._streams[stream], written) for stream, written in files.items()]
        if through == self._sealed_through:
            batches = []
        self._sealed_through = through
        self._open = _Open(opened.number + 1)
        self._commits.submit(Checkpoint(opened.number, batches, through, opened.state))

    def _commit(self, checkpoint: Checkpoint) -> None:
        for merged in self._protocol.commit(checkpoint):
            self.inserted[merged.stream] += merged.inserted
            self.updated[merged.stream] += merged.updated
        self.committed += 1
