"""Dataset and bucket: made where missing, checked where they exist."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from google.api_core import exceptions as api
from google.cloud import bigquery

from target_bigquery_merge.answers import answered
from target_bigquery_merge.clients import REQUEST_TIMEOUT
from target_bigquery_merge.errors import TerminalError
from target_bigquery_merge.locations import can_load

if TYPE_CHECKING:
    from google.cloud import storage

    from target_bigquery_merge.settings import Settings

logger = logging.getLogger("target-bigquery-merge")

DEFAULT_LOCATION = "US"


def prepare_dataset(client: bigquery.Client, settings: Settings) -> str:
    """Make the dataset where it is missing and return its location.

    Raises:
        WarehouseError: It lies elsewhere than `location` says, or cannot be used.
    """
    dataset = bigquery.Dataset(bigquery.DatasetReference(settings.project, settings.dataset))

    def find_or_make() -> bigquery.Dataset:
        try:
            return client.get_dataset(dataset.reference, timeout=REQUEST_TIMEOUT)
        except api.NotFound:
            dataset.location = settings.location or DEFAULT_LOCATION
            made = client.create_dataset(dataset, exists_ok=True, timeout=REQUEST_TIMEOUT)
            logger.info("Dataset %s.%s is made in %s.", settings.project, settings.dataset, dataset.location)
            return made

    existing = answered(find_or_make, f"Looking for dataset {dataset.reference}, or making it")
    location = str(existing.location or settings.location or DEFAULT_LOCATION)
    if settings.location and settings.location.upper() != location.upper():
        raise TerminalError(
            f"Dataset {settings.project}.{settings.dataset} lies in {location}, but 'location' is "
            f"{settings.location}. Set 'location' to {location}, or choose another dataset."
        )
    return location


def prepare_bucket(client: storage.Client, settings: Settings, location: str) -> storage.Bucket:
    """Make the bucket where it is missing, and check that the dataset's location can load from it.

    Where the account may not look at the bucket, only at its objects, nothing is checked.

    Raises:
        WarehouseError: It cannot, or the bucket cannot be used.
    """

    def find() -> storage.Bucket | None:
        try:
            return client.lookup_bucket(settings.bucket, timeout=REQUEST_TIMEOUT)
        except api.Forbidden:
            logger.warning(
                "Bucket %s: the account lacks storage.buckets.get, so the location of the bucket is not checked.",
                settings.bucket,
            )
            return client.bucket(settings.bucket)

    def make() -> storage.Bucket:
        bucket = client.bucket(settings.bucket)
        bucket.iam_configuration.uniform_bucket_level_access_enabled = True
        try:
            made = client.create_bucket(bucket, location=location, timeout=REQUEST_TIMEOUT)
        except api.Conflict:
            return client.get_bucket(settings.bucket, timeout=REQUEST_TIMEOUT)
        logger.info("Bucket %s is made in %s.", settings.bucket, location)
        return made

    bucket = answered(find, f"Looking for bucket {settings.bucket}")
    if bucket is None:
        bucket = answered(make, f"Making bucket {settings.bucket}, which is missing")
    if bucket.location and not can_load(location, bucket.location):
        raise TerminalError(
            f"Dataset {settings.dataset} lies in {location} and cannot load from bucket {settings.bucket} in "
            f"{bucket.location}. Choose a bucket in {location}."
        )
    return bucket
