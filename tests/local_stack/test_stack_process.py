"""A server counts as started when it answers, as running while it lives, and as stopped when it is gone."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest
from local_stack.process import Program, Server, StackError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANSWERS = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/ready" else 404)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ANSWERS


def server_of(folder: Path, script: str, *, ready_within: float = 30.0) -> Server:
    program = Program(lambda port: [sys.executable, "-c", script, str(port)], "/ready", ready_within=ready_within)
    return Server("echo", folder, lambda: program)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = server_of(tmp_path / "echo's", ANSWERS)
    yield server
    server.stop()


def answers(server: Server) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port or 0)).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_started_server_answers_and_is_found_from_its_folder_alone(server: Server) -> None:
    server.start()
    assert answers(server)
    same = server_of(server.folder, ANSWERS)
    assert (same.is_running, same.pid, same.url) == (True, server.pid, server.url)


def test_a_server_is_not_started_twice(server: Server) -> None:
    server.start()
    pid = server.pid
    with pytest.raises(StackError, match="echo runs already in "):
        server_of(server.folder, ANSWERS).start()
    assert server.pid == pid


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_an_ended_server_is_known_to_be_gone(server: Server, end: str) -> None:
    server.start()
    getattr(server, end)()
    assert not server.is_running
    assert not answers(server)
    with pytest.raises(StackError, match=r"echo is not running; its log is .*echo\.log"):
        _ = server.pid


def test_a_server_keeps_its_port(server: Server) -> None:
    server.start()
    port = server.port
    server.kill()
    server.start()
    assert server.port == port


def test_a_server_moves_when_its_port_is_taken(server: Server) -> None:
    server.start()
    port = server.port
    server.stop()
    with socket.create_server(("127.0.0.1", port or 0)):
        server.start()
        assert server.port != port


def test_a_server_that_ignores_sigterm_is_ended_by_force(tmp_path: Path) -> None:
    server = server_of(tmp_path, IGNORES_SIGTERM)
    server.start()
    server.stop(within=0.1)
    assert not server.is_running


def test_a_server_that_ends_at_once_is_an_error_with_the_end_of_its_log(tmp_path: Path) -> None:
    server = server_of(tmp_path, "import sys; sys.exit('no such luck')")
    with pytest.raises(StackError, match=r"echo ended with exit code 1.*echo\.log\):\n    no such luck"):
        server.start()
    assert not server.is_running


def test_a_server_that_never_answers_is_ended(tmp_path: Path) -> None:
    server = server_of(tmp_path, "import signal; signal.pause()", ready_within=0.2)
    with pytest.raises(StackError, match=r"echo did not answer within 0\.2 s"):
        server.start()
    assert not server.is_running


def test_a_stale_pid_file_never_names_a_stranger(server: Server) -> None:
    server.start()
    server.kill()
    (server.folder / "echo.pid").write_text(f"{os.getpid()} {server.port}")
    assert not server.is_running
    server.stop()
    server.start()
    assert server.pid != os.getpid()


def test_a_damaged_pid_file_does_no_harm(server: Server) -> None:
    server.folder.mkdir()
    (server.folder / "echo.pid").write_bytes(b"\x00 no number")
    assert not server.is_running
    server.start()
    assert answers(server)


def test_settings_and_proxies_of_the_caller_do_not_reach_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example")
    monkeypatch.setenv("DATA_DIR", "/elsewhere")
    server = server_of(tmp_path, "import os; print(sorted(os.environ)); raise SystemExit(1)")
    with pytest.raises(StackError) as caught:
        server.start()
    assert "HTTP_PROXY" not in str(caught.value)
    assert "DATA_DIR" not in str(caught.value)
