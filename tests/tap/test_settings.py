"""What is wrong with a configuration is said before any request is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError
from tap_github_stats.settings import Settings
from tap_github_stats.tap import TapGitHubStats

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {"auth_token": "secret-token", "organizations": ["acme"]}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)


def settings(**config: Any) -> Settings:
    return Settings.from_config(TapGitHubStats(config={**GOOD, **config}).config)


def errors(**config: Any) -> list[str]:
    with pytest.raises(ConfigValidationError) as error:
        TapGitHubStats(config={**GOOD, **config})
    return error.value.errors


def test_defaults_are_those_that_users_know() -> None:
    it = settings()
    assert (it.lookback_days, it.max_workers, it.size_label_prefix) == (180, 10, "size/")
    assert (it.archived, it.forks, it.api_url) == (True, True, "https://api.github.com")


@pytest.mark.parametrize("empty", ["", [], [""], ["", " "], None])
def test_empty_lists_count_as_unset(empty: object) -> None:
    assert settings(repositories=empty).repositories == ()
    assert "organizations" in errors(organizations=empty)[0]


@pytest.mark.parametrize("name", ["start_date", "end_date", "lookback_days", "max_workers", "api_url", "user_agent"])
def test_empty_values_count_as_unset(name: str) -> None:
    assert settings(**{name: ""}) == settings()


def test_lists_may_be_one_string_with_commas() -> None:
    it = settings(organizations="Acme, beta,", repositories="front*,acme/back")
    assert it.organizations == ("acme", "beta")
    assert it.repositories == ("front*", "acme/back")


@pytest.mark.parametrize("value", ["Acme,beta", '["Acme", "beta"]'])
def test_lists_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TAP_GITHUB_STATS_ORGANIZATIONS", value)
    monkeypatch.setenv("TAP_GITHUB_STATS_AUTH_TOKEN", "secret")
    it = Settings.from_config(TapGitHubStats(parse_env_config=True).config)
    assert it.organizations == ("acme", "beta")


def test_the_token_of_the_environment_is_a_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    token = "from-the-environment"
    monkeypatch.setenv("GITHUB_TOKEN", token)
    assert settings(auth_token="").auth_token == token
    assert settings().auth_token == GOOD["auth_token"]


@pytest.mark.parametrize("token", ["secret-token\n", " secret-token", "secret-token\r\n"])
def test_white_space_around_a_token_does_not_count(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    assert settings(auth_token=token).auth_token == "secret-token"
    monkeypatch.setenv("GITHUB_TOKEN", token)
    assert settings(auth_token=" ").auth_token == "secret-token"


@pytest.mark.parametrize(
    "token", ["sec ret", "sec\nret", "sec\x00ret", "sec\u2028ret", ["sec", "ret"], {"sec": "ret"}, 1776]
)
def test_a_token_that_cannot_be_one_is_refused_and_not_shown(caplog: pytest.LogCaptureFixture, token: object) -> None:
    with pytest.raises(ConfigValidationError) as error:
        TapGitHubStats(config={**GOOD, "auth_token": token})
    said = f"{error.value} {error.value.errors} {caplog.text}"
    assert "auth_token" in said
    for part in ("sec", "ret", "1776"):
        assert part not in said.replace("secret", "")


def test_each_problem_is_named_at_once() -> None:
    found = errors(auth_token="", organizations=[], start_date="yesterday", end_date="2026-13-01", api_url="github.com")
    assert len(found) == 5
    assert "auth_token" in found[0]
    assert "GITHUB_TOKEN" in found[0]
    assert "'yesterday'" in found[2]


def test_the_start_must_lie_before_the_end() -> None:
    assert errors(start_date="2026-02-01", end_date="2026-02-01") == ["start_date must lie before end_date."]


@pytest.mark.parametrize(
    "wrong", [{"max_workers": 0}, {"page_size_index": 101}, {"lookback_days": "many"}, {"archived": "perhaps"}]
)
def test_values_of_the_wrong_kind_are_refused(wrong: dict[str, Any]) -> None:
    assert next(iter(wrong)) in errors(**wrong)[0]


@pytest.mark.parametrize(
    ("glob", "organization", "name", "matches"),
    [
        ("frontend", "acme", "frontend", True),
        ("Front*", "acme", "FRONTEND", True),
        ("acme/*", "Acme", "anything", True),
        ("acme/front*", "beta", "frontend", False),
        ("*/frontend", "beta", "frontend", True),
        ("front", "acme", "frontend", False),
    ],
)
def test_globs_match_full_and_bare_names(glob: str, organization: str, name: str, *, matches: bool) -> None:
    assert bool(settings(repositories=[glob]).matches(organization, name)) is matches


def test_every_setting_is_described() -> None:
    properties = TapGitHubStats.config_jsonschema["properties"]
    assert all(schema.get("description") for schema in properties.values())


def test_discovery_needs_no_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    TapGitHubStats(validate_config=False, setup_mapper=False).run_discovery()
    streams = {entry["stream"]: entry for entry in json.loads(capsys.readouterr().out)["streams"]}
    assert len(streams) == 7
    assert streams["reviews"]["key_properties"] == ["review_id", "repository", "organization"]
    assert {entry["replication_method"] for entry in streams.values()} == {"INCREMENTAL"}


def test_about_names_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    TapGitHubStats.print_about("json")
    about = json.loads(capsys.readouterr().out)
    assert set(TapGitHubStats.config_jsonschema["properties"]) == set(about["settings"]["properties"])
