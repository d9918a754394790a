"""Pages of connections: nothing is skipped or repeated, whatever the direction and whatever changes meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_stack.simulator import small
from local_stack.simulator.generator import generate
from local_stack.simulator.pagination import (
    InvalidCursorError,
    Page,
    Window,
    encode_cursor,
    page_of_keyset,
    page_of_sequence,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_stack.simulator.model import World

INDEX = """
query Index($name: String!, $field: IssueOrderField!, $direction: OrderDirection!, $first: Int, $after: String,
            $last: Int, $before: String) {
  repository(owner: "acme", name: $name) {
    pullRequests(first: $first, after: $after, last: $last, before: $before,
                 orderBy: {field: $field, direction: $direction}) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges { cursor node { number } }
      nodes { number updatedAt }
    }
  }
}
"""

Row = tuple[int, int]


def walk(turn: Callable[[Window], Page[Any]], size: int, *, forward: bool) -> list[Any]:
    """All rows, page by page, in the order of the connection."""
    rows: list[Any] = []
    cursor = None
    while True:
        page = turn(Window(first=size, after=cursor) if forward else Window(last=size, before=cursor))
        rows = [*rows, *page.items] if forward else [*page.items, *rows]
        if not (page.has_next if forward else page.has_previous):
            return rows
        cursor = page.cursor(len(page.items) - 1 if forward else 0)


ROWS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 10**10)), unique_by=lambda row: row[1], max_size=30)


@given(rows=ROWS, size=st.integers(1, 7), descending=st.booleans(), forward=st.booleans())
def test_the_pages_of_a_keyset_are_the_sorted_rows(
    rows: list[Row],
    size: int,
    descending: bool,  # noqa: FBT001 - hypothesis
    forward: bool,  # noqa: FBT001 - hypothesis
) -> None:
    def turn(window: Window) -> Page[Row]:
        return page_of_keyset(rows, lambda row: row, window, descending=descending)

    assert walk(turn, size, forward=forward) == sorted(rows, reverse=descending)


@given(rows=ROWS, size=st.integers(1, 7), forward=st.booleans())
def test_the_pages_of_a_sequence_are_the_rows(rows: list[Row], size: int, forward: bool) -> None:  # noqa: FBT001 - hypothesis
    def turn(window: Window) -> Page[Row]:
        return page_of_sequence(rows, lambda row: row[1], window)

    assert walk(turn, size, forward=forward) == rows


@given(rows=ROWS, size=st.integers(1, 7), data=st.data())
def test_rows_that_do_not_change_come_exactly_once_while_others_do(
    rows: list[Row], size: int, data: st.DataObject
) -> None:
    held = dict.fromkeys(rows)
    changing = set(data.draw(st.lists(st.sampled_from(rows), unique=True)) if rows else [])
    seen: list[Row] = []
    cursor, more = None, True
    while more:
        page = page_of_keyset(held, lambda row: row, Window(first=size, after=cursor), descending=True)
        seen += page.items
        more = page.has_next
        cursor = page.cursor(len(page.items) - 1) if page.items else cursor
        if changing:
            second, number = changing.pop()
            del held[second, number]
            if data.draw(st.booleans()):
                held[100 + len(seen), number] = None  # updated: it goes to the top
    steady = [row for row in sorted(rows, reverse=True) if row in held]
    assert [row for row in seen if row in steady] == steady


def test_a_sequence_goes_on_behind_its_row_or_at_its_old_place() -> None:
    first = page_of_sequence("abcdef", str, Window(first=3))
    cursor = first.cursor(2)
    assert page_of_sequence("abXcdef", str, Window(first=2, after=cursor)).items == "de"
    assert page_of_sequence("abdef", str, Window(first=2, after=cursor)).items == "de"
    assert page_of_sequence("a", str, Window(first=2, after=cursor)).items == ""


@pytest.mark.parametrize("cursor", ["", "x", "bm9uZQ==", encode_cursor(("text", 1)), encode_cursor((1,))])
def test_a_cursor_of_something_else_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursorError):
        page_of_keyset([(1, 2)], lambda row: row, Window(first=1, after=cursor))
    with pytest.raises(InvalidCursorError):
        page_of_sequence([5], int, Window(first=1, before=cursor))


@pytest.fixture(scope="module")
def acme() -> World:
    """A generated organization."""
    return generate(organization="acme", repositories=3, pull_requests=90, seed=7, now=1_767_225_600)


def largest(world: World) -> Any:
    """The repository with most pull requests."""
    return max(world.organizations["acme"].repositories.values(), key=lambda it: len(it.pull_requests))


@pytest.mark.parametrize("field", ["CREATED_AT", "UPDATED_AT"])
def test_an_index_has_every_pull_request_in_both_directions(serve: Callable[..., Any], acme: World, field: str) -> None:
    api = serve(acme)
    repository = largest(acme)
    value = {"CREATED_AT": lambda it: (it.created_at, it.id), "UPDATED_AT": lambda it: (it.updated_at, it.id)}[field]
    expected = [it.number for it in sorted(repository.pull_requests.values(), key=value)]

    def numbers(direction: str, page: str, at: str, edge: str, more: str) -> list[int]:
        found: list[int] = []
        arguments: dict[str, Any] = {page: 7}
        while True:
            answer = api.ask(INDEX, name=repository.name, field=field, direction=direction, **arguments)
            connection = answer["repository"]["pullRequests"]
            assert connection["totalCount"] == len(expected)
            assert [it["node"] for it in connection["edges"]] == [
                {"number": it["number"]} for it in connection["nodes"]
            ]
            assert connection["pageInfo"]["endCursor"] == connection["edges"][-1]["cursor"]
            some = [it["number"] for it in connection["nodes"]]
            found = [*found, *some] if page == "first" else [*some, *found]
            if not connection["pageInfo"][more]:
                return found
            arguments[at] = connection["pageInfo"][edge]

    forward = ("first", "after", "endCursor", "hasNextPage")
    backward = ("last", "before", "startCursor", "hasPreviousPage")
    assert numbers("ASC", *forward) == expected
    assert numbers("ASC", *backward) == expected
    assert numbers("DESC", *forward) == expected[::-1]
    assert numbers("DESC", *backward) == expected[::-1]


def test_overflowing_children_can_be_paged_below_their_node(serve: Callable[..., Any], acme: World) -> None:
    api = serve(acme)
    pairs = [
        (it, each) for it in acme.organizations["acme"].repositories.values() for each in it.pull_requests.values()
    ]
    repository, longest = max(pairs, key=lambda pair: len(pair[1].commits))
    query = """query ($number: Int!, $name: String!, $after: String) {
      repository(owner: "acme", name: $name) { pullRequest(number: $number) {
        commits(first: 20, after: $after) {
          totalCount pageInfo { hasNextPage endCursor } nodes { commit { oid } }
        }
      } }
    }"""
    shas: list[str] = []
    after = None
    while True:
        answer = api.ask(query, number=longest.number, name=repository.name, after=after)
        commits = answer["repository"]["pullRequest"]["commits"]
        assert commits["totalCount"] == len(longest.commits)
        shas += [it["commit"]["oid"] for it in commits["nodes"]]
        if not commits["pageInfo"]["hasNextPage"]:
            break
        after = commits["pageInfo"]["endCursor"]
    assert len(shas) > 250
    assert shas == [it.sha for it in longest.commits]


@pytest.mark.parametrize("states", [["OPEN"], ["CLOSED"], ["MERGED"], ["CLOSED", "MERGED"], []])
def test_pull_requests_can_be_chosen_by_state(api: Any, states: list[str]) -> None:
    query = """query ($states: [PullRequestState!]) { repository(owner: "Octo-Org", name: "widgets") {
        pullRequests(first: 10, states: $states) { totalCount nodes { number state } }
    } }"""
    expected = {1: "MERGED", 2: "OPEN", 4: "CLOSED", 5: "OPEN"}
    answer = api.ask(query, states=states)["repository"]["pullRequests"]
    chosen = {number: state for number, state in expected.items() if state in states}
    assert {it["number"]: it["state"] for it in answer["nodes"]} == chosen
    assert answer["totalCount"] == len(chosen)


def test_a_foreign_cursor_is_an_error_of_its_connection(api: Any) -> None:
    (error,) = api.errors(
        '{ repository(owner: "Octo-Org", name: "widgets") { pullRequests(first: 1, after: "x") { totalCount } } }'
    )
    assert (error["type"], error["path"], error["message"]) == (
        "INVALID_CURSOR_ARGUMENTS",
        ["repository", "pullRequests"],
        "`x` does not appear to be a valid cursor.",
    )


def test_an_empty_page_has_no_cursors(serve: Callable[..., Any]) -> None:
    api = serve(small.world())
    answer = api.ask("""{ repository(owner: "Octo-Org", name: ".github") { pullRequests(first: 5) {
        totalCount nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } } }""")
    assert answer["repository"]["pullRequests"] == {
        "totalCount": 0,
        "nodes": [],
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }
