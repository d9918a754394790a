"""Rows on their way into files: grouped by stream and path, bounded in memory, written in the background."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_bigquery_merge.archive import RowFile, RowStore

WRITERS = 4
CHUNK_BYTES = 8 * 2**20
MEMORY_BYTES = 32 * 2**20


class Group(NamedTuple):
    """What one file holds rows of."""

    stream: str
    path: tuple[object, ...]


class _Buffer:
    __slots__ = ("lines", "size")

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.size = 0


class Buffers:
    """Collects lines by group and hands them to the store as chunks.

    A chunk is closed at `chunk_size` rows or 8 MiB. When all groups together hold 32 MiB, the largest are written until
    half of that is left; at most `WRITERS` chunks are being written at a time, so memory does not grow with the input.
    """

    def __init__(self, store: RowStore, chunk_size: int, name: Callable[[Group, int], str]) -> None:
        """Begin without rows.

        Args:
            store: Where the chunks go.
            chunk_size: Rows per chunk at most.
            name: Names the chunk of a group, by its number within the checkpoint.
        """
        self._store = store
        self._chunk_size = chunk_size
        self._name = name
        self._buffers: dict[Group, _Buffer] = {}
        self._size = 0
        self._chunks = 0
        self._slots = BoundedSemaphore(WRITERS)
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="writer")
        self._files: dict[str, list[Future[RowFile]]] = {}

    def add(self, group: Group, line: bytes) -> None:
        """Take a line.

        Raises:
            TargetError: A chunk that was written before could not be written.
        """
        buffer = self._buffers.get(group)
        if buffer is None:
            buffer = self._buffers[group] = _Buffer()
        buffer.lines.append(line)
        size = len(line)
        buffer.size += size
        self._size += size
        if len(buffer.lines) >= self._chunk_size or buffer.size >= CHUNK_BYTES:
            self._write(group)
        elif self._size >= MEMORY_BYTES:
            for largest in sorted(self._buffers, key=lambda group: self._buffers[group].size, reverse=True):
                self._write(largest)
                if self._size <= MEMORY_BYTES // 2:
                    break

    def seal(self) -> dict[str, list[Future[RowFile]]]:
        """Send what is left to the store and return the files of each stream; the next checkpoint begins empty."""
        for group in list(self._buffers):
            self._write(group)
        files, self._files = self._files, {}
        self._chunks = 0
        return files

    def discard(self) -> None:
        """Forget the rows that are in no file yet, and the files of this checkpoint."""
        self._buffers.clear()
        self._files.clear()
        self._size = 0

    def close(self) -> None:
        """Wait for the chunks that are being written."""
        self._pool.shutdown(cancel_futures=True)

    def _write(self, group: Group) -> None:
        buffer = self._buffers.pop(group)
        self._size -= buffer.size
        self._chunks += 1
        files = self._files.setdefault(group.stream, [])
        for earlier in files[-1:]:
            if earlier.done():
                earlier.result()
        self._slots.acquire()
        future = self._pool.submit(self._store.put, self._name(group, self._chunks), buffer.lines)
        future.add_done_callback(lambda _: self._slots.release())
        files.append(future)
