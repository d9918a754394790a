"""The command `local-stack`."""

from __future__ import annotations

import datetime as dt
import json
import shlex
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from types import FrameType

    from local_stack.stack import Stack

_NOT_UP = 3


class _Commands(click.Group):
    """Turns what a user can do something about into a message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click has it
        from local_stack.process import StackError  # noqa: PLC0415 - `--help` needs nothing but click
        from local_stack.stack import NotUpError  # noqa: PLC0415

        try:
            return super().invoke(ctx)
        except StackError as error:
            click.echo(f"local-stack: {error}", err=True)
            ctx.exit(_NOT_UP if isinstance(error, NotUpError) else 1)


def _timestamp(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """A point in time as a whole second since 1970."""
    if value is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a timestamp like 2026-01-31T12:00:00Z") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp())


def _stack(_ctx: click.Context, _param: click.Parameter, value: str) -> Stack:
    """The stack of a data folder."""
    from local_stack.stack import Stack  # noqa: PLC0415 - `--help` needs nothing but click

    return Stack(Path(value).absolute())


def _default_folder() -> str:
    """`.local-stack` in the project around the working directory, that is beside the nearest `meltano.yml`."""
    here = Path.cwd()
    project = next((folder for folder in (here, *here.parents) if (folder / "meltano.yml").exists()), here)
    return str(project / ".local-stack")


_data_option = click.option(
    "--data",
    "stack",
    callback=_stack,
    metavar="DIR",
    envvar="LOCAL_STACK_DATA",
    default=_default_folder,
    help="The stack's data folder; by default $LOCAL_STACK_DATA, else .local-stack in the Meltano project around here.",
)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """GitHub, BigQuery and Cloud Storage as servers on this machine, with a whole simulated organization.

    All of it lives in one data folder. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the stack is not up.
    """


@main.command()
@click.option("--detach", is_flag=True, help="Return when all servers answer; otherwise they end with Ctrl-C.")
@_data_option
@click.option("--organization", metavar="NAME", help="Login of the generated organization. [acme]")
@click.option("--repositories", type=click.IntRange(min=0), help="How many repositories it has; 0 for none. [20]")
@click.option("--pull-requests", type=click.IntRange(min=0), help="How many pull requests they have in all. [500]")
@click.option("--seed", type=int, help="Decides everything else about it. [1]")
@click.option(
    "--recordings",
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    help="Folder of recordings of real repositories, which are served as well.",
)
@click.option(
    "--now", metavar="TIMESTAMP", callback=_timestamp, help="The time at which GitHub's clock starts. [the machine's]"
)
@click.option(
    "--latency",
    "latency_ms",
    type=click.IntRange(min=0),
    help="Milliseconds by which GitHub answers later, until it is started again.",
)
def up(stack: Stack, *, detach: bool, latency_ms: int | None, **wanted: str | int | None) -> None:
    """Start what does not run.

    A data folder keeps its organization, its tables and its objects, so the options that describe the organization
    count at the first start; later they are only compared.
    """
    if not detach:
        signal.signal(signal.SIGTERM, _interrupt)
    started = stack.up(wanted)
    stays = started and not detach
    try:
        if latency_ms is not None:
            stack.ask("POST", "latency", {"seconds": latency_ms / 1000})
        click.echo(f"{'started' if started else 'up already'}, data in {stack.folder.path}")
        click.echo(f"  github    {stack.github.url}  {', '.join(stack.folder.organizations())}")
        click.echo(f"  bigquery  {stack.bigquery.url}")
        click.echo(f"  storage   {stack.storage.url}")
        if stays:
            click.echo("Ctrl-C stops it")
            stack.watch()
    except KeyboardInterrupt:
        click.echo("stopping")
    finally:
        if stays:
            stack.down()


@main.command()
@_data_option
@click.option("--export", is_flag=True, help='Print quoted `export` commands, for eval "$(local-stack env --export)".')
def env(stack: Stack, *, export: bool) -> None:
    """Print the environment in which the tap and the target work here.

    NAME=value lines, as they are: for `export $(local-stack env)`, `env $(local-stack env) COMMAND` and .env files.
    """
    for name, value in stack.env().items():
        click.echo(f"export {name}={shlex.quote(value)}" if export else f"{name}={value}")


@main.command()
@_data_option
@click.argument("stream")
@click.option(
    "--since",
    metavar="TIMESTAMP",
    callback=_timestamp,
    help="Only pull requests updated then or later, with everything on them.",
)
def truth(stack: Stack, stream: str, since: int | None) -> None:
    """Print the rows that the table of STREAM must hold now, as JSON lines."""
    from urllib.parse import quote  # noqa: PLC0415 - only here

    query = "" if since is None else f"?since={since}"
    click.echo(stack.ask("GET", f"truth/{quote(stream, safe='')}{query}"), nl=False)


@main.command()
@_data_option
@click.option("--days", type=click.FloatRange(min=0), required=True, help="How far to move GitHub's clock.")
@click.option("--seed", type=int, required=True, help="Decides what happens in that time.")
@click.option(
    "--events", metavar="A,B", help="What may happen: events, or groups of them like updated_at. [everything]"
)
def evolve(stack: Stack, days: float, seed: int, events: str | None) -> None:
    """Let time pass in the organization, and print what changed as JSON lines, in order."""
    asked = {"days": days, "seed": seed} | ({} if events is None else {"events": events.split(",")})
    answer = json.loads(stack.ask("POST", "evolve", asked))
    for change in answer["changes"]:
        at = dt.datetime.fromtimestamp(change["at"], dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = {"at": at, "event": change["what"], "repository": change["repository"], "number": change["number"]}
        click.echo(json.dumps(line))


@main.command()
@_data_option
@click.option("--reset", is_flag=True, help="Start counting anew after this.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def requests(stack: Stack, *, reset: bool, as_json: bool) -> None:
    """Print how many requests GitHub has served, and for how many points, since the last reset."""
    answer = stack.ask("GET", "requests").decode()
    if reset:
        stack.ask("DELETE", "requests")
    if as_json:
        click.echo(answer)
        return
    counts = json.loads(answer)
    for name, count in counts.pop("by_operation").items():
        counts[f"  {name}"] = count
    for name, count in counts.items():
        click.echo(f"{count:>8}  {name}")


@main.command()
@_data_option
@click.option("--purge", is_flag=True, help="Delete the data folder as well.")
def down(stack: Stack, *, purge: bool) -> None:
    """Stop the servers; their data stays. Where nothing runs, nothing happens."""
    click.echo("stopped" if stack.down(purge=purge) else "nothing was running")
    if purge:
        click.echo(f"deleted {stack.folder.path}")


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
