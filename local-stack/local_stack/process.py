"""A server as a process of its own: started when it answers, known by a lock that dies with it, stopped for certain.

The pid file of a server is locked by the server itself, through a descriptor it inherits. Whoever can take that lock
knows that the server is gone, however it ended, and a pid is only trusted (and signalled) while the lock is held: a
stale file never names a stranger.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

LOOPBACK = "127.0.0.1"
# The server itself notes its pid, so that it can be ended even if whoever starts it is ended first.
_NOTE_PID_AND_RUN = 'echo $$ "$2" > "$1" && shift 2 && exec "$@"'
_POLL_SECONDS = 0.02
_LOG_LINES_SHOWN = 15


class StackError(Exception):
    """Something that the user can do something about; the message says what happened, where, and what to do."""


@dataclass(frozen=True)
class Program:
    """How to run one server.

    Attributes:
        command: Gives the command line for the port that the server shall listen on.
        health: Path that answers 200 as soon as the server can be used.
        environment: All of the environment that the server gets, PATH and the like aside.
        ready_within: Seconds after which a server that does not answer counts as failed.
        warm_up: Called with the port once the server answers, before anyone else may use it.
    """

    command: Callable[[int], list[str]]
    health: str
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_within: float = 90.0
    warm_up: Callable[[int], None] = lambda _port: None


class Server:
    """One server in one folder, which holds its pid file, its log and whatever it keeps.

    The same folder finds the same server again from any process.

    Args:
        name: What messages call it; also the name of its pid and log files.
        folder: Where its files are; made when missing.
        program: Says how to run it; asked at each start.
        process_group: The process group that it joins; by default it outlives the session that starts it.
    """

    def __init__(
        self, name: str, folder: Path, program: Callable[[], Program], *, process_group: int | None = None
    ) -> None:
        self.name = name
        self.folder = folder.absolute()
        self.log = self.folder / f"{name}.log"
        self._program = program
        self._process_group = process_group
        self._pid_file = self.folder / f"{name}.pid"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the process is alive."""
        try:
            with self._pid_file.open("rb") as lock:
                return not _lock(lock.fileno(), fcntl.LOCK_SH)
        except FileNotFoundError:
            return False

    @property
    def pid(self) -> int:
        """Its process id.

        Raises:
            StackError: It is not running.
        """
        pid = self._find_pid()
        if pid is None:
            raise StackError(f"{self.name} is not running; its log is {self.log}")
        return pid

    @property
    def port(self) -> int | None:
        """The port that it listens on, or, when it is not running, listened on last."""
        return self._record()[1]

    @property
    def url(self) -> str:
        """Its address.

        Raises:
            StackError: It has never run.
        """
        if self.port is None:
            raise StackError(f"{self.name} was never started in {self.folder}")
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Starts the server, on the port it had last if that is free, and returns when it answers.

        Raises:
            StackError: It runs already, its program is missing, it ended at once, or it did not answer in time; then
                nothing is left running.
        """
        with self.launching() as wait_until_ready:
            wait_until_ready()

    @contextlib.contextmanager
    def launching(self) -> Iterator[Callable[[], None]]:
        """Like `start`, for servers that start at the same time: gives the function that waits until this one answers.

        Raises:
            StackError: As for `start`; that function raises the last two.
        """
        program = self._program()
        self.folder.mkdir(parents=True, exist_ok=True)
        with _reserve_port(self.port) as port:
            self._launch(program, port)
            yield partial(self._wait_until_ready, program, port)

    def stop(self, *, within: float = 10.0) -> None:
        """Ends the server if it runs: politely, then, after `within` seconds, by force. Returns when it is gone."""
        if not (self._end(signal.SIGTERM, within) or self._end(signal.SIGKILL, within)):
            raise StackError(f"{self.name} (process {self._find_pid()}) cannot be ended")

    def kill(self) -> None:
        """Ends the server without warning, as `kill -9` does. Returns when it is gone."""
        self._end(signal.SIGKILL, 10.0)

    def _launch(self, program: Program, port: int) -> None:
        with self._pid_file.open("a+b") as lock:
            if self.is_running or not _lock(lock.fileno(), fcntl.LOCK_EX, within=1.0):
                raise StackError(f"{self.name} runs already in {self.folder}")
            lock.truncate(0)  # the old pid would be a stranger's
            with self.log.open("wb") as log:
                self._child = subprocess.Popen(  # noqa: S603 - the commands are this package's own
                    ["/bin/sh", "-c", _NOTE_PID_AND_RUN, "sh", str(self._pid_file), str(port), *program.command(port)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    env=_base_environment() | dict(program.environment),
                    pass_fds=[lock.fileno()],
                    # Either way Ctrl-C reaches the parent alone, which then stops its servers.
                    start_new_session=self._process_group is None,
                    process_group=self._process_group,
                )

    def _record(self) -> tuple[int | None, int | None]:
        """The pid and the port of the last start, as far as they can be read."""
        try:
            pid, port = map(int, self._pid_file.read_text().split())
        except (FileNotFoundError, ValueError):
            return None, None
        return pid, port

    def _find_pid(self) -> int | None:
        if self._child is not None and self._child.poll() is None:
            return self._child.pid
        return self._record()[0] if self.is_running else None

    def _end(self, signal_number: int, within: float) -> bool:
        deadline = time.monotonic() + within
        was_running, was_told = self.is_running, False
        # A dying process may let go of its lock a moment before it lets go of its port.
        while self.is_running or (was_running and self._is_port_taken()):
            pid = None if was_told else self._find_pid()
            if pid is not None:  # it may be so new that it has not noted its pid yet
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal_number)
                was_told = True
            if time.monotonic() > deadline:
                return not self.is_running
            time.sleep(_POLL_SECONDS)
        if self._child is not None:
            self._child.wait()
            self._child = None
        return True

    def _is_port_taken(self) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            return self.port is not None and probe.connect_ex((LOOPBACK, self.port)) == 0

    def _wait_until_ready(self, program: Program, port: int) -> None:
        assert self._child is not None  # noqa: S101 - tells the type checker what was just done
        deadline = time.monotonic() + program.ready_within
        while not _answers(port, program.health):
            if self._child.poll() is not None:
                raise StackError(f"{self.name} ended with exit code {self._child.returncode}{self._log_end()}")
            if time.monotonic() > deadline:
                self.kill()
                seconds = program.ready_within
                raise StackError(f"{self.name} did not answer within {seconds:g} s{self._log_end()}")
            time.sleep(_POLL_SECONDS)
        try:
            program.warm_up(port)
        except (OSError, http.client.HTTPException, StackError) as error:
            self.kill()
            raise StackError(f"{self.name} answers, but cannot be used: {error}{self._log_end()}") from error

    def _log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
        return f"; the end of its log ({self.log}):\n" + "\n".join(f"    {line}" for line in lines)


def _lock(descriptor: int, mode: int, *, within: float = 0.0) -> bool:
    """Whether the lock could be had; `within` outlasts those who only look whether the server is there."""
    deadline = time.monotonic() + within
    while True:
        try:
            fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        else:
            return True


@contextlib.contextmanager
def _reserve_port(preferred: int | None) -> Iterator[int]:
    """Gives a free port, `preferred` if possible; nobody else is given it before the server has taken it.

    A socket that is bound but does not listen keeps the port from everyone except those who name it. Only Linux lets
    the server bind beside it; elsewhere the port is merely free at this moment.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind((LOOPBACK, preferred or 0))
        except OSError:
            holder.bind((LOOPBACK, 0))
        port: int = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()
        yield port


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _base_environment() -> dict[str, str]:
    """What any program needs, and nothing that could change what the server does (proxies, settings, secrets)."""
    return {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG", "LC_ALL") if name in os.environ}
