"""LOAD: the files of one stream's batch into its staging table.

The staging table is unpartitioned, as its own partitions would cost quota; it has an explicit schema, a name that no
other run, checkpoint or stream has, and an expiry, should nobody drop it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY

from target_bigquery_merge.answers import answered
from target_bigquery_merge.clients import REQUEST_TIMEOUT
from target_bigquery_merge.errors import TerminalError
from target_bigquery_merge.jobs import Jobs, job_name
from target_bigquery_merge.names import fingerprint, label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.cloud.bigquery.job import LoadJob

    from target_bigquery_merge.archive import RowFile
    from target_bigquery_merge.batches import Batch
    from target_bigquery_merge.runs import Run
    from target_bigquery_merge.settings import Settings

MAX_URIS = 10_000
STAGING_LIFETIME = timedelta(days=1)
# Seconds in which a staging table is dropped, or else left to expire.
DROP_PATIENCE = 30.0


@dataclass(frozen=True)
class Loader:
    """Loads batches of one run."""

    client: bigquery.Client
    jobs: Jobs
    settings: Settings
    run: Run

    def staging(self, batch: Batch, checkpoint: int) -> bigquery.TableReference:
        """Name the staging table of a batch."""
        identity = "\x1f".join((self.settings.pipeline, self.run.id, str(checkpoint), batch.stream.name))
        table = batch.stream.table
        return bigquery.TableReference(
            bigquery.DatasetReference(table.project, table.dataset_id),
            f"_staging_{table.table_id[:150]}_{fingerprint(identity, 20)}",
        )

    def load(self, batch: Batch, checkpoint: int) -> bigquery.TableReference:
        """Load a batch's files and return the staging table, complete.

        Raises:
            WarehouseError: BigQuery refused the files.
        """
        reference = self.staging(batch, checkpoint)
        staging = bigquery.Table(reference, [column.staged() for column in batch.stream.columns])
        staging.expires = datetime.now(UTC) + STAGING_LIFETIME
        answered(
            lambda: self.client.create_table(staging, exists_ok=True, timeout=REQUEST_TIMEOUT),
            f"Stream {batch.stream.name!r}, making staging table {reference}",
        )
        for part, files in enumerate(self._parts(batch.files)):
            name = job_name("load", self.settings.pipeline, self.run.id, checkpoint, batch.stream.name, part)
            about = f"Stream {batch.stream.name!r}, loading {len(files)} files into {reference}"
            job = self.jobs.run(name, lambda job_id, files=files: self._insert(job_id, files, staging), about)  # type: ignore[misc] # the lambda's default
            expected = sum(file.rows for file in files)
            if job.output_rows != expected:
                raise TerminalError(
                    f"{about}: job {job.job_id} loaded {job.output_rows} rows, but the files were written with "
                    f"{expected}. Nothing of this checkpoint is in the table. Run again, and see who else writes to "
                    "the archive."
                )
        return reference

    def drop(self, reference: bigquery.TableReference) -> None:
        """Drop a staging table."""
        self.client.delete_table(
            reference, not_found_ok=True, timeout=REQUEST_TIMEOUT, retry=DEFAULT_RETRY.with_timeout(DROP_PATIENCE)
        )

    def _parts(self, files: Sequence[RowFile]) -> list[Sequence[RowFile]]:
        """Divide files into those of one job each: one file a job where they are local."""
        size = MAX_URIS if self.settings.persist_to_gcs else 1
        return [files[start : start + size] for start in range(0, len(files), size)]

    def _insert(self, job_id: str, files: Sequence[RowFile], staging: bigquery.Table) -> LoadJob:
        config = bigquery.LoadJobConfig(
            schema=staging.schema,
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
            # Each part appends once: a new attempt starts only after the one before is known to have failed.
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
            labels={"pipeline": label(self.settings.pipeline), "step": "load"},
        )
        if not self.settings.persist_to_gcs:
            with Path(files[0].name).open("rb") as file:
                return self.client.load_table_from_file(
                    file,
                    staging.reference,
                    size=files[0].size,
                    job_id=job_id,
                    job_config=config,
                    location=self.jobs.location,
                    timeout=REQUEST_TIMEOUT,
                )
        return self.client.load_table_from_uri(
            [f"gs://{self.settings.bucket}/{file.name}" for file in files],
            staging.reference,
            job_id=job_id,
            job_config=config,
            location=self.jobs.location,
            timeout=REQUEST_TIMEOUT,
        )
