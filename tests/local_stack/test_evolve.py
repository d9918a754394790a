"""Worlds move on possibly and repeatably, and show of it exactly what GitHub shows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_stack.comparison import KEYS
from local_stack.simulator import evolve, generator, invariants, small, truth
from local_stack.simulator.model import Clock, Organization, Repository, World

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from local_stack.simulator.evolve import Change

NOW = 1_790_000_000
DAY = 86_400


def generate(seed: int = 1, **arguments: Any) -> World:
    usual: dict[str, Any] = {"organization": "acme", "repositories": 8, "pull_requests": 120}
    return generator.generate(**usual | {"seed": seed, "now": NOW, "frozen": True} | arguments)


def snapshot(world: World) -> dict[tuple[Any, ...], dict[str, Any]]:
    """All rows of all streams by stream and key."""
    return {
        (stream, *(row[column] for column in KEYS[stream])): row
        for stream in truth.STREAMS
        for row in truth.rows(world, stream)
    }


def updates(world: World) -> dict[tuple[str, int], int]:
    """When each pull request was updated, by repository and number."""
    return {
        (repository.full_name, number): pull_request.updated_at
        for repository in repositories(world)
        for number, pull_request in repository.pull_requests.items()
    }


def repositories(world: World) -> Iterator[Repository]:
    for organization in world.organizations.values():
        yield from organization.repositories.values()


def one_event(name: str, seed: int) -> tuple[World, list[Change], dict[Any, Any], dict[Any, Any]]:
    """A world after exactly one event, and the rows before and after it."""
    world = generate(seed)
    before = snapshot(world)
    changes = evolve.evolve(world, days=1, seed=seed, events=[name], count=1)
    return world, changes, before, snapshot(world)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(), groups=st.sets(st.sampled_from(sorted(evolve.GROUPS)), min_size=1), size=st.integers(0, 90))
def test_every_world_stays_possible(seed: int, groups: set[str], size: int) -> None:
    world = generate(seed, pull_requests=size)
    for round_number in range(3):
        evolve.evolve(world, days=3, seed=seed + round_number, events=groups)
        assert invariants.check(world) == []


@pytest.mark.parametrize("events", [None, evolve.UPDATED_AT_EVENTS, ["moves"]])
def test_the_same_world_time_and_seed_give_the_same_changes(events: Collection[str] | None) -> None:
    worlds = [generate(), generate()]
    changes = [evolve.evolve(world, days=2, seed=7, events=events) for world in worlds]
    assert changes[0] == changes[1]
    assert worlds[0] == worlds[1]
    assert evolve.evolve(generate(), days=2, seed=8, events=events) != changes[0]


def test_every_event_of_every_group_happens() -> None:
    world = generate()
    happened = Counter(change.what for seed in range(3) for change in evolve.evolve(world, days=3, seed=seed))
    assert set(happened) == set(evolve.EVENTS)


def test_events_lie_between_the_clock_before_and_a_minute_before_the_clock_after() -> None:
    world = generate()
    changes = evolve.evolve(world, days=0.5, seed=1)
    assert world.clock.now() == NOW + DAY // 2
    assert [change.at for change in changes] == sorted(change.at for change in changes)
    assert min(change.at for change in changes) > NOW
    assert max(change.at for change in changes) <= world.clock.now() - 60
    assert max(updates(world).values()) <= world.clock.now() - 60


def test_a_ticking_clock_ticks_on_from_the_end_of_the_days() -> None:
    world = generate(frozen=False)
    evolve.evolve(world, days=10, seed=1)
    assert NOW + 10 * DAY <= world.clock.now() < NOW + 10 * DAY + 300


def test_the_number_of_events_can_be_chosen() -> None:
    assert len(evolve.evolve(generate(), days=1, seed=1, events=evolve.UPDATED_AT_EVENTS, count=5)) == 5


def test_the_revision_grows_with_every_change() -> None:
    world = generate()
    before = world.revision
    changes = evolve.evolve(world, days=1, seed=1)
    assert world.revision == before + len(changes)


@pytest.mark.parametrize("seed", range(3))
def test_updated_at_events_show_every_change_and_take_no_row_away(seed: int) -> None:
    world = generate(seed)
    for round_number in range(5):
        before, start = snapshot(world), world.clock.now()
        changes = evolve.evolve(world, days=2, seed=round_number, events=evolve.UPDATED_AT_EVENTS)
        after, moved = snapshot(world), updates(world)
        assert before.keys() <= after.keys()
        for key, row in after.items():
            if row == before.get(key):
                continue
            if key[0] == "repositories":
                assert truth_time(start) < max(row["updated_at"], row["pushed_at"] or "")
            elif key[0] != "commits":
                assert moved[f"{row['organization']}/{row['repository']}", row["pr_number"]] > start, key
            else:
                numbers = [moved[f"{row['organization']}/{row['repository']}", number] for number in row["_pr_numbers"]]
                assert max(numbers) > start
        touched = {(change.repository, change.number) for change in changes if change.number is not None}
        assert touched == {which for which, at in moved.items() if at > start}


def truth_time(second: int) -> str:
    """A second as the truth spells it."""
    world = small.world()
    next(repositories(world)).created_at = second
    return str(next(truth.rows(world, "repositories"))["created_at"])


@pytest.mark.parametrize("name", sorted(evolve.UPDATED_AT_EVENTS))
def test_each_updated_at_event_changes_something(name: str) -> None:
    _, [change], before, after = one_event(name, 3)
    assert change.what == name
    assert before != after


@pytest.mark.parametrize("name", sorted(evolve.SILENT_EVENTS))
def test_silent_edits_change_rows_and_move_nothing(name: str) -> None:
    world, [change], before, after = one_event(name, 3)
    assert change.what == name
    assert before != after
    assert before.keys() <= after.keys()
    assert updates(world) == updates(generate(3))
    assert {key: row for key, row in before.items() if key[0] == "repositories"} == {
        key: row for key, row in after.items() if key[0] == "repositories"
    }


@pytest.mark.parametrize("name", sorted(evolve.DELETION_EVENTS))
def test_deletions_take_rows_away_and_move_nothing(name: str) -> None:
    world, [change], before, after = one_event(name, 3)
    assert change.what == name
    assert after.keys() < before.keys()
    assert updates(world) == updates(generate(3))


def test_an_edit_of_a_comment_moves_the_comments_own_time() -> None:
    _, [change], before, after = one_event("issue_comment_edited", 3)
    [(key, row)] = [(key, row) for key, row in after.items() if row != before[key]]
    assert key[0] == "issue_comments"
    assert row["updated_at"] == truth_time(change.at)
    assert row["created_at"] == before[key]["created_at"]


def test_a_force_push_moves_updated_at_and_keeps_what_it_removed() -> None:
    world, [change], before, after = one_event("force_pushed", 3)
    assert updates(world)[change.repository, change.number or 0] == change.at
    gone = before.keys() - after.keys()
    assert gone
    assert {key[0] for key in gone} == {"pull_request_commits"}
    for key in gone:
        repository = next(it for it in repositories(world) if it.full_name == change.repository)
        assert key[1] in {commit.sha for commit in repository.pull_requests[change.number or 0].former_commits}
    optional = {key[1] for key, row in after.items() if key[0] == "commits" and row["_optional"]}
    listed = {key[1] for key in after if key[0] == "pull_request_commits"}
    assert optional == {key[1] for key in gone} - listed


def test_late_pushed_commits_are_dated_thirty_days_back_and_move_updated_at() -> None:
    world, [change], before, after = one_event("old_commits_pushed", 3)
    new = [row for key, row in after.items() if key[0] == "pull_request_commits" and key not in before]
    assert new
    odd = ("1970", "1990", "2099")
    assert all(row["commit_date"] <= truth_time(change.at - 30 * DAY) or row["commit_date"][:4] in odd for row in new)
    assert updates(world)[change.repository, change.number or 0] == change.at


def test_a_dismissed_review_keeps_when_it_was_submitted() -> None:
    _, [_], before, after = one_event("review_dismissed", 3)
    [(key, row)] = [(key, row) for key, row in after.items() if key[0] == "reviews" and row != before[key]]
    assert row["state"] == "DISMISSED"
    assert before[key]["state"] in {"APPROVED", "CHANGES_REQUESTED"}
    assert row["submitted_at"] == before[key]["submitted_at"]


def test_a_renamed_repository_is_found_under_its_old_name_and_keeps_its_id() -> None:
    world, [change], before, after = one_event("repository_renamed", 3)
    [(old, number)] = world.redirects.items()
    [repository] = [it for it in repositories(world) if it.id == number]
    assert repository.full_name == change.repository
    assert old != change.repository.lower()
    assert {row["repository_id"] for row in before.values()} == {row["repository_id"] for row in after.values()}
    assert len(before) == len(after)
    assert not any((it.head_repository or "").lower() == old for it in repository.pull_requests.values())


def test_a_transferred_repository_is_in_another_organization() -> None:
    world, [change], _, _ = one_event("repository_transferred", 3)
    assert list(world.organizations) == ["acme", "acme-labs"]
    [repository] = world.organizations["acme-labs"].repositories.values()
    assert repository.full_name == change.repository
    assert repository.id not in world.organizations["acme"].repositories


@pytest.mark.parametrize("seed", range(6))
def test_a_name_used_again_belongs_to_another_repository_with_the_same_numbers(seed: int) -> None:
    world, [change], before, after = one_event("repository_name_reused", seed)
    name = change.repository.partition("/")[2]
    [was] = {row["repository_id"] for row in before.values() if row["repository"] == name}
    [now] = {row["repository_id"] for row in after.values() if row["repository"] == name}
    assert was != now
    assert any(key[0] == "pull_requests" and key[1] == 1 for key in after if key[2] == name)
    assert change.repository.lower() not in world.redirects


def test_a_deleted_repository_is_gone_with_everything_in_it() -> None:
    world, [change], before, after = one_event("repository_deleted", 3)
    name = change.repository.partition("/")[2]
    assert not any(row["repository"] == name for row in after.values())
    assert all(row["repository"] == name for key, row in before.items() if key not in after)
    assert change.repository.lower() not in world.redirects


def test_ids_of_what_was_deleted_are_not_given_again() -> None:
    world = generate(pull_requests=60, repositories=2)
    seen: set[int] = set()
    for seed in range(10):
        before = {row["comment_id"] for row in truth.rows(world, "issue_comments")}
        evolve.evolve(world, days=1, seed=seed, events=["issue_comment_deleted", "issue_comment_added"], count=30)
        after = {row["comment_id"] for row in truth.rows(world, "issue_comments")}
        assert not (after - before) & seen
        seen |= before | after


def test_archived_repositories_do_not_change_except_by_being_archived() -> None:
    world = generate(3)
    archived = {it.full_name for it in repositories(world) if it.is_archived}
    assert archived
    names = set(evolve.EVENTS) - {"repository_archived"}
    changes = [change for seed in range(5) for change in evolve.evolve(world, days=2, seed=seed, events=names)]
    assert not archived & {change.repository for change in changes}


def test_the_small_organization_can_move_on() -> None:
    world = small.world()
    for seed in range(5):
        assert evolve.evolve(world, days=1, seed=seed)
        assert invariants.check(world) == []


def test_an_organization_without_pull_requests_gets_some() -> None:
    world = generate(pull_requests=0)
    evolve.evolve(world, days=5, seed=1, events=evolve.UPDATED_AT_EVENTS)
    assert updates(world)


def test_nothing_happens_where_nothing_can() -> None:
    world = World(viewer=small.world().viewer, clock=Clock(frozen=NOW), organizations={"o": Organization(1, "o")})
    assert evolve.evolve(world, days=1, seed=1, events=["merged", "repository_renamed"]) == []
    assert world.clock.now() == NOW + DAY


def test_groups_can_be_named_instead_of_events() -> None:
    changes = evolve.evolve(generate(), days=1, seed=1, events=["deletions"])
    assert {change.what for change in changes} == evolve.DELETION_EVENTS


def test_an_unknown_event_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"no event exploded; there are groups updated_at, .*; events "):
        evolve.evolve(generate(), days=1, seed=1, events=["merged", "exploded"])


def test_too_few_days_are_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.0001 days are too short"):
        evolve.evolve(generate(), days=0.0001, seed=1)


def test_a_world_without_organizations_is_refused() -> None:
    with pytest.raises(ValueError, match="no organization"):
        evolve.evolve(World(viewer=small.world().viewer), days=1, seed=1)
