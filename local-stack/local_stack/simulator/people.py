"""Who takes part: people, bots, imported and deleted accounts, and how git spells their names and addresses."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final, TypeAlias

from local_stack.simulator.model import Actor, ActorKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

    from local_stack.simulator.model import World
    from local_stack.simulator.numbering import Numbering

Identity: TypeAlias = tuple[str | None, str | None, Actor | None]

_GIVEN: Final = (
    "Ada",
    "Björn",
    "Chidi",
    "Dilnoza",
    "Émile",
    "Fatima",
    "Grace",
    "Hiroshi",
    "Ingrid",
    "José",
    "Linus",
    "美咲",
)
_FAMILY: Final = (
    "Adeyemi",
    "Brown",
    "O'Brien",
    "Çelik",
    "Dvořák",
    "García",
    "Ivanova",
    "Müller",
    "Nguyễn",
    "Singh",
    "Li",
)
_OTHERS: Final[tuple[tuple[str, ActorKind, str | None], ...]] = (
    ("dependabot", "Bot", None),
    ("renovate", "Bot", None),
    ("github-actions", "Bot", None),
    ("codecov", "Bot", None),
    ("release-bot", "Bot", None),
    ("imported-person", "Mannequin", "Imported Person"),
    ("once-a-person", "Organization", "Once A Person"),
)
_TEAMS: Final = ("core", "platform-team", "security", "docs", "ios_and-android")
_ASSOCIATIONS: Final = ("MEMBER", "MEMBER", "CONTRIBUTOR", "COLLABORATOR", "FIRST_TIME_CONTRIBUTOR", "NONE", "OWNER")
GITHUB: Final[Identity] = ("GitHub", "noreply@github.com", None)
_GHOSTS: Final = 0.015
_BOTS_SHARE: Final = 0.08
_IMPORTED: Final = 0.01


class Cast:
    """The accounts that act in one organization, the busiest first."""

    def __init__(self, random: Random, organization: str, accounts: Iterable[Actor]) -> None:
        """Takes the accounts there are.

        Args:
            random: Where all draws come from.
            organization: Whose teams can be asked for a review.
            accounts: Everyone; at least one User.
        """
        self._random = random
        self.users: list[Actor] = []
        self.bots: list[Actor] = []
        self._others: list[Actor] = []
        for account in accounts:
            groups = {"User": self.users, "Bot": self.bots}
            groups.get(account.kind, self._others).append(account)
        self.teams = [f"{organization}/{slug}" for slug in _TEAMS]
        self._identities = [list(_identities(user)) for user in self.users]
        self._index = {user.id: index for index, user in enumerate(self.users)}

    def user(self) -> Actor:
        """A person, mostly one of the busy ones."""
        return self.users[self._skewed(len(self.users))]

    def anyone(self) -> Actor | None:
        """Whoever writes something: mostly a person, sometimes a bot, rarely a deleted (None) or imported account."""
        chance = self._random.random()
        if chance < _BOTS_SHARE and self.bots:
            return self.bots[self._skewed(len(self.bots))]
        if chance > 1 - _GHOSTS:
            return None
        if chance > 1 - _GHOSTS - _IMPORTED and self._others:
            return self._others[self._skewed(len(self._others))]
        return self.user()

    def association(self, actor: Actor | None) -> str:
        """The relation that an account has to the organization, always the same."""
        if actor is None:
            return "NONE"
        if actor.kind != "User":
            return "MANNEQUIN" if actor.kind == "Mannequin" else "NONE"
        return _ASSOCIATIONS[actor.id % len(_ASSOCIATIONS)]

    def identity(self, actor: Actor | None) -> Identity:
        """A git name, a git address and the account that GitHub matches them with, as one account spells them."""
        if actor is not None and actor.kind == "Bot":
            return _bot_identity(actor)
        index = self._index.get(actor.id) if actor is not None else None
        spellings = self._identities[self._skewed(len(self.users)) if index is None else index]
        # Mostly the first spelling, so that most commits are matched.
        return spellings[int(self._random.random() ** 3 * len(spellings))]

    def _skewed(self, count: int) -> int:
        return int(self._random.random() ** 2 * count)


def found(world: World) -> list[Actor]:
    """Everyone who has written something in the world, each once, and last of all the viewer."""
    accounts: dict[int, Actor] = {}
    for organization in world.organizations.values():
        for repository in organization.repositories.values():
            for pull_request in repository.pull_requests.values():
                authors = [pull_request.author, pull_request.merged_by]
                authors.extend(review.author for review in pull_request.reviews)
                authors.extend(comment.author for comment in pull_request.issue_comments)
                accounts.update((author.id, author) for author in authors if author is not None)
    accounts.pop(world.viewer.id, None)
    return [*accounts.values(), world.viewer]


def new_people(random: Random, numbering: Numbering, count: int, *, besides: Iterable[Actor] = ()) -> list[Actor]:
    """So many new accounts of people, with other logins than the accounts there are."""
    taken = {account.login.lower() for account in besides}
    people = []
    for index in range(count):
        given, family = random.choice(_GIVEN), random.choice(_FAMILY)
        plain = f"{_plain(given)}-{_plain(family)}"
        login = next(
            name for name in (plain, *(f"{plain}{i}" for i in range(2, count + len(taken) + 3))) if name not in taken
        )
        taken.add(login)
        name = None if index % 11 == 10 else f"{given} {family}"  # noqa: PLR2004 - some give no name
        spelled = login.title() if index % 4 == 1 else login
        people.append(Actor(numbering.next("User"), spelled, name=name, email=f"{login}@example.com"))
    return people


def _plain(name: str) -> str:
    """A name as a login has it: plain letters in lower case."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in letters if letter.isalpha()) or "misaki"


def others(numbering: Numbering, *, besides: Iterable[Actor]) -> list[Actor]:
    """Accounts that are no people: bots, an imported account, one that became an organization; new where missing."""
    known = {(account.login, account.kind): account for account in besides}
    wanted: list[Actor] = []
    for login, kind, name in _OTHERS:
        account = known.get((login, kind))
        wanted.append(Actor(numbering.next("User"), login, kind, name) if account is None else account)
    return wanted


def _identities(user: Actor) -> Iterator[Identity]:
    """All the ways in which one person signs commits; None for the account where GitHub does not find it."""
    name = user.name or user.login
    yield name, user.email, user
    yield name, f"{user.id}+{user.login}@users.noreply.github.com", user
    yield name, f"{user.id}+{user.login}@users.noreply.github.com", None
    yield user.login, f"{user.login}@users.noreply.github.com", None
    yield name, f"{user.id}+{user.login}@Users.NoReply.GitHub.com", None
    yield name, f"{user.login}@laptop.local", None
    yield name, f"{user.login}@users.noreply.github.com.example.com", None
    yield f'"{name}" \\ 🎉', f"{user.id}+{user.login}@USERS.NOREPLY.GITHUB.COM", user
    yield "", "", None
    yield "root", None, None


def _bot_identity(bot: Actor) -> Identity:
    return bot.rest_login, f"{bot.id}+{bot.rest_login}@users.noreply.github.com", None
