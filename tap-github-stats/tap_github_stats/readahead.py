"""Parallel work whose results come in the order of the tasks, a bounded number of them ahead.

Stages can follow one another: the results of one make the tasks of the next. Nothing here blocks but `results`, so that
a stage that has nothing yet holds up no other.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pending:
    """Stands in a sequence for what is not known yet; asking again makes sense when one of the futures is done."""

    futures: Sequence[Future[Any]]


def stage(pool: ThreadPoolExecutor, tasks: Iterator[Callable[[], T] | Pending], depth: int) -> Iterator[T | Pending]:
    """Runs tasks in the pool and gives their results in order, or `Pending` while the next one is not there.

    At most `depth` tasks are running, or done and not yet taken. When it is closed, tasks that have not begun are
    dropped.

    Raises:
        Exception: What a task raised, in its place in the order; what `tasks` raised, behind the results of the tasks
            that it gave before.
    """
    queue: deque[Future[T]] = deque()
    exhausted = False
    failure: Exception | None = None
    try:
        while True:
            blocked: Sequence[Future[Any]] = ()
            while not exhausted and not blocked and len(queue) < depth:
                try:
                    task = next(tasks, None)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is raised in its place
                    task, failure = None, error
                if task is None:
                    exhausted = True
                elif isinstance(task, Pending):
                    blocked = task.futures
                else:
                    queue.append(pool.submit(task))
            if queue and queue[0].done():
                yield queue.popleft().result()
            elif queue or not exhausted:
                yield Pending([*list(queue)[:1], *blocked])
            elif failure is not None:
                raise failure
            else:
                return
    finally:
        for future in queue:
            future.cancel()


def results(last: Iterator[T | Pending]) -> Iterator[T]:
    """The results of the last stage; waits where there is none yet."""
    for result in last:
        if isinstance(result, Pending):
            wait(result.futures, return_when=FIRST_COMPLETED)
        else:
            yield result
