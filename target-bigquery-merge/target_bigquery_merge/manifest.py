"""The record of a checkpoint beside the archive: what it holds before the work, and that it is merged after.

`{n}.manifest.json` is created once, when all files of the checkpoint are safe, and never overwritten. It holds all that
is needed to finish the checkpoint without the tap: destination, files with checksums, columns, keys and the STATE.
`{n}.done.json` is created beside it when everything is merged, and only then is the STATE printed.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from target_bigquery_merge.answers import answered
from target_bigquery_merge.runs import spell

if TYPE_CHECKING:
    from google.cloud.storage import Bucket  # type: ignore[import-untyped]

    from target_bigquery_merge.archive import Archive, FileNames
    from target_bigquery_merge.batches import Checkpoint, Merged
    from target_bigquery_merge.runs import Run
    from target_bigquery_merge.settings import Settings

FORMAT = 1
# How far back a run looks for checkpoints that others left unfinished.
LOOK_BACK = timedelta(days=7)


class Manifests:
    """Writes the manifests of one run."""

    def __init__(self, archive: Archive, names: FileNames, settings: Settings, run: Run) -> None:
        """Write to this archive."""
        self._archive = archive
        self._names = names
        self._settings = settings
        self._run = run

    def create(self, checkpoint: Checkpoint) -> None:
        """Write down a checkpoint whose files are safe.

        Raises:
            TerminalError: It exists with another content: two runs have one id, which cannot be.
        """
        self._write(
            self._names.manifest(self._settings.pipeline, checkpoint.number),
            {
                "project": self._settings.project,
                "dataset": self._settings.dataset,
                "bucket": self._settings.bucket,
                "through_sequence": checkpoint.through,
                "streams": [
                    {
                        "stream": batch.stream.name,
                        "table": batch.stream.table.table_id,
                        "key_properties": list(batch.stream.keys),
                        "version_field": batch.stream.version_column,
                        "columns": [column.field().to_api_repr() for column in batch.stream.columns],
                        "rows": batch.rows,
                        "files": [
                            {"name": file.name, "rows": file.rows, "bytes": file.size, "crc32c": file.crc32c}
                            for file in batch.files
                        ],
                    }
                    for batch in checkpoint.batches
                ],
                "state": checkpoint.state,
            },
            checkpoint.number,
        )

    def finish(self, checkpoint: Checkpoint, merged: list[Merged]) -> None:
        """Write down that a checkpoint is merged."""
        self._write(
            self._names.done(self._settings.pipeline, checkpoint.number),
            {
                "streams": [
                    {"stream": each.stream, "inserted": each.inserted, "updated": each.updated} for each in merged
                ]
            },
            checkpoint.number,
        )

    def _write(self, name: str, content: dict[str, Any], checkpoint: int) -> None:
        head = {
            "format": FORMAT,
            "pipeline": self._settings.pipeline,
            "run_id": self._run.id,
            "checkpoint": checkpoint,
            "written_at": spell(datetime.now(UTC)),
        }
        self._archive.create(name, json.dumps(head | content, default=float).encode(), "application/json")


def unfinished(bucket: Bucket, names: FileNames, pipeline: str, now: datetime) -> list[str]:
    """List the manifests of the last seven days, of any run of the pipeline, that have no done marker."""
    folder = names.checkpoints(pipeline)
    start = f"{folder}{now - LOOK_BACK:%Y%m%d}"
    found = answered(
        lambda: {blob.name for blob in bucket.list_blobs(prefix=folder, start_offset=start)},
        f"Listing the checkpoints of pipeline {pipeline!r}",
    )
    return sorted(
        name
        for name in found
        if name.endswith(".manifest.json") and f"{name.removesuffix('.manifest.json')}.done.json" not in found
    )
