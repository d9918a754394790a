"""Run the target: `python -m target_bigquery_merge`."""

from target_bigquery_merge.target import TargetBigQueryMerge

TargetBigQueryMerge.cli()
