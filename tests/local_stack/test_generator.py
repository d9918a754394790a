"""Generated organizations are possible, repeatable, and as lively and odd as real ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_stack.simulator import evolve, generator, invariants, truth
from local_stack.simulator.people import found
from local_stack.simulator.pull_requests import EXTREMES, Means

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_stack.simulator.model import PullRequest, Repository, World

NOW = 1_790_000_000


def generate(**arguments: Any) -> World:
    usual: dict[str, Any] = {"organization": "acme", "repositories": 12, "pull_requests": 400, "seed": 1}
    return generator.generate(**usual | {"now": NOW, "frozen": True} | arguments)


def repositories(world: World) -> list[Repository]:
    return [it for organization in world.organizations.values() for it in organization.repositories.values()]


def pull_requests(world: World) -> list[PullRequest]:
    return [it for repository in repositories(world) for it in repository.pull_requests.values()]


@pytest.fixture(scope="module")
def world() -> World:
    """One that is large enough to have some of everything."""
    return generate(pull_requests=3_000)


def test_the_same_arguments_give_the_same_world() -> None:
    assert generate() == generate()


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_makes_and_evolves_the_same_world(hash_seed: str) -> None:
    program = (
        "from local_stack.simulator import evolve, generator\n"
        "world = generator.generate(organization='acme', repositories=6, pull_requests=70, seed=1, "
        f"now={NOW}, frozen=True)\n"
        "print(evolve.evolve(world, days=2, seed=1), world)\n"
    )
    world = generate(repositories=6, pull_requests=70)
    changes = evolve.evolve(world, days=2, seed=1)
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONUTF8": "1"}
    printed = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert printed == f"{changes} {world}\n"


def test_accounts_have_logins_of_their_own() -> None:
    world = generate(pull_requests=900)
    generate(organization="other", pull_requests=900, into=world)
    evolve.evolve(world, days=2, seed=1)
    logins = [account.login.lower() for account in found(world)]
    assert len(set(logins)) == len(logins)
    people = [account.login.lower() for account in found(world) if account.kind == "User"]
    assert len(people) > 60
    assert all(re.fullmatch(r"[a-z\d]+(-[a-z\d]+)*", login) for login in people)


def test_another_seed_gives_another_world() -> None:
    assert list(truth.rows(generate(), "reviews")) != list(truth.rows(generate(seed=2), "reviews"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(), repositories=st.integers(1, 25), pull_requests=st.integers(0, 130))
def test_every_world_is_possible(seed: int, repositories: int, pull_requests: int) -> None:
    world = generate(seed=seed, repositories=repositories, pull_requests=pull_requests)
    assert invariants.check(world) == []
    [organization] = world.organizations.values()
    assert len(organization.repositories) == repositories
    assert sum(len(it.pull_requests) for it in organization.repositories.values()) == pull_requests


def test_nothing_happened_in_the_last_minutes_or_before_the_history(world: World) -> None:
    assert max(it.updated_at for it in pull_requests(world)) <= NOW - 600
    assert min(it.created_at for it in pull_requests(world)) >= NOW - 730 * 86_400
    assert world.clock.now() == NOW


def test_counts_have_the_wanted_means_and_heavy_tails() -> None:
    those = pull_requests(generate(pull_requests=10_000, repositories=50))
    for what, mean in Means()._asdict().items():
        counts = sorted(len(getattr(it, what)) for it in those)
        assert sum(counts) / len(counts) == pytest.approx(mean, rel=0.12), what
        # Half of all pull requests have less than the mean, one in a hundred many times as much.
        assert counts[len(counts) // 2] < mean
        assert counts[len(counts) * 99 // 100] > 5 * mean


def test_means_can_be_chosen() -> None:
    those = pull_requests(generate(pull_requests=4_000, means=Means(commits=8, reviews=5)))
    assert sum(len(it.commits) for it in those) / len(those) == pytest.approx(8, rel=0.2)
    assert sum(len(it.reviews) for it in those) / len(those) == pytest.approx(5, rel=0.2)


@pytest.mark.parametrize("seed", range(5))
def test_every_page_size_is_exceeded_from_sixty_pull_requests_on(seed: int) -> None:
    those = pull_requests(generate(pull_requests=60, repositories=5, seed=seed))
    for what, sizes in {
        "commits": (20, 50, 100, 250),
        "reviews": (10, 20, 100),
        "review_comments": (10, 100),
        "issue_comments": (20, 50, 100),
        "labels": (20,),
        "requested_reviewers": (10,),
    }.items():
        for size in sizes:
            assert any(len(getattr(it, what)) > size for it in those), (what, size)
    in_one_review = Counter(comment.review_id for it in those for comment in it.review_comments if comment.review_id)
    assert max(in_one_review.values()) > 100
    assert any(10 < count <= 100 for count in in_one_review.values())
    assert any(not it.commits for it in those)
    assert any(review.state == "PENDING" for it in those for review in it.reviews)
    assert in_two(those)


def in_two(those: list[PullRequest]) -> bool:
    """Whether a commit is in two pull requests."""
    return any(count > 1 for count in Counter(commit.sha for it in those for commit in it.commits).values())


def test_few_pull_requests_have_the_extremes_that_fit() -> None:
    those = pull_requests(generate(pull_requests=20, repositories=2))
    assert len(those) == 20
    for extreme in EXTREMES[:4]:
        assert any((len(it.commits), len(it.reviews)) == (extreme.commits, extreme.reviews) for it in those), extreme


def test_one_repository_is_much_larger_than_the_rest_and_some_are_special(world: World) -> None:
    those = repositories(world)
    sizes = sorted((len(it.pull_requests) for it in those), reverse=True)
    assert sizes[0] > 2 * sizes[1]
    assert sizes[-1] == 0
    assert {it.visibility for it in those} == {"public", "private", "internal"}
    for what in ("is_archived", "is_fork"):
        assert any(getattr(it, what) and it.pull_requests for it in those), what
    assert any(it.is_disabled for it in those)
    assert any(it.default_branch is None and it.pushed_at is None for it in those)
    assert any(it.description is None for it in those)


def test_names_are_awkward_but_differ_in_more_than_case() -> None:
    names = [it.name for it in repositories(generate(repositories=200, pull_requests=0))]
    assert len({name.lower() for name in names}) == len(names)
    assert {".github", "a--b", "dots.in.name", "-leading", "123"} <= set(names)
    assert any(len(name) == 100 for name in names)


@pytest.mark.parametrize(
    "what",
    [
        lambda it: it.author is None,
        lambda it: it.author is not None and it.author.kind == "Bot",
        lambda it: it.author is not None and it.author.kind == "Mannequin",
        lambda it: it.author is not None and it.author.kind == "Organization",
        lambda it: it.is_draft and it.is_open,
        lambda it: it.merged_at is not None,
        lambda it: it.merged_at is None and not it.is_open,
        lambda it: it.merged_at is not None and it.merged_by is None,
        lambda it: it.ready_for_review_at is not None,
        lambda it: it.head_repository is None,
        lambda it: it.body == "",
        lambda it: any("/" in who for who in it.requested_reviewers if isinstance(who, str)),
        lambda it: any(not isinstance(who, str) for who in it.requested_reviewers),
        lambda it: it.review_decision == "CHANGES_REQUESTED",
        lambda it: it.review_decision is None,
        lambda it: sum(label.startswith("size/") for label in it.labels) > 1,
        lambda it: not any(label.startswith("size/") for label in it.labels),
        lambda it: it.id >= 2**31,
        lambda it: it.id < 2**31,
    ],
)
def test_there_are_pull_requests_of_every_kind(world: World, what: Callable[[PullRequest], bool]) -> None:
    assert any(what(it) for it in pull_requests(world))


def test_there_are_reviews_and_comments_of_every_kind(world: World) -> None:
    those = pull_requests(world)
    reviews = [review for it in those for review in it.reviews]
    states = {"APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"}
    assert {review.state for review in reviews} == states
    assert {review.author.id for review in reviews if review.state == "PENDING" and review.author} == {world.viewer.id}
    assert any(review.commit_sha is None for review in reviews)
    comments = [comment for it in those for comment in it.review_comments]
    assert any(comment.review_id is None for comment in comments)
    assert any(comment.in_reply_to_id is not None for comment in comments)
    assert any(comment.position is None and comment.line is None for comment in comments)
    assert any(comment.start_line is not None for comment in comments)
    for authors in (
        [review.author for review in reviews],
        [comment.author for comment in comments],
        [comment.author for it in those for comment in it.issue_comments],
    ):
        assert {author and author.kind for author in authors} >= {"Bot", "Mannequin", "User", None}
    assert any(comment.updated_at > comment.created_at for it in those for comment in it.issue_comments)


def test_there_are_commits_of_every_kind(world: World) -> None:
    commits = [commit for it in pull_requests(world) for commit in it.commits]
    emails = [commit.author_email or "" for commit in commits if commit.author_user is None]
    assert any(re.fullmatch(r"\d+\+[^@]+@users\.noreply\.github\.com", email) for email in emails)
    assert any(re.fullmatch(r"[^@+]+@users\.noreply\.github\.com", email) for email in emails)
    assert any("[bot]@users" in email for email in emails)
    assert any("@USERS.NOREPLY" in (commit.author_email or "") for commit in commits)
    assert any("@Users.NoReply" in email for email in emails)
    assert any(commit.author_email is None for commit in commits)
    assert any(commit.author_name == "" for commit in commits)
    assert any(commit.committer_email == "noreply@github.com" for commit in commits)
    assert any(commit.message.startswith("Merge branch") for commit in commits)
    assert min(commit.committed_at for commit in commits) < 86_400
    assert max(commit.committed_at for commit in commits) > 4_000_000_000


def test_a_commit_is_in_two_repositories(world: World) -> None:
    homes: Counter[str] = Counter()
    for repository in repositories(world):
        homes.update({commit.sha for it in repository.pull_requests.values() for commit in it.commits})
    assert max(homes.values()) > 1


def test_several_pull_requests_were_updated_in_one_second(world: World) -> None:
    assert max(Counter(it.updated_at for it in pull_requests(world)).values()) > 100


def test_text_is_hostile_wherever_it_may_be(world: World) -> None:
    those = pull_requests(world)
    places = {
        "titles": [it.title for it in those],
        "bodies": [it.body for it in those] + [comment.body for it in those for comment in it.issue_comments],
        "labels": [label for it in those for label in it.labels],
        "branches": [it.head_ref for it in those],
        "paths": [comment.path for it in those for comment in it.review_comments],
        "messages": [commit.message for it in those for commit in it.commits],
    }
    for place, texts in places.items():
        everything = "".join(texts)
        for sign in ("`", '"', "'", "🎉"):
            assert sign in everything, (place, sign)
        assert "\0" not in everything
        everything.encode()
    for place in ("titles", "bodies", "labels", "paths"):
        assert "../" in "".join(places[place]), place
    for place in ("titles", "bodies", "messages"):
        everything = "".join(places[place])
        for sign in ("DROP TABLE", "\u202e", "\u001b", "\u2028", "\U0010ffff"):
            assert sign in everything, (place, sign)
    assert any("\n" in body for body in places["bodies"])
    assert any(len(body) > 9_000 for body in places["bodies"])
    assert not any(re.search(r"\.\.|[\s~^:?*\[\\\x00-\x1f]", branch) for branch in places["branches"])
    assert not any("\n" in title or "\r" in title for title in places["titles"])


def test_a_second_organization_joins_a_world() -> None:
    world = generate(pull_requests=70)
    assert generate(organization="Other-Org", pull_requests=70, into=world) is world
    assert list(world.organizations) == ["acme", "other-org"]
    assert invariants.check(world) == []
    assert world.revision == 2
    with pytest.raises(ValueError, match="has an organization ACME already"):
        generate(organization="ACME", into=world)


def test_an_organization_without_repositories_is_refused() -> None:
    with pytest.raises(ValueError, match="0 repositories: an organization needs at least one"):
        generate(repositories=0)


def test_a_world_that_is_not_frozen_ticks_from_now_on() -> None:
    world = generate(frozen=False, pull_requests=1)
    assert world.clock.frozen is None
    assert NOW <= world.clock.now() < NOW + 300


def test_repository_ids_fit_into_32_bits_however_many_organizations_there_are() -> None:
    world = generate(organization="one", repositories=2, pull_requests=0, seed=1, now=1_790_000_000)
    for number in range(20):
        generate(organization=f"more-{number}", repositories=2, pull_requests=0, seed=1, now=1_790_000_000, into=world)
    ids = [repository for it in world.organizations.values() for repository in it.repositories]
    assert len(set(ids)) == len(ids)
    assert max(ids) < 2**31
