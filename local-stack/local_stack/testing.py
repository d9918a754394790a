"""pytest fixtures: BigQuery, Cloud Storage and GitHub as local servers, and the comparison of tables with the truth.

`pytest_plugins = ["local_stack.testing"]` in a conftest.py makes them known. The servers end with the test session,
however it ends. The fixtures that are not used start nothing, and import no Google library.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import json
import shutil
import socket
import subprocess
import threading
import urllib.request
import uuid
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from local_stack import bigquery, storage
from local_stack.comparison import compare
from local_stack.process import LOOPBACK, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import google.cloud.bigquery
    import google.cloud.storage  # type: ignore[import-untyped]

    from local_stack.simulator.model import World

__all__ = ["GitHubServer", "Servers", "Warehouse", "compare", "github", "servers", "warehouse"]

_JOIN_SECONDS = 10


@dataclass(frozen=True)
class Servers:
    """The BigQuery and the Cloud Storage of a test session; a test may `kill()` and `start()` either of them."""

    bigquery: Server
    gcs: Server

    @property
    def bigquery_url(self) -> str:
        """Address of BigQuery's REST interface."""
        return self.bigquery.url

    @property
    def gcs_url(self) -> str:
        """Address of Cloud Storage's JSON interface."""
        return self.gcs.url

    def start(self) -> None:
        """Starts whichever of them does not run; both keep their data and their ports."""
        for server in (self.gcs, self.bigquery):
            if not server.is_running:
                server.start()


@dataclass
class Warehouse:
    """A dataset and a bucket (both in US, both empty) that no other test uses."""

    servers: Servers
    dataset: str
    bucket: str
    project: str = bigquery.PROJECT

    @cached_property
    def bigquery(self) -> google.cloud.bigquery.Client:
        """A client of the local BigQuery."""
        from google.api_core.client_options import ClientOptions  # noqa: PLC0415 - tests of the tap have no Google
        from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415
        from google.cloud import bigquery as google_bigquery  # noqa: PLC0415

        return google_bigquery.Client(
            self.project,
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
            client_options=ClientOptions(api_endpoint=self.servers.bigquery_url),
        )

    @cached_property
    def storage(self) -> google.cloud.storage.Client:
        """A client of the local Cloud Storage."""
        from google.api_core.client_options import ClientOptions  # noqa: PLC0415 - as above
        from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415
        from google.cloud import storage as google_storage  # noqa: PLC0415

        return google_storage.Client(
            self.project,
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
            client_options=ClientOptions(api_endpoint=self.servers.gcs_url),
        )

    @property
    def env(self) -> dict[str, str]:
        """The environment in which the target works here."""
        return {
            "BIGQUERY_EMULATOR_HOST": self.servers.bigquery_url,
            "STORAGE_EMULATOR_HOST": self.servers.gcs_url,
            "TARGET_BIGQUERY_MERGE_PROJECT": self.project,
            "TARGET_BIGQUERY_MERGE_DATASET": self.dataset,
            "TARGET_BIGQUERY_MERGE_BUCKET": self.bucket,
        }

    def query(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query as plain values: what a Singer message, and the truth, would hold for them.

        Timestamps are RFC 3339 with `Z`, and a fraction only where there is one; NUMERIC is text, BYTES base64.
        """
        return [{name: _plain(value) for name, value in row.items()} for row in self.bigquery.query(sql).result()]

    def rows(self, table: str, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """All rows of a table of the dataset, in no particular order, as `query` gives them."""
        chosen = "*" if columns is None else ", ".join(f"`{column}`" for column in columns)
        return self.query(f"SELECT {chosen} FROM `{self.project}.{self.dataset}.{table}`")  # noqa: S608 - test's names

    def close(self) -> None:
        """Closes the clients that were used."""
        for name in ("bigquery", "storage"):
            if name in self.__dict__:
                self.__dict__[name].close()


@dataclass
class GitHubServer:
    """The simulated GitHub, served by a thread of the test process, so that a test can change `world` as it runs.

    Attributes:
        world: What it holds.
        url: Address of the API, as api.github.com would be.
        token: The token that it accepts.
    """

    world: World
    url: str
    token: str

    @property
    def env(self) -> dict[str, str]:
        """The environment in which the tap reads all organizations of this GitHub."""
        return {
            "TAP_GITHUB_STATS_API_URL": self.url,
            "TAP_GITHUB_STATS_AUTH_TOKEN": self.token,
            "TAP_GITHUB_STATS_ORGANIZATIONS": json.dumps([it.login for it in self.world.organizations.values()]),
        }

    def requests(self) -> dict[str, Any]:
        """What it has served since the start or the last `reset`: counts of requests and points."""
        counts: dict[str, Any] = json.loads(self._ask("GET"))
        return counts

    def reset(self) -> None:
        """Starts counting anew."""
        self._ask("DELETE")

    def _ask(self, method: str) -> bytes:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(f"{self.url}/_local_stack/requests", method=method)  # noqa: S310 - our own
        with opener.open(request) as response:
            answer: bytes = response.read()
            return answer


class GitHubFactory(Protocol):
    """What the fixture `github` is."""

    def __call__(self, world: World, **options: Any) -> GitHubServer:  # noqa: ANN401 - the options of create_app
        """Serves `world`; options are those of `local_stack.simulator.server.create_app`."""


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """BigQuery and Cloud Storage for the session; under pytest-xdist each worker has its own."""
    folder = tmp_path_factory.mktemp("servers")
    with _leash() as process_group:
        gcs = storage.server(folder / "storage", process_group=process_group)
        try:
            gcs.start()
            tables = bigquery.server(folder / "bigquery", gcs, process_group=process_group)
            try:
                tables.start()
                yield Servers(tables, gcs)
            finally:
                tables.stop()
        finally:
            gcs.stop()
    shutil.rmtree(folder)


@pytest.fixture
def warehouse(servers: Servers) -> Iterator[Warehouse]:
    """A dataset and a bucket of the test's own, with both servers running."""
    servers.start()
    name = uuid.uuid4().hex[:12]
    place = Warehouse(servers, dataset=f"test_{name}", bucket=f"test-{name}")
    place.bigquery.create_dataset(place.dataset)
    place.storage.create_bucket(place.bucket, location="US")
    yield place
    if servers.bigquery.is_running:
        # Every query of the local BigQuery takes longer with each table that there is.
        place.bigquery.delete_dataset(place.dataset, delete_contents=True, not_found_ok=True)
    place.close()


@pytest.fixture
def github() -> Iterator[GitHubFactory]:
    """Makes servers of simulated GitHubs, which end with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda world, **options: stack.enter_context(_serve(world, **options))


@contextlib.contextmanager
def _serve(world: World, *, token: str = "local-stack-token", **options: Any) -> Iterator[GitHubServer]:  # noqa: ANN401, S107 - options are create_app's; the token opens nothing but this
    from local_stack.simulator import server as simulator  # noqa: PLC0415 - most tests serve no GitHub

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen(128)  # requests queue up here until the thread takes them
        server = simulator.server(simulator.create_app(world, token=token, **options))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="github", daemon=True)
        thread.start()
        try:
            yield GitHubServer(world, f"http://{LOOPBACK}:{listener.getsockname()[1]}", token)
        finally:
            server.should_exit = True
            thread.join(_JOIN_SECONDS)


@contextlib.contextmanager
def _leash() -> Iterator[int]:
    """A process group that is killed with this process, however this process ends.

    Its leader waits for the end of its input, which comes when this process has gone.
    """
    with subprocess.Popen(["/bin/sh", "-c", "read -r _; kill -9 0"], stdin=subprocess.PIPE, process_group=0) as leader:
        yield leader.pid


def _plain(value: object) -> object:  # noqa: PLR0911 - one line for each kind of value
    match value:
        case dt.datetime():
            text = value.replace(tzinfo=None).isoformat()
            return text if value.tzinfo is None else f"{text}Z"
        case dt.date() | dt.time():
            return value.isoformat()
        case Decimal():
            return str(value)
        case bytes():
            return base64.b64encode(value).decode()
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case _:
            return value
