"""Which buckets a dataset can load from, by location."""

from __future__ import annotations

# Dual-regions of Cloud Storage and the regions they lie in.
_DUAL_REGIONS = {
    "ASIA1": {"ASIA-NORTHEAST1", "ASIA-NORTHEAST2"},
    "EUR4": {"EUROPE-NORTH1", "EUROPE-WEST4"},
    "EUR5": {"EUROPE-WEST1", "EUROPE-WEST2"},
    "EUR7": {"EUROPE-WEST2", "EUROPE-WEST3"},
    "EUR8": {"EUROPE-WEST3", "EUROPE-WEST6"},
    "NAM4": {"US-CENTRAL1", "US-EAST1"},
}
# Multi-regions and the first part of the names of the regions they lie in.
_MULTI_REGIONS = {"US": "US-", "EU": "EUROPE-", "ASIA": "ASIA-"}
# In Europe, but not in the European Union's multi-region.
_OUTSIDE_EU = {"EUROPE-WEST2", "EUROPE-WEST6"}


def can_load(dataset: str, bucket: str) -> bool:
    """Tell whether BigQuery loads from a bucket there into a dataset there.

    A dataset in the US multi-region loads from anywhere; any other only from the same place, from within it, or, a
    region, from a bucket that spans it.
    """
    dataset, bucket = dataset.upper(), bucket.upper()
    if dataset in {"US", bucket}:
        return True
    if dataset == "EU":
        return _within(bucket, "EU") or bucket == "EUR4"
    return dataset in _DUAL_REGIONS.get(bucket, ()) or (bucket in _MULTI_REGIONS and _within(dataset, bucket))


def _within(region: str, multi_region: str) -> bool:
    inside = region.startswith(_MULTI_REGIONS[multi_region])
    return inside and not (multi_region == "EU" and region in _OUTSIDE_EU)
