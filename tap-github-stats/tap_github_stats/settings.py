"""The tap's settings: their JSON schema with descriptions, and their checked form."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from singer_sdk import typing as th

from tap_github_stats import timestamps

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIST: Final = th.CustomType({"type": ["array", "string", "null"], "items": {"type": "string"}})
_LISTS: Final = ("organizations", "repositories")
_DATES: Final = ("start_date", "end_date")

CONFIG_JSONSCHEMA: Final[dict[str, Any]] = th.PropertiesList(
    th.Property(
        "auth_token",
        th.StringType,
        secret=True,
        title="Token",
        description="GitHub token that may read the organizations' repositories. GITHUB_TOKEN is used if it is unset.",
    ),
    th.Property(
        "organizations",
        _LIST,
        title="Organizations",
        description="Logins of the organizations to read, as a list or separated by commas.",
    ),
    th.Property(
        "repositories",
        _LIST,
        title="Repositories",
        description=(
            "Only repositories that match one of these globs, on `organization/name` or on the bare name, in any case; "
            "as a list or separated by commas. All, if unset."
        ),
    ),
    th.Property(
        "start_date",
        th.StringType,
        title="Start date",
        description=(
            "Pull requests updated at or after this date or time (UTC) are read, with everything on them. It counts "
            "where there is no state yet; state remembers it."
        ),
    ),
    th.Property(
        "lookback_days",
        th.IntegerType(minimum=0),
        default=180,
        title="Days to look back",
        description="Where there is neither state nor start_date, reading starts so many days before the first run.",
    ),
    th.Property(
        "end_date",
        th.StringType,
        title="End date",
        description="Pull requests updated at or after this date or time (UTC) are left for a later run.",
    ),
    th.Property(
        "archived", th.BooleanType, default=True, title="Archived", description="Whether to read archived repositories."
    ),
    th.Property("forks", th.BooleanType, default=True, title="Forks", description="Whether to read forks."),
    th.Property(
        "size_label_prefix",
        th.StringType,
        default="size/",
        title="Prefix of size labels",
        description="What the label that goes into `size_label` starts with.",
    ),
    th.Property(
        "max_workers",
        th.IntegerType(minimum=1, maximum=100),
        default=10,
        title="Most workers",
        description="Requests in flight at most; GitHub allows 100.",
    ),
    th.Property(
        "max_wait",
        th.IntegerType(minimum=0),
        default=3900,
        title="Longest wait",
        description="Seconds to wait for quota at most; a longer wait ends the run, and the state holds what was done.",
    ),
    th.Property(
        "api_url",
        th.StringType,
        default="https://api.github.com",
        title="Address of the API",
        description="Address of the REST API; on GitHub Enterprise Server `https://HOST/api/v3`. GraphQL follows.",
    ),
    th.Property(
        "user_agent",
        th.StringType,
        default="tap-github-stats",
        title="User agent",
        description="What the tap calls itself towards GitHub.",
    ),
    th.Property(
        "page_size_probe",
        th.IntegerType(minimum=1, maximum=100),
        default=30,
        title="Page size of the probe",
        description="Repositories listed in one request. Larger pages time out on real organizations.",
    ),
    th.Property(
        "page_size_index",
        th.IntegerType(minimum=1, maximum=100),
        default=100,
        title="Page size of the index",
        description="Pull requests listed in one request.",
    ),
    th.Property(
        "page_size_hydrate",
        th.IntegerType(minimum=1, maximum=100),
        default=25,
        title="Page size of hydration",
        description=(
            "Pull requests read completely in one request; smaller sizes are tried when GitHub gives up on one. "
            "Larger ones are rejected by real GitHub."
        ),
    ),
    th.Property(
        "progress_interval",
        th.IntegerType(minimum=1),
        default=30,
        title="Seconds between progress lines",
        description="How often the log says how far the run is.",
    ),
).to_dict()


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings, checked. Times are seconds since 1970 (UTC)."""

    auth_token: str
    organizations: tuple[str, ...]
    repositories: tuple[str, ...]
    start: int | None
    end: int | None
    lookback_days: int
    archived: bool
    forks: bool
    size_label_prefix: str
    max_workers: int
    max_wait: int
    api_url: str
    user_agent: str
    page_size_probe: int
    page_size_index: int
    page_size_hydrate: int
    progress_interval: int

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """From a configuration that `problems` has nothing to say about."""
        return cls(
            auth_token=config["auth_token"],
            organizations=tuple(dict.fromkeys(login.lower() for login in config["organizations"])),
            repositories=tuple(config.get("repositories", ())),
            start=timestamps.parse(config["start_date"]) if "start_date" in config else None,
            end=timestamps.parse(config["end_date"]) if "end_date" in config else None,
            **{
                name: config[name]
                for name in (
                    "lookback_days",
                    "archived",
                    "forks",
                    "size_label_prefix",
                    "max_workers",
                    "max_wait",
                    "api_url",
                    "user_agent",
                    "page_size_probe",
                    "page_size_index",
                    "page_size_hydrate",
                    "progress_interval",
                )
            },
        )

    def matches(self, organization: str, repository: str) -> list[str]:
        """The globs of `repositories` that match a repository."""
        bare = repository.lower()
        full = f"{organization.lower()}/{bare}"
        return [glob for glob in self.repositories if fnmatchcase(full if "/" in glob else bare, glob.lower())]


def tidy(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration without what is empty, with lists as lists and the token of the environment as fallback.

    Meltano hands over empty strings and `[""]` for what is unset, and a list may come as one string with commas.
    """
    tidied = {name: value for name, value in config.items() if value is not None and value != ""}
    for name in _LISTS:
        if name in tidied:
            value = tidied[name]
            items = value.split(",") if isinstance(value, str) else value
            if isinstance(items, list) and all(isinstance(item, str) for item in items):
                tidied[name] = [item.strip() for item in items if item.strip()]
                if not tidied[name]:
                    del tidied[name]
    for token in (tidied.pop("auth_token", ""), os.environ.get("GITHUB_TOKEN", "")):
        stripped = token.strip() if isinstance(token, str) else token
        if stripped:
            return {**tidied, "auth_token": stripped}
    return tidied


def problems_of_secrets(config: Mapping[str, Any]) -> list[str]:
    """What is wrong with the secrets of a tidied configuration; the values are in no message.

    They are looked at before anything else reads them: errors of others show the value that they are about.
    """
    token = config.get("auth_token", "")
    if not isinstance(token, str):
        return ["auth_token must be one string: the value has another type, which is not shown here."]
    if not token.isascii() or not token.isprintable() or " " in token:
        return ["auth_token holds a space, a line break or another character that no token has: copy it again."]
    return []


def problems(config: Mapping[str, Any]) -> list[str]:
    """What is wrong with a tidied configuration, beyond what its JSON schema says; empty if nothing is."""
    found = []
    if "auth_token" not in config:
        found.append("No token: set auth_token (TAP_GITHUB_STATS_AUTH_TOKEN) or GITHUB_TOKEN.")
    if "organizations" not in config:
        found.append("No organization: set organizations (TAP_GITHUB_STATS_ORGANIZATIONS) to one login or more.")
    times = {}
    for name in _DATES:
        if name in config:
            try:
                times[name] = timestamps.parse(str(config[name]))
            except ValueError:
                found.append(f"{name}: {config[name]!r} is no date or time like 2026-11-24 or 2026-11-24T03:13:54Z.")
    if len(times) == len(_DATES) and times["start_date"] >= times["end_date"]:
        found.append("start_date must lie before end_date.")
    address = urlsplit(str(config.get("api_url", "")))
    if address.scheme not in {"http", "https"} or not address.netloc:
        found.append("api_url must be an address like https://api.github.com or https://HOST/api/v3.")
    return found
