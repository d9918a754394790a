"""Parallel work whose results come in the order of the tasks, a bounded number of them ahead."""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

Task: TypeAlias = "Callable[[], T] | Future[Any]"
"""Something to do; or, from a source that has nothing yet, the future that will give it more."""


def read_ahead(pool: ThreadPoolExecutor, tasks: Iterator[Task[T]], depth: int) -> Iterator[T]:
    """Runs tasks in the pool and gives their results in order.

    At most `depth` tasks are running, or done and not yet taken. A source that has to wait for something gives the
    future that it waits for; it is asked again when that is done, while results go on being handed out.

    Raises:
        Exception: What a task raised, in its place in the order; later tasks are dropped.
    """
    queue: deque[Future[T]] = deque()
    waiting: Future[Any] | None = None
    exhausted = False
    try:
        while True:
            while not exhausted and len(queue) < depth and (waiting is None or waiting.done()):
                task = next(tasks, None)
                waiting = None
                if task is None:
                    exhausted = True
                elif isinstance(task, Future):
                    waiting = task
                else:
                    queue.append(pool.submit(task))
            if not queue and exhausted:
                return
            heads: list[Future[Any]] = [queue[0]] if queue else []
            if waiting is not None and len(queue) < depth:
                heads.append(waiting)
            wait(heads, return_when=FIRST_COMPLETED)
            if queue and queue[0].done():
                yield queue.popleft().result()
    finally:
        for future in queue:
            future.cancel()
