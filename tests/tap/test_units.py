"""The parts that need no GitHub."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from graphql import parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st
from local_stack.simulator.graphql.execution import executable_schema
from tap_github_stats import documents, rows, timestamps
from tap_github_stats.readahead import Pending, results, stage

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(documents.__file__).parent / "graphql"
OVERFLOWS = sorted(path.stem for path in (FOLDER / "overflow").glob("*.graphql"))


@pytest.mark.parametrize("name", ["probe", "index", "hydrate", *(f"overflow/{name}" for name in OVERFLOWS)])
def test_each_document_is_valid_by_githubs_own_schema(name: str) -> None:
    assert validate(executable_schema(), parse(documents.load(name))) == []


@settings(max_examples=25)
@given(st.lists(st.sampled_from(OVERFLOWS), min_size=1, max_size=12))
def test_any_combination_of_overflows_is_a_valid_document(names: list[str]) -> None:
    document = documents.combine(tuple(names))
    assert validate(executable_schema(), parse(document)) == []


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        (None, ("ghost", "User")),
        ({"__typename": "User", "login": "alice"}, ("alice", "User")),
        ({"__typename": "Bot", "login": "dependabot"}, ("dependabot[bot]", "Bot")),
        ({"__typename": "Bot", "login": "dependabot[bot]"}, ("dependabot[bot]", "Bot")),
        ({"__typename": "Mannequin", "login": "old"}, ("old", "Mannequin")),
        ({"__typename": "Organization", "login": "acme"}, ("acme", "Organization")),
        ({"__typename": "EnterpriseUserAccount", "login": "eve"}, ("eve", "User")),
    ],
)
def test_actors_are_spelled_as_rest_spells_them(actor: dict[str, Any] | None, expected: tuple[str, str]) -> None:
    assert rows._who(actor) == expected  # noqa: SLF001 - the rule in one place


@pytest.mark.parametrize(
    ("git", "expected"),
    [
        ({"user": {"login": "alice"}, "email": "x@users.noreply.github.com"}, "alice"),
        ({"user": None, "email": "123+bob@users.noreply.github.com"}, "bob"),
        ({"user": None, "email": "Carol@USERS.noreply.github.com"}, "Carol"),
        ({"user": None, "email": "49699333+dependabot[bot]@users.noreply.github.com"}, "dependabot[bot]"),
        ({"user": None, "email": "dave@example.com"}, None),
        ({"user": None, "email": "x@users.noreply.github.com.evil.example"}, None),
        ({"user": None, "email": None}, None),
        ({}, None),
    ],
)
def test_logins_of_commits_come_from_the_account_or_the_noreply_address(
    git: dict[str, Any], expected: str | None
) -> None:
    assert rows._git_login(git) == expected  # noqa: SLF001 - the rule in one place


@given(st.integers(0, 4_000_000_000))
def test_timestamps_survive_their_spelling(second: int) -> None:
    assert timestamps.parse(timestamps.render(second)) == second


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T03:13:54Z", "2026-11-24T03:13:54Z"),
        ("2026-11-24T03:13:54+02:00", "2026-11-24T01:13:54Z"),
        ("2026-11-24", "2026-11-24T00:00:00Z"),
    ],
)
def test_timestamps_are_spelled_in_one_way(text: str, expected: str) -> None:
    assert timestamps.in_utc(text) == expected


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


def test_results_come_in_the_order_of_the_tasks(pool: ThreadPoolExecutor) -> None:
    second_done = threading.Event()

    def task(number: int) -> int:
        if number == 0:
            second_done.wait()
        if number == 1:
            second_done.set()
        return number

    assert list(results(stage(pool, (partial(task, number) for number in range(10)), 3))) == list(range(10))


def test_no_more_tasks_are_begun_than_the_depth_allows(pool: ThreadPoolExecutor) -> None:
    begun = 0

    def tasks() -> Iterator[Any]:
        nonlocal begun
        for number in range(10):
            begun += 1
            yield lambda number=number: number

    it = results(stage(pool, tasks(), 3))
    for taken in range(10):
        assert next(it) == taken
        assert begun <= taken + 3


def test_a_source_that_waits_does_not_hold_up_results(pool: ThreadPoolExecutor) -> None:
    later: Future[None] = Future()

    def tasks() -> Iterator[Any]:
        yield lambda: "first"
        while not later.done():
            yield Pending([later])
        yield lambda: "second"

    it = results(stage(pool, tasks(), 3))
    assert next(it) == "first"
    later.set_result(None)
    assert list(it) == ["second"]


def test_stages_follow_one_another_in_order(pool: ThreadPoolExecutor) -> None:
    first = stage(pool, (partial(int, number) for number in range(20)), 4)

    def pairs() -> Iterator[Any]:
        pair: list[int] = []
        for number in first:
            if isinstance(number, Pending):
                yield number
                continue
            pair.append(number)
            if len(pair) == 2:
                yield partial(sum, pair)
                pair = []

    assert list(results(stage(pool, pairs(), 2))) == [4 * number + 1 for number in range(10)]


def test_an_error_comes_in_its_place(pool: ThreadPoolExecutor) -> None:
    it = results(stage(pool, iter([lambda: 1, lambda: 1 // 0, lambda: 3]), 3))
    assert next(it) == 1
    with pytest.raises(ZeroDivisionError):
        next(it)


def test_an_error_of_the_source_comes_behind_the_results_of_what_it_gave_before(pool: ThreadPoolExecutor) -> None:
    def tasks() -> Iterator[Any]:
        yield lambda: 1
        yield lambda: 2
        raise ValueError("no more")

    it = results(stage(pool, tasks(), 5))
    assert [next(it), next(it)] == [1, 2]
    with pytest.raises(ValueError, match="no more"):
        next(it)
