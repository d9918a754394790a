"""Files of rows: where they lie, and how they get there.

The archive keeps every row that was ever loaded, as gzipped JSON lines under

    gs://bucket/[prefix/]{path field values}/{stream}/{date of the run}/{run id}-{checkpoint}-{chunk}.jsonl.gz

A file is written once, under a name that no other run, checkpoint or chunk has, and its checksum is compared with what
Cloud Storage says it holds. Without a bucket the same rows go to plain files in a folder that the run removes.
"""

from __future__ import annotations

import base64
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import google_crc32c
from google.api_core import exceptions as api
from isal import igzip

from target_bigquery_merge.answers import answered
from target_bigquery_merge.errors import TerminalError
from target_bigquery_merge.names import path_segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.cloud.storage import Bucket  # type: ignore[import-untyped]

    from target_bigquery_merge.runs import Run

COMPRESSION_LEVEL = 1
UPLOAD_TIMEOUT = 120.0


@dataclass(frozen=True)
class RowFile:
    """A file of rows that is where it belongs.

    Attributes:
        name: The object's name in the bucket, or the path of the local file.
        rows: How many rows it holds.
        size: Its size in bytes.
        crc32c: Its CRC32C as Cloud Storage spells it (base64, big-endian).
    """

    name: str
    rows: int
    size: int
    crc32c: str


class RowStore(Protocol):
    """Keeps files of rows. Called from several threads."""

    def put(self, name: str, lines: Sequence[bytes]) -> RowFile:
        """Write a new file under that name and return when it is safe."""

    def release(self, files: Iterable[RowFile]) -> None:
        """Take note that these files are loaded."""


class FileNames:
    """Names the files of one run."""

    def __init__(self, prefix: str, run: Run) -> None:
        """Begin every name with this prefix; it has no slash at its ends."""
        self._prefix = "".join(f"{path_segment(part)}/" for part in prefix.split("/") if part)
        self._run = run

    def chunk(self, path: Sequence[object], stream: str, checkpoint: int, chunk: int) -> str:
        """Name a chunk of a stream; `path` holds the values of the path fields."""
        folders = [*map(path_segment, path), path_segment(stream), self._run.date]
        return f"{self._prefix}{'/'.join(folders)}/{self._run.id}-{checkpoint:06d}-{chunk:05d}.jsonl.gz"

    def checkpoints(self, pipeline: str) -> str:
        """Name the folder of a pipeline's checkpoints."""
        return f"{self._prefix}_checkpoints/{path_segment(pipeline)}/"

    def manifest(self, pipeline: str, checkpoint: int) -> str:
        """Name the manifest of a checkpoint."""
        return f"{self.checkpoints(pipeline)}{self._run.id}/{checkpoint:06d}.manifest.json"

    def done(self, pipeline: str, checkpoint: int) -> str:
        """Name the marker that says that a checkpoint is merged."""
        return f"{self.checkpoints(pipeline)}{self._run.id}/{checkpoint:06d}.done.json"


class Archive:
    """The archive in Cloud Storage."""

    def __init__(self, bucket: Bucket) -> None:
        """Keep files in this bucket."""
        self._bucket = bucket

    def put(self, name: str, lines: Sequence[bytes]) -> RowFile:
        """Compress and upload a file of rows.

        Raises:
            TransientError: Cloud Storage did not answer.
            TerminalError: It refused, or holds something else under that name.
        """
        data = igzip.compress(b"".join(lines), compresslevel=COMPRESSION_LEVEL, mtime=0)
        return RowFile(name, len(lines), len(data), self.create(name, data, "application/gzip"))

    def release(self, files: Iterable[RowFile]) -> None:
        """Keep the files: an archive is for later."""

    def create(self, name: str, data: bytes, content_type: str) -> str:
        """Create an object that does not exist yet and return its checksum.

        Uploading is repeated until it is answered; an object that an unanswered attempt left behind counts if it holds
        the same bytes.

        Raises:
            TransientError: Cloud Storage did not answer.
            TerminalError: It refused, or holds something else under that name.
        """
        expected = checksum(data)
        blob = self._bucket.blob(name)

        def upload() -> None:
            try:
                blob.upload_from_string(
                    data, content_type=content_type, if_generation_match=0, checksum="crc32c", timeout=UPLOAD_TIMEOUT
                )
            except api.PreconditionFailed:
                blob.reload(timeout=UPLOAD_TIMEOUT)

        answered(upload, f"Uploading gs://{self._bucket.name}/{name}")
        if blob.crc32c != expected:
            raise TerminalError(
                f"gs://{self._bucket.name}/{name} holds other bytes (CRC32C {blob.crc32c}) than were sent ({expected})."
            )
        return expected


class LocalFiles:
    """Plain files in a temporary folder, for loading without a bucket."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="target-bigquery-merge-")

    def put(self, name: str, lines: Sequence[bytes]) -> RowFile:
        """Write a file of rows; of its name, the last segment."""
        data = b"".join(lines)
        # The last segment is unique: it holds the run, the checkpoint and the chunk.
        path = Path(self._folder.name, name.rpartition("/")[2]).with_suffix("")
        path.write_bytes(data)
        return RowFile(str(path), len(lines), len(data), checksum(data))

    def release(self, files: Iterable[RowFile]) -> None:
        """Remove files that are loaded."""
        for file in files:
            Path(file.name).unlink()

    def remove(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()


def checksum(data: bytes) -> str:
    """Return the CRC32C of some bytes as Cloud Storage spells it."""
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
