"""Messages, and the target run on them against local servers."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_bigquery_merge.target import TargetBigQueryMerge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.cloud import bigquery
    from local_stack.testing import Warehouse

METADATA = ("ingestion_timestamp", "_sdc_extracted_at", "_sdc_run_id", "_sdc_sequence")


def schema(stream: str, properties: dict[str, Any], keys: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    body = {"type": "object", "properties": properties, **more}
    return {"type": "SCHEMA", "stream": stream, "schema": body, "key_properties": list(keys)}


def record(stream: str, values: dict[str, Any], extracted: str | None = None, **more: Any) -> dict[str, Any]:
    time = {"time_extracted": extracted} if extracted else {}
    return {"type": "RECORD", "stream": stream, "record": values, **time, **more}


def state(**value: Any) -> dict[str, Any]:
    return {"type": "STATE", "value": value}


def lines(messages: Iterable[dict[str, Any] | str]) -> str:
    return "".join(f"{message if isinstance(message, str) else json.dumps(message)}\n" for message in messages)


@dataclass
class Loading:
    """The target with a warehouse of its own."""

    warehouse: Warehouse
    config: dict[str, Any]

    def target(self, **config: Any) -> TargetBigQueryMerge:
        return TargetBigQueryMerge(config={**self.config, **config})

    def run(self, messages: Iterable[dict[str, Any] | str], **config: Any) -> list[dict[str, Any]]:
        """Load messages in this process; return the STATEs that were printed."""
        return load(self.target(**config), messages)

    def process(self, messages: Iterable[dict[str, Any] | str], **env: str) -> subprocess.CompletedProcess[str]:
        """Load messages in a process of its own, set up by the environment."""
        return subprocess.run(
            [sys.executable, "-m", "target_bigquery_merge", "--config=ENV"],
            input=lines(messages),
            env={**os.environ, **self.warehouse.env, **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def rows(self, table: str, *, metadata: bool = False) -> list[dict[str, Any]]:
        """All rows of a table, in the order of their first columns, without the columns that the target adds."""
        found = [
            {name: value for name, value in row.items() if metadata or name not in METADATA}
            for row in self.warehouse.rows(table)
        ]
        return sorted(found, key=lambda row: json.dumps(list(row.values()), default=str))

    def table(self, name: str) -> bigquery.Table:
        return self.warehouse.bigquery.get_table(f"{self.warehouse.project}.{self.warehouse.dataset}.{name}")

    def tables(self) -> set[str]:
        return {table.table_id for table in self.warehouse.bigquery.list_tables(self.warehouse.dataset)}

    def objects(self, prefix: str = "") -> list[str]:
        return sorted(blob.name for blob in self.warehouse.storage.list_blobs(self.warehouse.bucket, prefix=prefix))


def load(target: TargetBigQueryMerge, messages: Iterable[dict[str, Any] | str]) -> list[dict[str, Any]]:
    """Let a target load messages; return the STATEs that it printed, also when it fails."""
    output = io.StringIO()
    try:
        with redirect_stdout(output):
            target.listen(io.StringIO(lines(messages)))
    except Exception as error:
        error.add_note(output.getvalue())
        raise
    return [json.loads(line) for line in output.getvalue().splitlines()]
