"""The local BigQuery: `local-bigquery`, which keeps tables in DuckDB, with the extensions that it needs from PyPI."""

from __future__ import annotations

import http.client
import json
import os
import platform
import shutil
import sys
import sysconfig
import uuid
from pathlib import Path
from typing import Any

from local_stack.process import LOOPBACK, Program, Server, StackError

PROJECT = "local"
EXECUTABLE_VARIABLE = "LOCAL_STACK_BIGQUERY"
_ANSWER_SECONDS = 60
_EXTENSIONS = ("ducklake", "httpfs", "icu", "spatial")
_DUCKDB_PLATFORMS = {
    ("linux", "x86_64"): "linux_amd64",
    ("linux", "aarch64"): "linux_arm64",
    ("darwin", "x86_64"): "osx_amd64",
    ("darwin", "arm64"): "osx_arm64",
}


def server(folder: Path, storage: Server, *, process_group: int | None = None) -> Server:
    """The BigQuery server that keeps its tables in `folder`.

    Starting it raises StackError where the program or one of its DuckDB extensions is not installed, or not for this
    machine.

    Args:
        folder: Where it keeps tables, log and pid file; made when missing.
        storage: The Cloud Storage server that `gs://` addresses lead to; it must have been started before.
        process_group: As for `Server`.
    """

    def program() -> Program:
        executable = _executable()
        home = folder.absolute() / "home"
        _link_extensions(executable, home)
        return Program(
            command=lambda port: [
                str(executable),
                *("--host", LOOPBACK, "--port", str(port), "--grpc-port", "0"),
                # Relative to the server's working directory: it pastes the path into SQL as it is.
                *("--project", PROJECT, "--data-dir", "data"),
            ],
            health=f"/bigquery/v2/projects/{PROJECT}/datasets",
            environment={"HOME": str(home), "STORAGE_EMULATOR_HOST": storage.url},
            warm_up=lambda port: _load_once(f"{LOOPBACK}:{port}", storage.url.removeprefix("http://")),
        )

    return Server("bigquery", folder, program, process_group=process_group)


def _executable() -> Path:
    """The program: from the running environment, or the one that LOCAL_STACK_BIGQUERY names."""
    named = os.environ.get(EXECUTABLE_VARIABLE)
    if named:
        if not os.access(named, os.X_OK):
            raise StackError(f"{EXECUTABLE_VARIABLE} names {named}, which is not a program")
        return Path(named).absolute()
    found = shutil.which("local-bigquery", path=sysconfig.get_path("scripts"))
    if found is None:
        raise StackError(
            f"local-bigquery is not installed in {sys.prefix}. It needs Python 3.13: install this package there, "
            f"or set {EXECUTABLE_VARIABLE} to the local-bigquery program of an environment that has it"
        )
    return Path(found)


def _load_once(bigquery: str, storage: str) -> None:
    """Loads one object, so that the server knows Cloud Storage before jobs at the same time use it.

    The first load makes the server remember the address, in that load's own transaction: of several first loads at once
    all but one would fail ("Catalog write-write conflict").
    """
    name = f"warm-up-{uuid.uuid4().hex}"
    dataset = {"projectId": PROJECT, "datasetId": name.replace("-", "_")}
    tables = f"/bigquery/v2/projects/{PROJECT}"
    load = {
        "sourceUris": [f"gs://{name}/row.json"],
        "sourceFormat": "NEWLINE_DELIMITED_JSON",
        "schema": {"fields": [{"name": "a", "type": "INTEGER"}]},
        "destinationTable": {**dataset, "tableId": "rows"},
    }
    _ask(storage, "POST", f"/storage/v1/b?project={PROJECT}", {"name": name})
    _ask(storage, "POST", f"/upload/storage/v1/b/{name}/o?uploadType=media&name=row.json", {"a": 1})
    _ask(bigquery, "POST", f"{tables}/datasets", {"datasetReference": dataset})
    job = _ask(bigquery, "POST", f"{tables}/jobs", {"configuration": {"load": load}})
    if error := job["status"].get("errorResult"):
        raise StackError(f"loading from Cloud Storage failed: {error['message']}")
    _ask(bigquery, "DELETE", f"{tables}/datasets/{dataset['datasetId']}?deleteContents=true")
    _ask(storage, "DELETE", f"/storage/v1/b/{name}/o/row.json")
    _ask(storage, "DELETE", f"/storage/v1/b/{name}")


def _ask(server: str, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any answer
    """Sends one request, and gives the JSON of the answer."""
    connection = http.client.HTTPConnection(server, timeout=_ANSWER_SECONDS)
    try:
        connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status >= http.HTTPStatus.BAD_REQUEST:
        raise StackError(f"{method} {path} answers {response.status}: {answer.decode(errors='replace')}")
    return json.loads(answer or "null")


def _link_extensions(executable: Path, home: Path) -> None:
    """Puts the DuckDB extensions of the program's own environment where DuckDB looks for them, below `home`."""
    duckdb_platform = _DUCKDB_PLATFORMS.get((sys.platform, platform.machine()))
    if duckdb_platform is None:
        raise StackError(f"DuckDB's extensions are not on PyPI for {sys.platform} on {platform.machine()}")
    packages = executable.parent.parent.glob("lib/python3*/site-packages")
    found = {path.stem: path for root in packages for path in root.glob("duckdb_extension_*/extensions/v*/*")}
    for name in _EXTENSIONS:
        if name not in found:
            raise StackError(
                f"The DuckDB extension {name} is not installed beside {executable}: "
                f"install duckdb-extension-{name} into that environment"
            )
        version = found[name].parent.name
        link = home / ".duckdb" / "extensions" / version / duckdb_platform / found[name].name
        link.parent.mkdir(parents=True, exist_ok=True)
        # The environment may have moved since the folder was made.
        link.unlink(missing_ok=True)
        link.symlink_to(found[name])
