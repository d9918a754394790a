"""What happens to whole repositories: they are described, archived, created, renamed, transferred, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_stack.simulator.evolve.registry import event
from local_stack.simulator.evolve.stage import Change
from local_stack.simulator.model import Organization
from local_stack.simulator.pull_requests import Counts

if TYPE_CHECKING:
    from local_stack.simulator.evolve.stage import Stage
    from local_stack.simulator.model import Repository


@event("updated_at")
def repository_described(stage: Stage, at: int) -> Change | None:
    """The description, the visibility or the language of a repository changes."""
    repository = stage.repository()
    if repository is None:
        return None
    what = stage.random.randrange(3)
    if what == 0:
        repository.description = stage.texts.line() if stage.random.random() < 0.8 else None  # noqa: PLR2004
    elif what == 1:
        repository.visibility = "private" if repository.visibility == "public" else "public"
    else:
        repository.primary_language = stage.random.choice(("Rust", "Zig", "TypeScript"))
    repository.updated_at = at
    return Change("repository_described", at, repository.full_name)


@event("updated_at", weight=0.3)
def repository_archived(stage: Stage, at: int) -> Change | None:
    """A small repository becomes read-only, or writable again."""
    organizations = stage.world.organizations.values()
    archived = [it for organization in organizations for it in organization.repositories.values() if it.is_archived]
    if archived and stage.random.random() < 0.5:  # noqa: PLR2004
        repository = stage.random.choice(archived)
        repository.is_archived = False
    else:
        candidate = _small_repository(stage)
        if candidate is None:
            return None
        repository = candidate
        repository.is_archived = True
    repository.updated_at = at
    return Change("repository_archived", at, repository.full_name)


@event("updated_at", weight=0.3)
def repository_created(stage: Stage, at: int) -> Change | None:
    """A new, empty repository under a name that was never used."""
    organization = stage.random.choice(list(stage.world.organizations.values()))
    name = stage.free_name(organization, f"new-{stage.texts.word()}")
    return Change("repository_created", at, stage.create_repository(organization, name, at).full_name)


@event("moves", weight=0.3)
def repository_renamed(stage: Stage, at: int) -> Change | None:
    """A repository gets another name; the old one leads to it."""
    repository = stage.repository()
    if repository is None:
        return None
    organization = stage.world.organizations[repository.owner.lower()]
    _move(stage, repository, organization, stage.free_name(organization, f"{repository.name[:80]}-renamed"), at)
    return Change("repository_renamed", at, repository.full_name)


@event("moves", weight=0.3)
def repository_transferred(stage: Stage, at: int) -> Change | None:
    """A small repository goes to another organization, which is founded if there is no other."""
    repository = _small_repository(stage)
    if repository is None:
        return None
    organizations = stage.world.organizations
    others = [organization for key, organization in organizations.items() if key != repository.owner.lower()]
    if not others:
        others = [Organization(stage.numbering.next("User"), f"{repository.owner}-labs")]
        organizations[others[0].login.lower()] = others[0]
    target = stage.random.choice(others)
    del organizations[repository.owner.lower()].repositories[repository.id]
    _move(stage, repository, target, stage.free_name(target, repository.name), at)
    target.repositories[repository.id] = repository
    return Change("repository_transferred", at, repository.full_name)


@event("moves", weight=0.3)
def repository_deleted(stage: Stage, at: int) -> Change | None:
    """A small repository goes, with everything in it and every name that led to it."""
    repository = _small_repository(stage)
    if repository is None:
        return None
    _delete(stage, repository)
    return Change("repository_deleted", at, repository.full_name)


@event("moves", weight=0.3)
def repository_name_reused(stage: Stage, at: int) -> Change | None:
    """A small repository is renamed or deleted, and another takes its name, with pull requests of the same numbers."""
    former = _small_repository(stage)
    if former is None:
        return None
    organization, name = stage.world.organizations[former.owner.lower()], former.name
    if stage.random.getrandbits(1):
        _delete(stage, former)
    else:
        _move(stage, former, organization, stage.free_name(organization, f"{name[:80]}-old"), at)
    repository = stage.create_repository(organization, name, at)
    for _ in range(1 + stage.random.getrandbits(1)):
        stage.open_pull_request(repository, at, Counts(commits=2))
    return Change("repository_name_reused", at, repository.full_name)


def _small_repository(stage: Stage) -> Repository | None:
    """Any that changes can happen to, except the one with the most pull requests; None if it is alone."""
    largest = max(stage.repositories(), key=lambda it: len(it.pull_requests), default=None)
    return stage.repository(lambda it: it is not largest)


def _move(stage: Stage, repository: Repository, organization: Organization, name: str, at: int) -> None:
    """Gives a repository another full name; what names it as a head, and what led to it, follows."""
    before = repository.full_name
    repository.owner, repository.name = organization.login, name
    repository.updated_at = at
    stage.world.redirects[before.lower()] = repository.id
    for pull_request in repository.pull_requests.values():
        if pull_request.head_repository == before:
            pull_request.head_repository = repository.full_name


def _delete(stage: Stage, repository: Repository) -> None:
    redirects = stage.world.redirects
    del stage.world.organizations[repository.owner.lower()].repositories[repository.id]
    for name in [name for name, leads_to in redirects.items() if leads_to == repository.id]:
        del redirects[name]
    stage.forget(repository)
