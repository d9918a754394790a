"""What events work with: the world, whoever writes in it, and the choice of what an event happens to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from local_stack.simulator.model import Organization, Repository
from local_stack.simulator.people import Cast, found, new_people
from local_stack.simulator.pull_requests import Counts, PullRequestMaker, spreads
from local_stack.simulator.text import Texts
from local_stack.simulator.writing import Writer, review_decision

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from local_stack.simulator.model import PullRequest, World
    from local_stack.simulator.numbering import Numbering

_TRIES: Final = 40


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened.

    Attributes:
        what: Name of the event.
        at: When, in seconds since 1970.
        repository: `owner/name` of the repository it happened to, as it is called after it.
        number: Number of the pull request it happened to, or None if it happened to the repository as a whole.
    """

    what: str
    at: int
    repository: str
    number: int | None = None


class Stage:
    """One world that is being moved on. A repository that is archived or disabled never changes."""

    def __init__(self, world: World, random: Random, numbering: Numbering) -> None:
        """Looks around in the world.

        Args:
            world: What is moved on.
            random: Where all choices come from.
            numbering: The world's ids.
        """
        self.world = world
        self.random = random
        self.numbering = numbering
        self.texts = Texts(random)
        known = found(world)
        accounts = [*known, *new_people(random, numbering, 2, besides=known)]
        organization = next(iter(world.organizations.values())).login
        self.cast = Cast(random, organization, accounts)
        self.writer = Writer(random, numbering, self.cast, self.texts, world.viewer)
        self.maker = PullRequestMaker(self.writer, spreads())
        self._pull_requests = [
            (repository, it) for repository in self.repositories() for it in repository.pull_requests.values()
        ]

    def repositories(self) -> list[Repository]:
        """The repositories in which something can happen."""
        return [
            repository
            for organization in self.world.organizations.values()
            for repository in organization.repositories.values()
            if not repository.is_archived and not repository.is_disabled
        ]

    def repository(self, fits: Callable[[Repository], bool] = lambda _: True) -> Repository | None:
        """A repository that fits and in which something can happen; None if there is none."""
        fitting = [repository for repository in self.repositories() if fits(repository)]
        return self.random.choice(fitting) if fitting else None

    def pull_request(
        self, fits: Callable[[PullRequest], object] = lambda _: True
    ) -> tuple[Repository, PullRequest] | None:
        """A pull request that fits and to which something can happen; None if there is none."""
        pairs = self._pull_requests
        start = int(self.random.random() * len(pairs))
        tries = [int(self.random.random() * len(pairs)) for _ in range(_TRIES)] if pairs else []
        for index in (*tries, *range(start, len(pairs)), *range(start)):
            repository, pull_request = pairs[index]
            if not repository.is_archived and fits(pull_request):
                return repository, pull_request
        return None

    def open_pull_request(self, repository: Repository, at: int, counts: Counts) -> PullRequest:
        """Opens a new pull request, in an empty repository after a first push."""
        if repository.default_branch is None:
            repository.default_branch = "main"
            repository.updated_at = repository.pushed_at = at
        last = max(repository.pull_requests, default=0)
        # Issues take numbers, too.
        number = last + 1 + (last > 0 and self.random.getrandbits(2) == 0)
        pull_request = self.maker.make(repository, number, at, at, counts)
        repository.pull_requests[number] = pull_request
        self._pull_requests.append((repository, pull_request))
        self.pushed(repository, pull_request, at)
        return pull_request

    def create_repository(self, organization: Organization, name: str, at: int) -> Repository:
        """Creates an empty repository; a name that led to another one belongs to it from now on."""
        repository = Repository(
            id=self.numbering.next("Repository"),
            name=name,
            owner=organization.login,
            created_at=at,
            updated_at=at,
            pushed_at=None,
            description=self.texts.line(),
            default_branch=None,
        )
        organization.repositories[repository.id] = repository
        self.world.redirects.pop(repository.full_name.lower(), None)
        return repository

    def forget(self, repository: Repository) -> None:
        """Takes a repository that is deleted out of the choice."""
        self._pull_requests = [pair for pair in self._pull_requests if pair[0] is not repository]

    def free_name(self, organization: Organization, wanted: str) -> str:
        """That name, or one like it, that no repository of the organization has or had."""
        taken = {repository.name.lower() for repository in organization.repositories.values()}
        taken |= {name.partition("/")[2] for name in self.world.redirects}
        candidates = (wanted, *(f"{wanted[:90]}-{index}" for index in range(2, len(taken) + 3)))
        return next(name for name in candidates if name.lower() not in taken)

    def pushed(self, repository: Repository, pull_request: PullRequest, at: int) -> None:
        """Moves the repository's `pushed_at` if the pull request comes from one of its own branches."""
        if pull_request.head_repository == repository.full_name:
            repository.pushed_at = at

    def moved(self, what: str, at: int, pair: tuple[Repository, PullRequest]) -> Change:
        """Moves `updated_at`, and the decision of the reviews where one is asked for, and says what happened."""
        repository, pull_request = pair
        pull_request.updated_at = at
        if pull_request.review_decision is not None:
            pull_request.review_decision = review_decision(pull_request.reviews)
        return Change(what, at, repository.full_name, pull_request.number)
