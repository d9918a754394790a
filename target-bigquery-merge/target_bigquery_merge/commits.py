"""Commits in the background: reading goes on while one checkpoint is committed and one waits."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_bigquery_merge.batches import Checkpoint

WAITING = 1


class Commits:
    """Commits checkpoints in the order in which they are submitted; after one has failed, none follows."""

    def __init__(self, commit: Callable[[Checkpoint], None]) -> None:
        """Commit with this function, in a thread that starts with the first checkpoint."""
        self._commit = commit
        self._queue: queue.Queue[Checkpoint] = queue.Queue(maxsize=WAITING)
        self._thread: threading.Thread | None = None
        self.error: BaseException | None = None

    def submit(self, checkpoint: Checkpoint) -> None:
        """Hand over a checkpoint; waits while one is committed and another waits already.

        Raises:
            TargetError: A checkpoint before it failed.
        """
        self.check()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="commits", daemon=True)
            self._thread.start()
        self._queue.put(checkpoint)

    def drain(self) -> None:
        """Wait until all checkpoints are committed.

        Raises:
            TargetError: One failed.
        """
        self._queue.join()
        self.check()

    def check(self) -> None:
        """Raise the error of the checkpoint that failed, if one has."""
        if self.error is not None:
            raise self.error

    def _work(self) -> None:
        while True:
            checkpoint = self._queue.get()
            try:
                if self.error is None:
                    self._commit(checkpoint)
            except BaseException as error:  # noqa: BLE001 -- raised again where the main thread waits
                self.error = error
            finally:
                self._queue.task_done()
