"""Whoever used the collector before this one keeps the `.env` file, and each of its variables means what it meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.meltano.conftest import Project

TAP, TARGET = "tap-github-stats", "target-bigquery-merge"

OLD_VARIABLES = {
    "GITHUB_TOKEN": "ghp_of_the_old_file",
    "GITHUB_ORG": "acme",
    "BIGQUERY_PROJECT_ID": "acme-data",
    "BIGQUERY_DATASET_ID": "engineering",
    "BIGQUERY_LOCATION": "EU",
    "GCS_BUCKET_NAME": "acme-archive",
    "GCS_CHUNK_SIZE": "100",
    "PERSIST_TO_GCS": "false",
    "MAX_WORKERS": "4",
    "BATCH_SIZE": "100",
    "DEFAULT_LOOKBACK_DAYS": "30",
}
TAP_SETTINGS = {
    "GITHUB_TOKEN": ("auth_token", "ghp_of_the_old_file"),
    "GITHUB_ORG": ("organizations", ["acme"]),
    "MAX_WORKERS": ("max_workers", 4),
    "DEFAULT_LOOKBACK_DAYS": ("lookback_days", 30),
}
TARGET_SETTINGS = {
    "BIGQUERY_PROJECT_ID": ("project", "acme-data"),
    "BIGQUERY_DATASET_ID": ("dataset", "engineering"),
    "BIGQUERY_LOCATION": ("location", "EU"),
    "GCS_BUCKET_NAME": ("bucket", "acme-archive"),
    "GCS_CHUNK_SIZE": ("chunk_size", 100),
    "PERSIST_TO_GCS": ("persist_to_gcs", False),
}
CHECKPOINT_SIZES = {"batch_size_rows", "batch_size_bytes", "batch_max_age_seconds"}


def chosen(settings: dict[str, tuple[str, Any]]) -> dict[str, Any]:
    return dict(settings.values())


def of(config: dict[str, Any], settings: dict[str, tuple[str, Any]]) -> dict[str, Any]:
    return {name: config[name] for name, _ in settings.values() if name in config}


@pytest.mark.parametrize("source", ["shell", "dotenv"])
@pytest.mark.parametrize("meltano_environment", ["local", "prod"])
def test_every_old_variable_reaches_its_setting(project: Project, source: str, meltano_environment: str) -> None:
    if source == "dotenv":
        project.write_dotenv(OLD_VARIABLES)
    else:
        project.environment = OLD_VARIABLES
    environment = f"--environment={meltano_environment}"
    target = project.config(TARGET, environment)
    assert of(project.config(TAP, environment), TAP_SETTINGS) == chosen(TAP_SETTINGS)
    assert of(target, TARGET_SETTINGS) == chosen(TARGET_SETTINGS)
    assert not CHECKPOINT_SIZES & target.keys()


@pytest.mark.parametrize("empty", [False, True], ids=["unset", "empty"])
def test_a_variable_without_a_value_leaves_the_plugins_default(project: Project, empty: bool) -> None:  # noqa: FBT001
    if empty:
        project.write_dotenv(dict.fromkeys(OLD_VARIABLES, ""))
    tap, target = project.config(TAP, "--environment=prod"), project.config(TARGET, "--environment=prod")
    assert tap == {"organizations": [""]}
    assert of(target, TARGET_SETTINGS) == {}
    assert target["default_target_schema"] == "github_stats"


def test_one_variable_alone_changes_one_setting(project: Project) -> None:
    shell = {"MAX_WORKERS": "4", "GCS_BUCKET_NAME": "acme-archive"}
    project.environment = shell
    assert of(project.config(TAP, "--environment=prod"), TAP_SETTINGS) == {"organizations": [""], "max_workers": 4}
    assert of(project.config(TARGET, "--environment=prod"), TARGET_SETTINGS) == {"bucket": "acme-archive"}


def test_the_shell_wins_over_the_file(project: Project) -> None:
    project.write_dotenv(OLD_VARIABLES)
    project.environment = {"GITHUB_ORG": "umbrella", "BIGQUERY_DATASET_ID": "other"}
    assert project.config(TAP)["organizations"] == ["umbrella"]
    assert project.config(TARGET)["dataset"] == "other"


def test_the_local_stack_wins_over_old_variables(project: Project) -> None:
    project.write_dotenv(OLD_VARIABLES)
    project.environment = {
        "TAP_GITHUB_STATS_API_URL": "http://127.0.0.1:1",
        "TAP_GITHUB_STATS_AUTH_TOKEN": "local",
        "TAP_GITHUB_STATS_ORGANIZATIONS": '["simulated"]',
        "TARGET_BIGQUERY_MERGE_PROJECT": "local",
        "TARGET_BIGQUERY_MERGE_DATASET": "here",
        "TARGET_BIGQUERY_MERGE_BUCKET": "bucket",
    }
    tap, target = project.config(TAP), project.config(TARGET)
    assert (tap["api_url"], tap["auth_token"], tap["organizations"]) == ("http://127.0.0.1:1", "local", ["simulated"])
    assert (target["project"], target["dataset"], target["bucket"]) == ("local", "here", "bucket")
    assert tap["start_date"] == "2000-01-01T00:00:00Z"
