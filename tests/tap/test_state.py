"""Bookmarks and their spelling."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tap_github_stats import idset, state
from tap_github_stats.bookmarks import REPOSITORY_ITSELF, Bookmarks
from tap_github_stats.errors import StateError

T0 = 1_700_000_000
IDS = st.integers(min_value=0, max_value=2**40)
TIMES = st.integers(min_value=T0, max_value=T0 + 1_000)


@given(st.sets(IDS))
def test_a_set_of_ids_survives_its_spelling(ids: set[int]) -> None:
    assert idset.decode(idset.encode(ids)) == sorted(ids)


def test_a_hundred_thousand_repositories_take_little_room() -> None:
    ids = range(10_000_000, 900_000_000, 8_900)
    assert len(ids) == 100_000
    assert len(idset.encode(ids)) <= 500_000


def test_ids_are_spelled_readably() -> None:
    assert idset.encode({1296269, 1296270, 1296400}) == "rs7h.1.3m"
    assert idset.encode(set()) == ""


@st.composite
def bookmarks(draw: st.DrawFn) -> Bookmarks:
    """Bookmarks after some runs, of which the last one may not have finished."""
    it = Bookmarks(draw(st.none() | st.just(T0)))
    ceiling = T0
    repositories = draw(st.lists(st.integers(1, 60), unique=True, max_size=20))
    for _ in range(draw(st.integers(0, 3))):
        ceiling += draw(st.integers(0, 300))
        chosen = draw(st.lists(st.sampled_from(repositories), unique=True)) if repositories else []
        it.begin(chosen, ceiling)
        for repository in sorted(draw(st.sets(st.sampled_from(chosen))) if chosen else ()):
            if draw(st.integers(0, 5)) == 0:
                it.hold(repository)
            it.remember(repository, draw(st.integers(1, 9)), draw(TIMES))
            it.advance(repository, draw(TIMES))
        if draw(st.booleans()):
            it.finish()
    return it


def positions(it: Bookmarks) -> dict[int, int]:
    return {repository: it.position(repository) for repository in range(62)}


@given(bookmarks())
def test_bookmarks_survive_their_spelling(before: Bookmarks) -> None:
    form = json.loads(json.dumps(before.to_json()))
    after = Bookmarks.from_json(form)
    assert positions(after) == positions(before)
    assert after.positions == before.positions
    assert after.read == before.read
    assert after.start == before.start
    assert after.to_json() == form


@given(bookmarks(), st.sets(st.integers(1, 60)), st.integers(0, 500), st.data())
def test_no_position_ever_moves_back(it: Bookmarks, chosen: set[int], seconds: int, data: st.DataObject) -> None:
    it = Bookmarks.from_json(it.to_json())
    it.begin(chosen, T0 + seconds)
    before = positions(it)
    for repository in sorted(data.draw(st.sets(st.sampled_from(sorted(chosen)))) if chosen else ()):
        it.advance(repository, data.draw(TIMES))
        now = positions(Bookmarks.from_json(it.to_json()))
        assert all(now[repository] >= position for repository, position in before.items())
        before = now
    it.finish()
    now = positions(Bookmarks.from_json(it.to_json()))
    assert all(now[repository] >= position for repository, position in before.items())


@given(bookmarks(), st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)), st.integers(0, 500))
def test_a_run_moves_only_its_own_repositories_that_did_not_fail(
    it: Bookmarks, chosen: set[int], failed: set[int], seconds: int
) -> None:
    before = positions(it)
    it.begin(chosen, T0 + seconds)
    for repository in chosen & failed:
        it.hold(repository)
    it.finish()
    after = positions(Bookmarks.from_json(it.to_json()))
    for repository, position in before.items():
        read = repository in chosen and repository not in failed
        assert after[repository] == (max(position, T0 + seconds) if read else position)


def test_a_finished_run_leaves_one_watermark_and_nothing_else() -> None:
    it = Bookmarks(T0)
    it.begin([7, 3, 5], T0 + 100)
    it.remember(3, 1, T0 + 50)
    it.advance(3, T0 + 50)
    it.finish()
    assert it.to_json() == {
        "start": "2023-11-14T22:13:20Z",
        "watermark": "2023-11-14T22:15:00Z",
        "known": "3.2.2",
    }


def test_an_unfinished_run_is_a_staircase() -> None:
    it = Bookmarks(T0)
    it.begin([3, 5, 7, 9], T0 + 100)
    it.finish()
    it.begin([3, 5, 7, 9], T0 + 200)
    it.remember(7, 12, T0 + 150)
    it.advance(7, T0 + 150)
    assert it.to_json() == {
        "start": "2023-11-14T22:13:20Z",
        "watermark": "2023-11-14T22:15:00Z",
        "known": "3.2.2.2",
        "progress": [[5, "2023-11-14T22:16:40Z"], [7, "2023-11-14T22:15:50Z"]],
        "read": {"7": {"12": "2023-11-14T22:15:50Z"}},
    }


def test_a_repository_left_out_of_a_run_is_paused_where_it_was() -> None:
    it = Bookmarks(T0)
    it.begin([3, 5], T0 + 100)
    it.finish()
    it.begin([5], T0 + 200)
    it.finish()
    assert it.to_json()["paused"] == {"2023-11-14T22:15:00Z": "3"}
    again = Bookmarks.from_json(it.to_json())
    assert (again.position(3), again.position(5)) == (T0 + 100, T0 + 200)


def test_a_repository_added_later_starts_at_the_start() -> None:
    it = Bookmarks(T0)
    it.begin([3, 5], T0 + 100)
    it.finish()
    assert Bookmarks.from_json(it.to_json()).position(4) == T0


def test_the_read_mark_of_a_repository_itself_is_a_time() -> None:
    it = Bookmarks()
    it.begin([3], T0)
    it.remember(3, REPOSITORY_ITSELF, T0)
    it.finish()
    assert it.to_json()["read"] == {"3": "2023-11-14T22:13:20Z"}
    assert not Bookmarks.from_json(it.to_json()).wants(3, REPOSITORY_ITSELF, T0)


@given(st.dictionaries(st.sampled_from(["acme", "beta"]), st.dictionaries(st.sampled_from(state.STREAMS), bookmarks())))
def test_a_state_survives_its_spelling(books: state.Books) -> None:
    value = json.loads(json.dumps(state.to_json(books)))
    again = state.from_json(value)
    assert {
        (login, stream): (it.positions, it.read, it.start) for login in again for stream, it in again[login].items()
    } == {(login, stream): (it.positions, it.read, it.start) for login in books for stream, it in books[login].items()}
    assert state.to_json(again) == value


def test_streams_at_the_same_point_are_written_once() -> None:
    together = Bookmarks(T0)
    alone = Bookmarks(T0)
    alone.begin([1], T0 + 9)
    alone.finish()
    books = {"acme": {"pull_requests": together, "commits": together, "reviews": alone, "issue_comments": alone.copy()}}
    bookmarks = state.to_json(books)["bookmarks"]
    assert bookmarks["commits"] == {"organizations": {"acme": {"like": "pull_requests"}}}
    assert bookmarks["issue_comments"] == {"organizations": {"acme": {"like": "reviews"}}}
    again = state.from_json({"bookmarks": bookmarks})
    assert again["acme"]["commits"] is again["acme"]["pull_requests"]
    assert again["acme"]["issue_comments"] is again["acme"]["reviews"]


@pytest.mark.parametrize(
    "form",
    [
        {"like": "pull_requests"},
        {"watermark": "yesterday"},
        {"known": "a b"},
        {"progress": [["x"]]},
        {"exceptions": []},
        {"read": {"x": {}}},
        7,
    ],
)
def test_a_state_that_makes_no_sense_is_refused(form: object) -> None:
    with pytest.raises(StateError):
        state.from_json({"bookmarks": {"reviews": {"organizations": {"acme": form}}}})


def test_the_state_of_a_large_organization_is_small() -> None:
    it = Bookmarks(T0)
    it.begin(range(10_000_000, 900_000_000, 8_900), T0 + 100)
    it.advance(450_000_000, T0 + 50)
    of_repositories = it.copy()
    books = {"acme": dict.fromkeys(state.STREAMS[1:], it) | {"repositories": of_repositories}}
    assert len(json.dumps(state.to_json(books))) < 5 * 2**20
