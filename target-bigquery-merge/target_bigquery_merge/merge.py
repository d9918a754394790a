"""MERGE: the staged rows of one stream into its table, exactly, reading no partition that they have nothing to do with.

- Of the staged rows of a key the newest counts, and it replaces the stored row unless that is newer: both by the same
  tuple (version column, time of observation, run, ordinal in the run), where NULL is oldest. So the order in which
  batches arrive, and how often, does not matter.
- The partitions are those that the rows go to and those that their keys are stored in now, which a query looks up by
  key and partition column alone, unless a key cannot change its partition or the table is empty. They are named by
  literals; more than 4,000 are divided among several statements, each row in one of them.
- Without keys, rows are appended by one statement whose job id lets it run once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from google.cloud import bigquery

from target_bigquery_merge import sql
from target_bigquery_merge.batches import Merged
from target_bigquery_merge.clients import REQUEST_TIMEOUT
from target_bigquery_merge.columns import OBSERVATION, SEQUENCE
from target_bigquery_merge.jobs import Jobs, job_name
from target_bigquery_merge.names import label
from target_bigquery_merge.partitions import MAX_PARTITIONS, Move, shares

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.cloud.bigquery.job import QueryJob

    from target_bigquery_merge.columns import Column
    from target_bigquery_merge.runs import Run
    from target_bigquery_merge.settings import Settings
    from target_bigquery_merge.stream import Stream

# What a NULL key counts as while keys are compared; that both are NULL, or neither, is compared beside it.
_STAND_INS = {
    "BOOLEAN": "FALSE",
    "DATE": "DATE '1970-01-01'",
    "FLOAT": "0.0",
    "INTEGER": "0",
    "NUMERIC": "NUMERIC '0'",
    "BIGNUMERIC": "BIGNUMERIC '0'",
    "STRING": "''",
    "TIME": "TIME '00:00:00'",
    "TIMESTAMP": "TIMESTAMP '1970-01-01 00:00:00+00'",
}


@dataclass(frozen=True)
class Merger:
    """Merges the batches of one run."""

    client: bigquery.Client
    jobs: Jobs
    settings: Settings
    run: Run

    def merge(self, stream: Stream, staging: bigquery.TableReference, checkpoint: int, through: int) -> Merged:
        """Merge the staged rows up to the ordinal `through`.

        Raises:
            WarehouseError: BigQuery refused.
        """
        statements = Statements(stream, staging)
        result = Merged(stream.name)
        if not stream.prunes:
            texts: list[tuple[str, list[Move] | None]] = [(statements.apply(), None)]
        else:
            moves = self._moves(statements, checkpoint, through, result)
            result.partitions = len({partition for move in moves for partition in move.partitions})
            parts = shares(moves, MAX_PARTITIONS)
            texts = [(statements.apply(part, alone=len(parts) == 1), part) for part in parts]
        for number, (text, part) in enumerate(texts):
            job = self._query("merge", text, stream, checkpoint, through, number, part)
            statistics = job.dml_stats
            result.inserted += statistics.inserted_row_count or 0 if statistics else 0
            result.updated += statistics.updated_row_count or 0 if statistics else 0
            result.bytes_billed += job.total_bytes_billed or 0
        stream.fresh = False
        return result

    def _moves(self, statements: Statements, checkpoint: int, through: int, result: Merged) -> list[Move]:
        """Find which partitions the rows go to, and from where."""
        stream = statements.stream
        lookup = statements.keys_may_move
        text = statements.touched() if lookup else statements.destinations()
        job = self._query("touched", text, stream, checkpoint, through)
        result.bytes_billed += job.total_bytes_billed or 0
        rows = self.jobs.rows(job, f"Stream {stream.name!r}")
        if lookup:
            return [Move(row["_merge_destination"], row["_merge_home"], bool(row["_merge_found"])) for row in rows]
        return [Move(row["_merge_destination"], None, found=False) for row in rows]

    def _query(  # noqa: PLR0913, PLR0917 -- one call, one job
        self,
        step: str,
        text: str,
        stream: Stream,
        checkpoint: int,
        through: int,
        number: int = 0,
        moves: Sequence[Move] | None = None,
    ) -> QueryJob:
        parameters: list[bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter] = [
            bigquery.ScalarQueryParameter("through", "INT64", through)
        ]
        if "@pairs" in text:
            codes = [move.code for move in moves or ()]
            parameters.append(bigquery.ArrayQueryParameter("pairs", "STRING", codes))
        config = bigquery.QueryJobConfig(
            query_parameters=parameters,
            labels={"pipeline": label(self.settings.pipeline), "step": step, "stream": label(stream.name)},
        )
        return self.jobs.run(
            job_name(step, self.settings.pipeline, self.run.id, checkpoint, stream.name, number),
            lambda job_id: self.client.query(
                text,
                job_config=config,
                job_id=job_id,
                job_retry=None,
                location=self.jobs.location,
                timeout=REQUEST_TIMEOUT,
            ),
            f"Stream {stream.name!r}, {step} {stream.table}",
        )


class Statements:
    """Writes the statements of one batch; nothing but names and literals enters them."""

    def __init__(self, stream: Stream, staging: bigquery.TableReference) -> None:
        """Write for this stream and staging table."""
        self.stream = stream
        self._staging = sql.table(staging)
        self._table = sql.table(stream.table)
        self._version = ([stream.version_column] if stream.version_column else []) + list(OBSERVATION)
        self._types = {column.name: column.type for column in stream.columns}
        # Asked once: the first statement of several ends the freshness of a table.
        self.keys_may_move = bool(stream.keys) and not stream.immutable_partition and not stream.fresh

    def apply(self, moves: Sequence[Move] | None = None, *, alone: bool = True) -> str:
        """Write the statement that changes the table.

        Args:
            moves: The moves that it is about; None: partitions cannot be told.
            alone: Whether these are all moves of the batch, or one share of them.
        """
        stream = self.stream
        names = [column.name for column in stream.columns]
        common = {
            "table": self._table,
            "staging": self._staging,
            "sequence": sql.identifier(SEQUENCE),
            "columns": _listed(map(sql.identifier, names)),
        }
        if not stream.keys:
            values = _listed(map(_parsed, stream.columns))
            if alone:
                return sql.render("append", values=values, **common)
            destination = self._ordinal(sql.identifier(self._partition_column))
            return sql.render("append_share", values=values, destination=destination, **common)
        rows = self._newest(map(_selected, stream.columns))
        return sql.render(
            "merge",
            table=self._table,
            rows=rows if alone else self._share(rows),
            same_key=self._same_key(),
            partitions=self._partitions(moves),
            newer_or_equal=self._newer_or_equal(),
            assignments=_listed(f"{sql.identifier(name)} = staged.{sql.identifier(name)}" for name in names),
            columns=common["columns"],
            values=_listed(f"staged.{sql.identifier(name)}" for name in names),
        )

    def touched(self) -> str:
        """Write the lookup of the partitions that the rows go to and come from."""
        column = sql.identifier(self._partition_column)
        needed = dict.fromkeys([*self.stream.keys, self._partition_column])
        return sql.render(
            "touched",
            table=self._table,
            keys=_listed(map(sql.identifier, self.stream.keys)),
            destination=self._ordinal(column),
            home=self._ordinal(column),
            newest=self._newest(map(sql.identifier, needed)),
            all_partitions=self._all_partitions(),
            same_key=self._same_key(),
        )

    def destinations(self) -> str:
        """Write the query for the partitions that the rows go to."""
        return sql.render(
            "destinations",
            destination=self._ordinal(sql.identifier(self._partition_column)),
            staging=self._staging,
            sequence=sql.identifier(SEQUENCE),
        )

    @property
    def _partition_column(self) -> str:
        assert self.stream.partitioning is not None  # noqa: S101 -- asked only of partitioned tables
        return self.stream.partitioning.column

    def _ordinal(self, expression: str) -> str:
        assert self.stream.partitioning is not None  # noqa: S101 -- asked only of partitioned tables
        return self.stream.partitioning.ordinal(expression)

    def _newest(self, columns: Iterable[str]) -> str:
        return sql.render(
            "newest",
            columns=_listed(columns),
            staging=self._staging,
            sequence=sql.identifier(SEQUENCE),
            keys=_listed(self._grouping(key) for key in self.stream.keys),
            newest_first=_listed(f"{sql.identifier(name)} DESC NULLS LAST" for name in self._version),
        )

    def _grouping(self, key: str) -> str:
        """Spell a key so that BigQuery can group by it: it does not group by FLOAT64."""
        name = sql.identifier(key)
        return f"CAST({name} AS STRING)" if self._types[key] == "FLOAT" else name

    def _share(self, rows: str) -> str:
        column = sql.identifier(self._partition_column)
        if not self.keys_may_move:
            return sql.render("share_in_place", newest=rows, destination=self._ordinal(f"staged.{column}"))
        return sql.render(
            "share",
            newest=rows,
            keys=_listed(map(sql.identifier, self.stream.keys)),
            home=self._ordinal(column),
            table=self._table,
            all_partitions=self._all_partitions(),
            same_key=self._same_key(),
            destination=self._ordinal(f"staged.{column}"),
        )

    def _partitions(self, moves: Sequence[Move] | None) -> str:
        if moves is None or self.stream.partitioning is None:
            return self._all_partitions("stored.")
        touched = {partition for move in moves for partition in move.partitions}
        return self.stream.partitioning.predicate(f"stored.{sql.identifier(self._partition_column)}", touched)

    def _all_partitions(self, table: str = "") -> str:
        """Spell a condition that every row meets, in the form that a table may require.

        Args:
            table: What comes before the name of the column.
        """
        if not self.stream.filter_required or self.stream.partitioning is None:
            return "TRUE"
        column = f"{table}{sql.identifier(self._partition_column)}"
        first = self.stream.partitioning.start(0).replace(year=1, month=1, day=1)
        return f"({column} >= {sql.literal(first)} OR {column} IS NULL)"

    def _same_key(self) -> str:
        return " AND ".join(self._same(key) for key in self.stream.keys)

    def _same(self, key: str) -> str:
        """Compare a key by equalities alone, which BigQuery joins by hash; NULL equals NULL where it can occur."""
        stored, staged = f"stored.{sql.identifier(key)}", f"staged.{sql.identifier(key)}"
        if key not in self.stream.nullable_keys:
            return f"{stored} = {staged}"
        stand_in = _STAND_INS[self._types[key]]
        return (
            f"(({stored} IS NULL) = ({staged} IS NULL)"
            f" AND COALESCE({stored}, {stand_in}) = COALESCE({staged}, {stand_in}))"
        )

    def _newer_or_equal(self) -> str:
        """Compare the versions of two rows, part by part; NULL is oldest."""
        condition = "TRUE"
        for name in reversed(self._version):
            staged, stored = f"staged.{sql.identifier(name)}", f"stored.{sql.identifier(name)}"
            newer = f"{staged} > {stored} OR ({staged} IS NOT NULL AND {stored} IS NULL)"
            equal = f"({staged} = {stored} OR ({staged} IS NULL AND {stored} IS NULL))"
            condition = f"({newer} OR ({equal} AND {condition}))"
        return condition


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _parsed(column: Column) -> str:
    name = sql.identifier(column.name)
    return f"PARSE_JSON({name})" if column.type == "JSON" else name


def _selected(column: Column) -> str:
    name = sql.identifier(column.name)
    return f"PARSE_JSON({name}) AS {name}" if column.type == "JSON" else name
