"""A pull request on its way from the index to its rows: what is wanted of it, and what became of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_github_stats.errors import GitHubError, QueryError

if TYPE_CHECKING:
    from tap_github_stats.client import Json
    from tap_github_stats.probe import Repository


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pull request to read, for the streams named, as the index showed it."""

    repository: Repository
    node_id: str
    number: int
    updated: int
    streams: frozenset[str]

    def __str__(self) -> str:
        return f"{self.repository.organization}/{self.repository.name}#{self.number}"


@dataclass(slots=True)
class Fetched:
    """What became of a `Wanted`.

    Attributes:
        wanted: What was asked for.
        node: The pull request with all pages of its connections; None if it could not be read.
        observed: Server's second of the answer that held it.
        known: What happened up to this second of the server's clock is in it.
        streams: For which streams it was asked for: at least those for which it is wanted.
        failure: Why it could not be read, an `AccessError` if it is gone or not to be seen; None if it was.
    """

    wanted: Wanted
    node: Json | None
    observed: int = 0
    known: int = 0
    streams: frozenset[str] = frozenset()
    failure: GitHubError | None = None

    def fail(self, error: Exception) -> None:
        """It counts as not read; an error that is not GitHub's means an answer of another form than it should have."""
        self.node = None
        surprise = QueryError(f"an answer of an unexpected form: {error!r}")
        self.failure = error if isinstance(error, GitHubError) else surprise
