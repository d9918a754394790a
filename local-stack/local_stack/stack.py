"""The three servers of one data folder as one thing: up together, down together."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import json
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from local_stack import bigquery, github, storage
from local_stack.process import LOOPBACK, Server, StackError
from local_stack.state import DataFolder, Recipe, new_token

if TYPE_CHECKING:
    from pathlib import Path

DATASET = "github_stats"
BUCKET = "github-stats"
_DEFAULTS: dict[str, Any] = {
    "organization": "acme",
    "repositories": 20,
    "pull_requests": 500,
    "seed": 1,
    "recordings": None,
    "clock_offset": 0,
}
_WATCH_SECONDS = 0.5
_ANSWER_SECONDS = 3600


class NotUpError(StackError):
    """The stack, or one server of it, does not run."""


class Stack:
    """The stack of one data folder, from any process that names the folder.

    Args:
        path: The data folder.
    """

    def __init__(self, path: Path) -> None:
        self.folder = DataFolder(path)
        self.storage = storage.server(path / "storage")
        self.bigquery = bigquery.server(path / "bigquery", self.storage)
        self.github = github.server(self.folder)

    @property
    def servers(self) -> tuple[Server, Server, Server]:
        """All of them."""
        return self.github, self.bigquery, self.storage

    def up(self, wanted: dict[str, str | int | None]) -> list[Server]:
        """Starts what does not run, and returns when all three servers answer; where all run, it does nothing.

        Args:
            wanted: What the caller asks of the organization, by the names of `Recipe`; None is no wish. A folder that
                is used again keeps its organization, which must meet the wishes.

        Returns:
            The servers that it started.

        Raises:
            StackError: The folder's organization is another one, or a server failed; then those that were started are
                stopped again.
        """
        with self.folder.locked():
            is_new = not self.folder.exists()
            self._settle_recipe({name: value for name, value in wanted.items() if value is not None})
            missing = [server for server in self.servers if not server.is_running]
            try:
                self._start(missing)
            except BaseException:
                for server in missing:
                    server.stop()
                if is_new:
                    self.folder.forget()
                raise
            return missing

    def down(self, *, purge: bool = False) -> bool:
        """Stops what runs; with `purge` it deletes the data folder as well. Returns whether anything ran."""
        if not self.folder.path.exists() or not (purge or self.folder.exists()):
            return False
        with self.folder.locked():
            running = [server for server in self.servers if server.is_running]
            for server in running:
                server.stop()
            if purge:
                self.folder.purge()
        return bool(running)

    def watch(self) -> None:
        """Returns when all servers have been stopped by another command.

        Raises:
            StackError: One of them ended by itself.
        """
        while all(server.is_running for server in self.servers):
            time.sleep(_WATCH_SECONDS)
        with self.folder.locked():  # a `down` that is at work has finished now
            ended = [server for server in self.servers if not server.is_running]
        if len(ended) < len(self.servers):
            raise StackError(f"{ended[0].name} has ended; see {ended[0].log}")

    def require_up(self) -> None:
        """Makes sure that all servers run.

        Raises:
            NotUpError: One does not.
        """
        if not self.folder.exists():
            raise NotUpError(f"There is no stack in {self.folder.path}; `local-stack up` makes one")
        ended = [server for server in self.servers if not server.is_running]
        if len(ended) == len(self.servers):
            raise NotUpError(f"The stack in {self.folder.path} is down; `local-stack up` starts it")
        if ended:
            raise NotUpError(f"{ended[0].name} has ended (see {ended[0].log}); `local-stack up` starts it again")

    def env(self) -> dict[str, str]:
        """The environment in which tap and target work on this stack.

        Raises:
            NotUpError: It is not up.
        """
        self.require_up()
        return {
            "TAP_GITHUB_STATS_API_URL": self.github.url,
            "TAP_GITHUB_STATS_AUTH_TOKEN": self.folder.recipe().token,
            "TAP_GITHUB_STATS_ORGANIZATIONS": json.dumps(self.folder.organizations(), separators=(",", ":")),
            "BIGQUERY_EMULATOR_HOST": self.bigquery.url,
            "STORAGE_EMULATOR_HOST": self.storage.url,
            "TARGET_BIGQUERY_MERGE_PROJECT": bigquery.PROJECT,
            "TARGET_BIGQUERY_MERGE_DATASET": DATASET,
            "TARGET_BIGQUERY_MERGE_BUCKET": BUCKET,
        }

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        """Asks one of the simulated GitHub's own routes, those below `/_local_stack`.

        Raises:
            NotUpError: The stack is not up.
            StackError: GitHub refused; the message is its own.
        """
        self.require_up()
        connection = http.client.HTTPConnection(LOOPBACK, self.github.port, timeout=_ANSWER_SECONDS)
        try:
            connection.request(method, f"/_local_stack/{path}", None if body is None else json.dumps(body))
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise StackError(f"github does not answer ({error}); its log is {self.github.log}") from error
        finally:
            connection.close()
        if response.status >= http.HTTPStatus.BAD_REQUEST:
            raise StackError(_message(answer) or f"github answers {method} {path} with {response.status}")
        return answer

    def _start(self, missing: list[Server]) -> None:
        if self.storage in missing:
            former = self.storage.port
            self.storage.start()  # at once, and BigQuery has to know its address
            if self.storage.port != former and self.bigquery not in missing:
                self.bigquery.stop()
                missing.append(self.bigquery)
        with contextlib.ExitStack() as launches:
            waits = [
                launches.enter_context(server.launching())
                for server in (self.bigquery, self.github)
                if server in missing
            ]
            for wait_until_ready in waits:
                wait_until_ready()

    def _settle_recipe(self, wishes: dict[str, str | int]) -> None:
        if not self.folder.exists():
            machine_now = int(time.time())
            recipe = Recipe(**_DEFAULTS | {"now": machine_now, "token": new_token()} | wishes)
            if not recipe.repositories and not recipe.recordings:
                raise StackError("0 repositories and no recordings would make an empty GitHub; ask for one of them")
            self.folder.create(replace(recipe, clock_offset=recipe.now - machine_now))
            return
        kept = asdict(self.folder.recipe())
        for name, value in wishes.items():
            if kept[name] != value:
                raise StackError(
                    f"The stack in {self.folder.path} was made {_option(name, kept[name])}, "
                    f"not {_option(name, value)}. "
                    "Leave the option out, name another folder with --data, or delete it: local-stack down --purge"
                )


def _option(name: str, value: str | int | None) -> str:
    option = f"--{name.replace('_', '-')}"
    if value is None:
        return f"without {option}"
    if name == "now":
        value = dt.datetime.fromtimestamp(int(value), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"with {option} {value}"


def _message(answer: bytes) -> str | None:
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, KeyError):
        return None
