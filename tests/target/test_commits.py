"""Reading goes on while a checkpoint is committed; order and errors are kept."""

from __future__ import annotations

import threading

import pytest
from target_bigquery_merge.batches import Checkpoint
from target_bigquery_merge.commits import Commits
from target_bigquery_merge.errors import TransientError


def checkpoint(number: int) -> Checkpoint:
    return Checkpoint(number, [], 0, None)


def test_the_reader_is_two_checkpoints_ahead_and_no_more() -> None:
    go, third = threading.Semaphore(0), threading.Event()
    done: list[int] = []

    def commit(sealed: Checkpoint) -> None:
        go.acquire()
        done.append(sealed.number)

    commits = Commits(commit)
    commits.submit(checkpoint(1))
    commits.submit(checkpoint(2))

    def read_on() -> None:
        commits.submit(checkpoint(3))
        third.set()

    reader = threading.Thread(target=read_on)
    reader.start()
    # The first is being committed or waits, the second waits: the third cannot be handed over before one is done.
    go.release()
    assert third.wait(10)
    assert done == [1]
    go.release(2)
    commits.drain()
    reader.join()
    assert done == [1, 2, 3]


def test_after_a_failure_nothing_is_committed_and_the_error_is_raised_where_reading_is() -> None:
    done: list[int] = []

    def commit(sealed: Checkpoint) -> None:
        if sealed.number == 2:
            raise TransientError("the second")
        done.append(sealed.number)

    commits = Commits(commit)
    for number in (1, 2):
        commits.submit(checkpoint(number))
    with pytest.raises(TransientError, match="the second"):
        commits.drain()
    with pytest.raises(TransientError, match="the second"):
        commits.submit(checkpoint(3))
    assert done == [1]
