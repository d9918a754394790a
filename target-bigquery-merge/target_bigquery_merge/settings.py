"""The settings: what they are called, what they mean, and what is wrong with those given.

An empty string counts as unset, for that is what Meltano passes for a variable without a value.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th
from singer_sdk.exceptions import ConfigValidationError

from target_bigquery_merge.partitions import Granularity

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger("target-bigquery-merge")

MIN_CHUNK_SIZE = 1_000
ALIASES = {"project_id": "project", "dataset_id": "dataset"}
_GRANULARITIES = [granularity.value for granularity in Granularity]

_STREAM_SETTINGS = th.ObjectType(
    th.Property(
        "partition_field",
        th.StringType(nullable=True),
        description="Date or date-time property to partition the table by; null: no partitions.",
    ),
    th.Property("partition_granularity", th.StringType(allowed_values=_GRANULARITIES)),
    th.Property("clustering_fields", th.ArrayType(th.StringType), description="Up to four properties."),
    th.Property(
        "version_field",
        th.StringType,
        description="Property that orders the versions of a row, before the time of observation.",
    ),
    th.Property(
        "immutable_partition",
        th.BooleanType,
        description="The partition field of a key never changes: its old partition need not be looked up.",
    ),
    additional_properties=False,
)

CONFIG_SCHEMA: dict[str, Any] = th.PropertiesList(
    th.Property("project", th.StringType, description="Google Cloud project of the dataset; `project_id` works too."),
    th.Property("dataset", th.StringType, description="BigQuery dataset, made if missing; `dataset_id` works too."),
    th.Property("project_id", th.StringType, description="Another name of `project`."),
    th.Property("dataset_id", th.StringType, description="Another name of `dataset`."),
    th.Property("default_target_schema", th.StringType, description="Dataset where `dataset` is not given."),
    th.Property(
        "location",
        th.StringType,
        description="Location of the dataset and the bucket. Default: that of the dataset, US for a new one.",
    ),
    th.Property("bucket", th.StringType, description="Cloud Storage bucket of the archive, made if missing."),
    th.Property("prefix", th.StringType, description="Folder of the archive within the bucket."),
    th.Property(
        "persist_to_gcs",
        th.BooleanType,
        default=True,
        description="Keep an archive in Cloud Storage and load from it; false: load without a bucket.",
    ),
    th.Property(
        "chunk_size", th.IntegerType, default=50_000, description="Rows per archive file at most; at least 1,000."
    ),
    th.Property("credentials_path", th.StringType, description="Path of a credentials file."),
    th.Property(
        "credentials_json",
        th.StringType,
        secret=True,
        description="Content of a credentials file, instead of its path.",
    ),
    th.Property(
        "batch_size_rows",
        th.IntegerType,
        default=250_000,
        description="A STATE commits what came before it once so many rows wait.",
    ),
    th.Property(
        "batch_size_bytes",
        th.IntegerType,
        default=256 * 2**20,
        description="A STATE commits what came before it once so many bytes wait.",
    ),
    th.Property(
        "batch_max_age_seconds",
        th.IntegerType,
        default=300,
        description="A STATE commits what came before it once it has waited so long.",
    ),
    th.Property(
        "partition_granularity",
        th.StringType(allowed_values=_GRANULARITIES),
        default="day",
        description="Granularity of the partitions of new tables.",
    ),
    th.Property(
        "streams",
        th.ObjectType(additional_properties=_STREAM_SETTINGS),
        description="Settings of single streams, by name or glob; the exact name wins over a glob, key by key.",
    ),
    th.Property(
        "path_fields",
        th.ArrayType(th.StringType),
        default=["organization", "repository"],
        description="Properties whose values lead the path of an archive file, for the streams that have them.",
    ),
    th.Property(
        "merge_order",
        th.ArrayType(th.StringType),
        default=[],
        description="Streams (names or globs) to merge last, in this order: parents after their children.",
    ),
    th.Property(
        "pipeline", th.StringType, default="default", description="Name that keeps the checkpoints of two uses apart."
    ),
    th.Property("add_record_metadata", th.BooleanType, default=False, description="Add the SDK's other _sdc_ columns."),
    th.Property(
        "validate_records",
        th.BooleanType,
        default=True,
        description="Refuse nulls and gaps that the schema forbids; types are always checked.",
    ),
).to_dict()


@dataclass(frozen=True)
class StreamSettings:
    """Settings of one stream; None: not set."""

    partition_field: str | None = None
    unpartitioned: bool = False
    granularity: Granularity = Granularity.DAY
    clustering_fields: tuple[str, ...] | None = None
    version_field: str | None = None
    immutable_partition: bool = False


@dataclass(frozen=True)
class Settings:
    """The settings, checked."""

    project: str
    dataset: str
    location: str | None
    bucket: str
    prefix: str
    persist_to_gcs: bool
    chunk_size: int
    batch_size_rows: int
    batch_size_bytes: int
    batch_max_age_seconds: int
    granularity: Granularity
    path_fields: tuple[str, ...]
    merge_order: tuple[str, ...]
    pipeline: str
    add_record_metadata: bool
    validate_records: bool
    credentials_path: str | None = None
    credentials_json: str | None = field(default=None, repr=False)
    streams: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Settings:
        """Check what a JSON schema cannot, before any work.

        Raises:
            ConfigValidationError: With one message for each thing that is wrong.
        """
        if errors := problems(config):
            raise ConfigValidationError("Config validation failed", errors=errors)
        if (chunk_size := config["chunk_size"]) < MIN_CHUNK_SIZE:
            logger.warning("chunk_size %d is raised to %d rows per archive file.", chunk_size, MIN_CHUNK_SIZE)
            chunk_size = MIN_CHUNK_SIZE
        return cls(
            project=config["project"],
            dataset=config["dataset"],
            location=config.get("location"),
            bucket=config.get("bucket", ""),
            prefix=config.get("prefix", "").strip("/"),
            persist_to_gcs=config["persist_to_gcs"],
            chunk_size=chunk_size,
            batch_size_rows=config["batch_size_rows"],
            batch_size_bytes=config["batch_size_bytes"],
            batch_max_age_seconds=config["batch_max_age_seconds"],
            granularity=Granularity(config["partition_granularity"]),
            path_fields=tuple(config["path_fields"]),
            merge_order=tuple(config["merge_order"]),
            pipeline=config["pipeline"],
            add_record_metadata=config["add_record_metadata"],
            validate_records=config["validate_records"],
            credentials_path=config.get("credentials_path"),
            credentials_json=config.get("credentials_json"),
            streams=config.get("streams", {}),
        )

    def stream(self, name: str) -> StreamSettings:
        """Collect the settings of one stream: of the globs that match it, in order, then of its exact name."""
        found: dict[str, Any] = {}
        for pattern, values in self.streams.items():
            if pattern != name and fnmatchcase(name, pattern):
                found |= values
        found |= self.streams.get(name, {})
        clustering = found.get("clustering_fields")
        return StreamSettings(
            partition_field=found.get("partition_field"),
            unpartitioned="partition_field" in found and found["partition_field"] is None,
            granularity=Granularity(found.get("partition_granularity", self.granularity)),
            clustering_fields=None if clustering is None else tuple(clustering),
            version_field=found.get("version_field"),
            immutable_partition=found.get("immutable_partition", False),
        )

    def merge_rank(self, stream: str) -> int:
        """Return how late a stream is merged: those that `merge_order` does not name come first."""
        for rank, pattern in enumerate(self.merge_order, start=1):
            if fnmatchcase(stream, pattern):
                return rank
        return 0


def normalise(config: Mapping[str, Any]) -> dict[str, Any]:
    """Drop empty strings and resolve aliases; granularities in any case, credentials as text.

    Raises:
        ConfigValidationError: A setting and its alias differ, or the credentials are neither text nor an object.
    """
    given = {name: _without_empty(value) for name, value in config.items()}
    given = {name: value for name, value in given.items() if value is not None and value != ""}
    for alias, name in ALIASES.items():
        if (value := given.pop(alias, None)) is not None and given.setdefault(name, value) != value:
            raise ConfigValidationError(
                "Config validation failed", errors=[f"{name!r} and {alias!r} differ: give one."]
            )
    if default_dataset := given.pop("default_target_schema", None):
        given.setdefault("dataset", default_dataset)
    if isinstance(credentials := given.get("credentials_json"), dict):
        given["credentials_json"] = json.dumps(credentials)
    elif not isinstance(credentials, str | None):
        # Found here, for an error of the JSON schema would show the value.
        raise ConfigValidationError(
            "Config validation failed",
            errors=["'credentials_json' must be the content of a credentials file, as text or object."],
        )
    if isinstance(granularity := given.get("partition_granularity"), str):
        given["partition_granularity"] = granularity.lower()
    return given


def _without_empty(value: Any) -> Any:  # noqa: ANN401 -- any setting
    return [item for item in value if item != ""] if isinstance(value, list) else value


def problems(config: Mapping[str, Any]) -> list[str]:
    """List what is wrong with a config that its JSON schema allows."""
    errors = [
        f"{name!r} is required: set it to the name of the {name}."
        for name in ("project", "dataset")
        if not config.get(name)
    ]
    if config["persist_to_gcs"] and not config.get("bucket"):
        errors.append("'bucket' is required: set it, or set 'persist_to_gcs' to false to load without an archive.")
    errors += [
        f"{name!r} must be at least 1."
        for name in ("chunk_size", "batch_size_rows", "batch_size_bytes", "batch_max_age_seconds")
        if config[name] < 1
    ]
    if config.get("credentials_path") and config.get("credentials_json"):
        errors.append("'credentials_path' and 'credentials_json' are both set: give one.")
    return errors
