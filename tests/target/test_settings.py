"""Settings are checked before any work; an empty string is no setting."""

from __future__ import annotations

from typing import Any

import pytest
from singer_sdk.exceptions import ConfigValidationError
from target_bigquery_merge.target import TargetBigQueryMerge

GOOD = {"project": "p", "dataset": "d", "bucket": "b"}


def settings(**config: Any) -> Any:
    return TargetBigQueryMerge(config={**GOOD, **config})._settings  # noqa: SLF001 -- what the config came to


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"project": ""}, "'project' is required"),
        ({"dataset": None}, "'dataset' is required"),
        ({"bucket": ""}, "'bucket' is required: set it, or set 'persist_to_gcs' to false"),
        ({"partition_granularity": "week"}, "'week' is not one of ['hour', 'day', 'month', 'year']"),
        ({"streams": {"s": {"partition": "x"}}}, "Additional properties are not allowed ('partition' was unexpected)"),
        ({"streams": {"s": "x"}}, "'x' is not of type 'object'"),
        ({"streams": []}, "[] is not of type 'object'"),
        ({"batch_size_rows": 0}, "'batch_size_rows' must be at least 1"),
        ({"chunk_size": -1}, "'chunk_size' must be at least 1"),
        ({"project_id": "other"}, "'project' and 'project_id' differ"),
        ({"credentials_path": "/x", "credentials_json": "{}"}, "are both set: give one"),
    ],
)
def test_what_is_wrong_is_said_before_any_work(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigValidationError) as failure:
        settings(**config)
    assert message in "\n".join(failure.value.errors)


def test_empty_strings_count_as_unset() -> None:
    assert settings(location="", prefix="", path_fields=["", "a"], pipeline="").pipeline == "default"
    assert settings(path_fields=["", "a"]).path_fields == ("a",)


def test_empty_variables_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PROJECT": "p", "DATASET_ID": "d", "BUCKET": "b", "CHUNK_SIZE": "", "STREAMS": ""}.items():
        monkeypatch.setenv(f"TARGET_BIGQUERY_MERGE_{name}", value)
    target = TargetBigQueryMerge(parse_env_config=True)
    assert (target._settings.dataset, target._settings.chunk_size) == ("d", 50_000)  # noqa: SLF001 -- as above


def test_aliases_are_taken() -> None:
    found = settings(project=None, dataset=None, project_id="p2", dataset_id="d2")
    assert (found.project, found.dataset) == ("p2", "d2")


def test_a_small_chunk_size_is_raised_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert settings(chunk_size=100).chunk_size == 1_000
    assert caplog.messages.count("chunk_size 100 is raised to 1000 rows per archive file.") == 1


def test_the_exact_name_of_a_stream_wins_over_a_glob_key_by_key() -> None:
    streams = {
        "pull": {"version_field": "exact"},
        "*": {"partition_granularity": "month", "version_field": "any"},
        "p*": {"clustering_fields": ["a"], "version_field": "p"},
    }
    found = settings(streams=streams, partition_granularity="year")
    pull = found.stream("pull")
    assert (pull.version_field, pull.granularity.value, pull.clustering_fields) == ("exact", "month", ("a",))
    assert found.stream("other").version_field == "any"


def test_credentials_may_be_an_object() -> None:
    assert (
        settings(credentials_json={"private_key": "hidden-value"}).credentials_json == '{"private_key": "hidden-value"}'
    )


def test_credentials_of_another_form_are_refused_without_showing_them(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConfigValidationError) as failure:
        settings(credentials_json=["hidden-value"])
    assert failure.value.errors == ["'credentials_json' must be the content of a credentials file, as text or object."]
    assert "hidden-value" not in f"{failure.value}{caplog.text}"


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BIGQUERY_EMULATOR_HOST", "STORAGE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    broken = '{"type": "service_account", "private_key": "hidden-value"'
    target = TargetBigQueryMerge(config={**GOOD, "credentials_json": broken})
    assert "hidden-value" not in repr(target._settings)  # noqa: SLF001 -- as above
    with pytest.raises(ConfigValidationError) as failure:
        target._intake.close()  # noqa: SLF001 -- the first to use the credentials
    assert failure.value.errors == ["credentials_json cannot be read: JSONDecodeError."]
