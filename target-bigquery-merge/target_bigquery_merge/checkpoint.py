"""The checkpoint protocol: everything up to a STATE message becomes part of the tables, then the STATE is printed.

`Protocol.commit` reads as one transaction. Whatever step fails, no STATE is printed and the rows come again from the
tap: the MERGE makes them harmless.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from google.cloud.bigquery import TableReference

    from target_bigquery_merge.archive import RowFile, RowStore
    from target_bigquery_merge.batches import Batch, Checkpoint, Merged
    from target_bigquery_merge.load import Loader
    from target_bigquery_merge.manifest import Manifests
    from target_bigquery_merge.merge import Merger
    from target_bigquery_merge.settings import Settings

logger = logging.getLogger("target-bigquery-merge")

# Jobs of one checkpoint that run at the same time.
LOADS = 4


class Protocol:
    """Commits checkpoints, one at a time, in order."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: RowStore,
        manifests: Manifests | None,
        loader: Loader,
        merger: Merger,
    ) -> None:
        """Put the parts together; `manifests` is None without a bucket."""
        self._settings = settings
        self._store = store
        self._manifests = manifests
        self._loader = loader
        self._merger = merger

    def commit(self, checkpoint: Checkpoint) -> list[Merged]:
        """Bring a checkpoint into the tables, then print its STATE.

        Raises:
            TargetError: A step failed; nothing was printed.
        """
        began = time.monotonic()
        if not checkpoint.batches:
            print_state(checkpoint.state)
            return []
        # 1. Every file is in the archive, its checksum compared.
        files = [file for batch in checkpoint.batches for file in batch.files]
        # 2. The manifest says what has to be done, once for all.
        if self._manifests:
            self._manifests.create(checkpoint)
        # 3. The files are loaded into staging tables, which are dropped whatever happens.
        with self._staged(checkpoint) as staged:
            # 4. The tables change, children before their parents.
            merged = self._merged(staged, checkpoint)
            # 5. The marker says that it is done.
            if self._manifests:
                self._manifests.finish(checkpoint, merged)
            # 6. Only now may the tap go on from here the next time.
            print_state(checkpoint.state)
        self._store.release(files)
        _log(checkpoint, files, merged, time.monotonic() - began)
        return merged

    def _merged(self, staged: Sequence[tuple[Batch, TableReference]], checkpoint: Checkpoint) -> list[Merged]:
        """Merge rank by rank, the tables of one rank at the same time.

        Streams without keys come last of all: were another stream to fail after them, their rows would come twice.
        """

        def rank(pair: tuple[Batch, TableReference]) -> tuple[bool, int]:
            stream = pair[0].stream
            return not stream.keys, self._settings.merge_rank(stream.name)

        merged: list[Merged] = []
        for _, pairs in groupby(sorted(staged, key=rank), key=rank):
            with ThreadPoolExecutor(LOADS, thread_name_prefix="merge") as pool:
                merges = [
                    pool.submit(self._merger.merge, batch.stream, staging, checkpoint.number, checkpoint.through)
                    for batch, staging in pairs
                ]
            merged += [merge.result() for merge in merges]
        return merged

    @contextmanager
    def _staged(self, checkpoint: Checkpoint) -> Iterator[list[tuple[Batch, TableReference]]]:
        """Load all batches into staging tables, several at a time; drop the tables in the end."""
        try:
            with ThreadPoolExecutor(LOADS, thread_name_prefix="load") as pool:
                loads = [pool.submit(self._loader.load, batch, checkpoint.number) for batch in checkpoint.batches]
            yield [(batch, load.result()) for batch, load in zip(checkpoint.batches, loads, strict=True)]
        finally:
            for batch in checkpoint.batches:
                self._drop(self._loader.staging(batch, checkpoint.number))

    def _drop(self, staging: TableReference) -> None:
        try:
            self._loader.drop(staging)
        except Exception as error:  # noqa: BLE001 -- the table expires; the error that led here must not be replaced
            logger.warning("Staging table %s is left to expire: %s", staging, error)


def print_state(state: Mapping[str, Any] | None) -> None:
    """Print a STATE, where there is one, as the line that Meltano saves."""
    if state is not None:
        sys.stdout.write(f"{json.dumps(state, default=float)}\n")
        sys.stdout.flush()


def _log(checkpoint: Checkpoint, files: Sequence[RowFile], merged: Sequence[Merged], seconds: float) -> None:
    logger.info(
        "Checkpoint %d is in BigQuery: %d rows in %d files of %d bytes, %d inserted, %d updated, %d bytes billed, "
        "%.1f s.",
        checkpoint.number,
        sum(file.rows for file in files),
        len(files),
        sum(file.size for file in files),
        sum(each.inserted for each in merged),
        sum(each.updated for each in merged),
        sum(each.bytes_billed for each in merged),
        seconds,
    )
    for each in merged:
        logger.info(
            "Checkpoint %d, stream %r: %d inserted, %d updated, %s partitions named, %d bytes billed.",
            checkpoint.number,
            each.stream,
            each.inserted,
            each.updated,
            "no" if each.partitions is None else each.partitions,
            each.bytes_billed,
        )
