"""Makes an organization of any size out of a seed, with everything in it that a collector can trip over."""

from __future__ import annotations

import time
from random import Random
from typing import Final, Literal

from local_stack.simulator.model import Actor, Clock, Organization, Repository, World
from local_stack.simulator.numbering import Numbering
from local_stack.simulator.people import Cast, found, new_people, others
from local_stack.simulator.pull_requests import EXTREMES, Counts, Means, PullRequestMaker, spreads
from local_stack.simulator.text import Texts
from local_stack.simulator.writing import Writer

_MINUTE: Final = 60
_DAY: Final = 86_400
# History ends this long before the clock starts.
_QUIET: Final = 10 * _MINUTE
_ENOUGH_FOR_EXTREMES: Final = 60
# Ids of things that exist already spread evenly up to a bit below what GitHub gives out today, past 32 bits' sign.
_FIRST_ID: Final = 400_000_000
_LAST_ID: Final = 3_400_000_000
_NAMES: Final = (
    "monolith",
    ".github",
    "nothing-yet",
    "a--b",
    "dots.in.name",
    "UPPER_case",
    "123",
    "-leading",
    "trailing-",
    "__init__",
    "null",
    "x",
    "l" + "o" * 98 + "g",
    "docs",
    "web-app",
    "infra",
)


def generate(  # noqa: PLR0913 - keywords, most of them with a default
    *,
    organization: str,
    repositories: int,
    pull_requests: int,
    seed: int,
    now: int,
    viewer: str = "stats-collector",
    history_days: float = 730,
    means: Means = Means(),  # noqa: B008 - immutable
    frozen: bool = False,
    into: World | None = None,
) -> World:
    """A world that holds one organization, the same for the same arguments.

    About three in five pull requests are in the first repository. From five repositories on there are an empty,
    an archived, a forked and a private one, from 60 pull requests on every one of `pull_requests.EXTREMES`, before that
    one for each five pull requests. All history lies in the days before `now`, its last ten minutes excepted.

    Args:
        organization: The organization's login.
        repositories: How many repositories it has; at least one.
        pull_requests: How many pull requests they have together.
        seed: Decides everything else.
        now: Where the world's clock starts.
        viewer: Login of the account behind the token.
        history_days: How far back the history goes.
        means: How much there is on an average pull request; its spread stays as heavy-tailed as measured.
        frozen: Whether the clock stands still.
        into: A world to add the organization to; its clock and its viewer stay as they are.

    Returns:
        The new world, or `into`.

    Raises:
        ValueError: The organization exists already, or there is no repository to put pull requests into.
    """
    if repositories < 1:
        raise ValueError(f"{repositories} repositories: an organization needs at least one")
    random = Random(f"{organization}/{repositories}/{pull_requests}/{seed}")  # noqa: S311 - to be repeated
    steps = {
        "PullRequest": _step(pull_requests),
        "PullRequestReview": _step(pull_requests * means.reviews),
        "PullRequestReviewComment": _step(pull_requests * means.review_comments),
        "IssueComment": _step(pull_requests * means.issue_comments),
        # A repository has no id but one of 32 bits, so several organizations must find room below that.
        "Repository": min(_step(4 * repositories), 1_000_000),
        "User": 100_000,
    }
    world = into or _world(viewer, now, frozen=frozen)
    if organization.lower() in world.organizations:
        raise ValueError(f"the world has an organization {organization} already")
    numbering = Numbering(world, random, start=_FIRST_ID, steps=steps)
    made = Organization(numbering.next("User"), organization)
    known = found(world)
    people = new_people(random, numbering, 8 + int(pull_requests**0.5), besides=known)
    accounts = [*people, *others(numbering, besides=known), world.viewer]
    writer = Writer(
        random,
        numbering,
        Cast(random, organization, accounts),
        Texts(random),
        world.viewer,
    )
    maker = PullRequestMaker(writer, spreads(means))
    start, end = now - int(history_days * _DAY), now - _QUIET
    wanted = _extremes(pull_requests)
    numbers = _shares(random, repositories, pull_requests)
    first = 0
    for index, count in enumerate(numbers):
        repository = _repository(random, numbering, writer.texts, made, index, (start, end))
        made.repositories[repository.id] = repository
        counts = [wanted.get(first + place) or maker.counts() for place in range(count)]
        _fill(random, maker, repository, counts, end)
        first += count
    world.organizations[organization.lower()] = made
    world.revision += 1
    return world


def _world(viewer: str, now: int, *, frozen: bool) -> World:
    clock = Clock(frozen=now) if frozen else Clock(offset=now - int(time.time()))
    return World(viewer=Actor(1_000, viewer), clock=clock)


def _step(expected: float) -> int:
    """How far apart two ids are at most if so many of them shall fill the range of ids."""
    return max(1, int(2 * (_LAST_ID - _FIRST_ID) / (expected + 1)))


def _is_empty(index: int) -> bool:
    return index % 9 == 2  # noqa: PLR2004


def _shares(random: Random, repositories: int, pull_requests: int) -> list[int]:
    """How many pull requests each repository has: three in five are in the first, none in the empty ones."""
    weights = [0.0 if _is_empty(index) else (0.5 + random.random()) / index for index in range(1, repositories)]
    total = sum(weights)
    shares = [int(0.4 * pull_requests * weight / total) for weight in weights] if total else []
    return [pull_requests - sum(shares), *shares]


def _extremes(pull_requests: int) -> dict[int, Counts]:
    """Which pull requests, counted through all repositories, are extreme, and how."""
    fitting = EXTREMES if pull_requests >= _ENOUGH_FOR_EXTREMES else EXTREMES[: pull_requests // 5]
    return {(2 * place + 1) * pull_requests // (2 * len(fitting)): counts for place, counts in enumerate(fitting)}


def _repository(  # noqa: PLR0913, PLR0917 - one of each
    random: Random,
    numbering: Numbering,
    texts: Texts,
    organization: Organization,
    index: int,
    period: tuple[int, int],
) -> Repository:
    start, end = period
    name = _NAMES[index] if index < len(_NAMES) else f"{texts.word()}-{texts.word()}-{index}"
    kinds: tuple[Literal["public", "private", "internal"], ...] = ("public", "private", "public", "public", "internal")
    created_at = start - int(random.random() * 900 * _DAY)
    is_bare = _is_empty(index)
    return Repository(
        id=numbering.next("Repository"),
        name=name,
        owner=organization.login,
        created_at=created_at,
        updated_at=created_at + int(random.random() * (end - created_at)),
        pushed_at=None if is_bare else start,
        description=(None, "", texts.line(), texts.body())[index % 4],
        visibility=kinds[index % len(kinds)],
        is_archived=index % 7 == 3,  # noqa: PLR2004
        is_fork=index % 7 == 4,  # noqa: PLR2004
        # GitHub serves nothing out of a disabled repository, so it is one without pull requests.
        is_disabled=is_bare and index % 2 == 1,
        default_branch=None if is_bare else ("main", "master", "trunk")[index % 3],
        primary_language=None if is_bare or index % 8 == 7 else ("Python", "Go", "C++", "Jupyter Notebook")[index % 4],  # noqa: PLR2004
    )


def _fill(random: Random, maker: PullRequestMaker, repository: Repository, counts: list[Counts], end: int) -> None:
    """Puts pull requests into a repository, opened one after the other since some time after it was created."""
    if not counts:
        return
    start = repository.pushed_at or repository.created_at
    opened = sorted(start + int(random.random() * (end - start)) for _ in counts)
    number = 0
    for created_at, its_counts in zip(opened, counts, strict=True):
        # Issues take numbers, too.
        number += 1 + (random.getrandbits(2) if random.random() < 0.3 else 0)  # noqa: PLR2004
        repository.pull_requests[number] = maker.make(repository, number, created_at, end, its_counts)
    _label_in_bulk(random, repository, end)
    repository.pushed_at = max(pull_request.updated_at for pull_request in repository.pull_requests.values())


def _label_in_bulk(random: Random, repository: Repository, end: int) -> None:
    """Someone labels many pull requests at once: all of them were last updated in the same second."""
    at = end - int(random.random() ** 2 * 90 * _DAY)
    older = [it for it in repository.pull_requests.values() if it.updated_at < at]
    for pull_request in random.sample(older, len(older) // 12):
        pull_request.labels.append("stale")
        pull_request.updated_at = at
