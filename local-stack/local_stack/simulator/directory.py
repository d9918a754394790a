"""Finds organizations, repositories and pull requests in a World by name or id.

Look-ups by pull-request id are remembered, and every remembered place is checked before it is used: the World may
have been changed in any way since.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_stack.simulator.model import Organization, PullRequest, Repository, World


@dataclass(slots=True)
class Directory:
    """Finds things in `world`; names are compared without regard to case, as GitHub does."""

    world: World
    _repositories: dict[str, int] = field(default_factory=dict)
    _numbers: dict[int, dict[int, int]] = field(default_factory=dict)

    def organization(self, login: str) -> Organization | None:
        """The organization of that login."""
        return self.world.organizations.get(login.lower())

    def repository(self, owner: str, name: str, *, follow_renames: bool = True) -> Repository | None:
        """The repository that has that name, else the one that had it last if `follow_renames`."""
        return self._named(owner, name) or (self._renamed(owner, name) if follow_renames else None)

    def repository_by_id(self, repository_id: int) -> Repository | None:
        """The repository of that id, in whatever organization it is."""
        for organization in self.world.organizations.values():
            found = organization.repositories.get(repository_id)
            if found is not None:
                return found
        return None

    def pull_request_by_id(self, repository: Repository, pull_request_id: int) -> PullRequest | None:
        """The pull request of that id in a repository."""
        known = self._numbers.setdefault(repository.id, {})
        number = known.get(pull_request_id)
        found = None if number is None else repository.pull_requests.get(number)
        if found is None or found.id != pull_request_id:
            known.clear()
            known.update((it.id, it.number) for it in repository.pull_requests.values())
            number = known.get(pull_request_id)
            found = None if number is None else repository.pull_requests[number]
        return found

    def _named(self, owner: str, name: str) -> Repository | None:
        organization = self.organization(owner)
        if organization is None:
            return None
        full_name = f"{owner}/{name}".lower()
        remembered = organization.repositories.get(self._repositories.get(full_name, -1))
        if remembered is not None and remembered.full_name.lower() == full_name:
            return remembered
        for repository in organization.repositories.values():
            if repository.full_name.lower() == full_name:
                self._repositories[full_name] = repository.id
                return repository
        return None

    def _renamed(self, owner: str, name: str) -> Repository | None:
        repository_id = self.world.redirects.get(f"{owner}/{name}".lower())
        return None if repository_id is None else self.repository_by_id(repository_id)
