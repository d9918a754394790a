"""The demo: a whole GitHub organization arrives in BigQuery, exactly, and nothing is fetched twice.

Starts the local stack with a generated organization, runs the real `meltano run tap-github-stats
target-bigquery-merge` three times (everything, nothing new, what changed since) and compares every column of every
table with the truth of the simulated GitHub after each. Exits 1 where anything differs.

With KEEP=1 the stack stays up afterwards, and the last lines say how to use it and how to stop it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from local_stack.comparison import compare
from local_stack.process import StackError
from local_stack.stack import BUCKET, DATASET, Stack
from local_stack.testing import Servers, Warehouse
from rich.console import Console
from rich.table import Table

from scripts.meltano_project import ROOT, copy_project

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER: Final = ROOT / ".demo"
BIN: Final = Path(sys.executable).parent
STREAMS: Final = (
    "repositories",
    "pull_requests",
    "commits",
    "pull_request_commits",
    "reviews",
    "review_comments",
    "issue_comments",
)
QUERIES: Final = ("developer_velocity", "pr_size_distribution")
ORGANIZATION: Final = {"organization": "acme", "repositories": 16, "pull-requests": 1000, "seed": 20}
# What moves a pull request's `updatedAt`; the rest is for the reconcile, which is not built yet.
EVOLUTION: Final = {"days": 2, "seed": 3, "events": "updated_at"}
PROGRESS_SECONDS: Final = 5
PROGRESS_WIDTH: Final = 80
# A line of Meltano's log that one of the plugins wrote, and the one in which the tap says how many rows it fetched.
PLUGIN_LINE: Final = re.compile(
    r"(?:tap-github-stats|target-bigquery-merge) ((?:Progress:|Done:|Checkpoint|Table|Stream) .*)"
)
FETCHED_LINE: Final = re.compile(
    r'METRIC: .*"metric": ?"record_count", ?"value": ?(\d+), ?"tags": ?{"stream": ?"(\w+)"'
)
LOG_TAIL: Final = 30

console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)


class DemoError(Exception):
    """Something differs from what it must be."""


@dataclass(frozen=True)
class Run:
    """One run of the pipeline: what it cost, and how many rows it fetched and wrote per stream."""

    requests: int
    points: int
    fetched: Mapping[str, int]
    written: Mapping[str, int]


def main() -> int:
    """Run the demo; the exit code says whether everything is equal."""
    started = time.monotonic()
    stop_old_stack()
    shutil.rmtree(FOLDER, ignore_errors=True)
    demo = Demo()
    try:
        demo.start()
        demo.show()
    except (DemoError, StackError) as error:
        console.print("\n[bold red]The demo failed:[/]")
        console.print(str(error), markup=False, soft_wrap=True)
        return 1
    else:
        console.print(f"\n[bold green]Every table equals GitHub.[/] The demo took {time.monotonic() - started:.0f} s.")
        return 0
    finally:
        demo.stop()


def stop_old_stack() -> None:
    """Stop what an earlier demo left running."""
    if (FOLDER / "stack").exists():
        subprocess.run([BIN / "local-stack", "down", "--data", FOLDER / "stack"], check=False, capture_output=True)


class Demo:
    """The local stack and a copy of the project, both in `.demo`."""

    def __init__(self) -> None:
        self._project = FOLDER / "project"
        self._data = FOLDER / "stack"
        self._stack = Stack(self._data)
        self._warehouse = Warehouse(Servers(self._stack.bigquery, self._stack.storage), DATASET, BUCKET)
        self._last_run = ""

    def start(self) -> None:
        """Start the stack and lay out the project."""
        heading("A local GitHub, BigQuery and Cloud Storage")
        command = ["up", "--detach", *options(ORGANIZATION)]
        announce("local-stack", *command)
        console.print(self._local_stack(*command).strip(), markup=False)
        copy_project(self._project)

    def stop(self) -> None:
        """Stop the stack, unless KEEP asks to leave it."""
        self._warehouse.close()
        if not self._data.exists():
            return
        if os.environ.get("KEEP"):
            data = self._data.relative_to(ROOT)
            console.print(f'\nThe stack still runs: eval "$(local-stack env --export --data {data})"', soft_wrap=True)
            console.print(f"Stop it with: local-stack down --data {data}", soft_wrap=True)
        else:
            self._local_stack("down")

    def show(self) -> None:
        """Run the pipeline three times, and look at what is in BigQuery after each."""
        heading("First run: everything")
        run = self._run("first")
        self._compare(run)
        for name in QUERIES:
            self._query(name)

        heading("Second run: nothing has happened since")
        run = self._run("second")
        console.print(f"{sum(run.fetched.values())} rows fetched, {sum(run.written.values())} rows written.")
        if any(run.fetched.values()) or any(run.written.values()):
            raise DemoError(f"the second run did something again: {run}")

        heading(f"Third run: after {EVOLUTION['days']} more days")
        before = self._truth("pull_requests")
        command = ["evolve", *options(EVOLUTION)]
        announce("local-stack", *command)
        events = Counter(json.loads(line)["event"] for line in self._local_stack(*command).splitlines())
        console.print(", ".join(f"{count} x {event}" for event, count in events.most_common()))
        after = self._truth("pull_requests")
        run = self._run("third")
        self._compare(run)
        self._compare_changes(before, after)

    def _run(self, name: str) -> Run:
        """Run the pipeline once, showing how far it is."""
        command = ["meltano", "--environment=local", "run", "tap-github-stats", "target-bigquery-merge"]
        self._stack.ask("DELETE", "requests")
        log = FOLDER / f"{name}-run.log"
        announce(*command)
        environment = {**os.environ, **self._stack.env(), "NO_COLOR": "1", "TAP_GITHUB_STATS_PROGRESS_INTERVAL": "1"}
        started = time.monotonic()
        with log.open("w") as file:
            process = subprocess.Popen(
                [BIN / command[0], *command[1:]],
                cwd=self._project,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            try:
                self._watch(process, log, started)
            finally:
                process.terminate()
                process.wait()
        if process.returncode:
            tail = "".join(deque(log.open(), LOG_TAIL))
            raise DemoError(f"meltano run exited {process.returncode}; the end of {log.relative_to(ROOT)}:\n{tail}")
        served = json.loads(self._stack.ask("GET", "requests"))
        run = Run(served["requests"], served["points"], self._rows_fetched(log), self._rows_written())
        seconds = time.monotonic() - started
        console.print(f"Done in {seconds:.0f} s, with {run.requests} requests ({run.points} points of GitHub's quota).")
        return run

    def _watch(self, process: subprocess.Popen[bytes], log: Path, started: float) -> None:
        """Show how far the run is, until it ends."""
        with console.status("starting") as status:
            while True:
                try:
                    process.wait(timeout=1 if console.is_terminal else PROGRESS_SECONDS)
                except subprocess.TimeoutExpired:
                    served = json.loads(self._stack.ask("GET", "requests"))
                    said = PLUGIN_LINE.findall(log.read_text())
                    line = f"{time.monotonic() - started:3.0f} s  {served['requests']:3} requests  "
                    line += textwrap.shorten(said[-1], PROGRESS_WIDTH, placeholder=" …") if said else "starting"
                    status.update(line)
                    if not console.is_terminal:
                        console.print(f"  {line}", markup=False)
                else:
                    return

    def _rows_fetched(self, log: Path) -> dict[str, int]:
        """Read from the log of a run how many rows the tap fetched per stream."""
        counts = dict.fromkeys(STREAMS, 0)
        for count, stream in FETCHED_LINE.findall(log.read_text()):
            counts[stream] += int(count)
        return counts

    def _rows_written(self) -> dict[str, int]:
        """Count per stream the rows that came with the last run."""
        since, counts = self._last_run, {}
        for stream in STREAMS:
            (row,) = self._warehouse.query(
                f"SELECT COUNTIF(_sdc_run_id > '{since}') AS count, MAX(_sdc_run_id) AS last FROM {DATASET}.{stream}"  # noqa: S608 - no input from outside
            )
            counts[stream] = row["count"]
            self._last_run = max(self._last_run, row["last"] or "")
        return counts

    def _truth(self, stream: str) -> list[dict[str, Any]]:
        """Give the rows that GitHub holds, from the simulator's own model."""
        return [json.loads(line) for line in self._stack.ask("GET", f"truth/{stream}").splitlines()]

    def _compare(self, run: Run) -> None:
        """Compare every column of every table with the truth, and show the counts."""
        table = Table("table", "rows fetched", "rows in BigQuery", "rows by truth", "equal", show_edge=False)
        for column in table.columns[1:4]:
            column.justify = "right"
        differences = []
        for stream in STREAMS:
            actual, truth = self._warehouse.rows(stream), self._truth(stream)
            found = compare(actual, truth, stream)
            differences += found
            equal = "[red]NO[/]" if found else "[green]yes[/]"
            table.add_row(stream, *(f"{count:,}" for count in (run.fetched[stream], len(actual), len(truth))), equal)
        console.print(table)
        if differences:
            raise DemoError("BigQuery differs from GitHub:\n" + "\n".join(differences))

    def _compare_changes(self, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
        """Make sure that the last run fetched the pull requests that changed, and no others."""
        old = {json.dumps(row, sort_keys=True) for row in before}
        changed = {name(row) for row in after if json.dumps(row, sort_keys=True) not in old}
        fetched = {
            name(row)
            for row in self._warehouse.query(
                f"SELECT organization, repository, pr_number FROM {DATASET}.pull_requests "  # noqa: S608 - as above
                f"WHERE _sdc_run_id = '{self._last_run}'"
            )
        }
        if changed != fetched:
            raise DemoError(
                f"fetched although unchanged: {sorted(fetched - changed)}; not fetched: {sorted(changed - fetched)}"
            )
        console.print(f"{len(changed)} of {len(after)} pull requests changed, and exactly these were fetched.")

    def _query(self, name: str) -> None:
        """Run an example query and show its answer."""
        sql = (ROOT / "docs" / "queries" / f"{name}.sql").read_text()
        heading(sql.partition("\n")[0].removeprefix("-- "))
        console.print(sql.partition("\n")[2].strip(), style="dim", markup=False)
        rows = self._warehouse.query(sql)
        if not rows:
            raise DemoError(f"docs/queries/{name}.sql found nothing")
        table = Table(*rows[0], show_edge=False)
        for column, value in zip(table.columns, rows[0].values(), strict=True):
            column.justify = "left" if isinstance(value, str) else "right"
        for row in rows:
            table.add_row(*("" if value is None else str(value) for value in row.values()))
        console.print(table)

    def _local_stack(self, *arguments: str) -> str:
        """Run a command of the local stack, and give what it printed."""
        environment = {**os.environ, "LOCAL_STACK_DATA": str(self._data)}
        result = subprocess.run(
            [BIN / "local-stack", *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if result.returncode:
            raise DemoError(f"local-stack {arguments[0]} exited {result.returncode}:\n{result.stderr}")
        return result.stdout


def announce(*command: str) -> None:
    """Print a command that is about to run."""
    console.print(f"[bold]$ {' '.join(command)}[/]")


def options(values: Mapping[str, object]) -> list[str]:
    """Give values as options of a command line."""
    return [part for name, value in values.items() for part in (f"--{name}", str(value))]


def heading(text: str) -> None:
    """Print a heading."""
    console.print(f"\n[bold cyan]{text}[/]")


def name(row: Mapping[str, Any]) -> str:
    """Give a pull request's name."""
    return f"{row['organization']}/{row['repository']}#{row['pr_number']}"


if __name__ == "__main__":
    sys.exit(main())
