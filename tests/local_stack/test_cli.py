"""`local-stack` says what it does, and why it does not; wrong usage starts nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from local_stack.stack import Stack

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = ("up", "env", "truth", "evolve", "requests", "down")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "it's a stack"


def run(*arguments: object, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local_stack", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | env,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = run(command, "--help")
    assert result.returncode == 0
    assert "--data DIR" in result.stdout


def test_help_loads_no_server_and_no_simulator() -> None:
    loaded = run_python("import sys, local_stack.cli; print(*sys.modules)").split()
    heavy = {"google", "graphql", "pytest", "starlette", "uvicorn", "local_stack.stack", "local_stack.simulator"}
    assert not heavy.intersection(loaded)


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "arguments", [("env",), ("truth", "commits"), ("requests",), ("evolve", "--days=1", "--seed=1")]
)
def test_without_a_stack_the_exit_code_is_3_and_nothing_is_made(folder: Path, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, "--data", folder)
    assert result.returncode == 3
    assert result.stderr == f"local-stack: There is no stack in {folder}; `local-stack up` makes one\n"
    assert not folder.exists()


def test_down_without_a_stack_is_no_error(folder: Path) -> None:
    result = run("down", "--data", folder)
    assert (result.returncode, result.stdout) == (0, "nothing was running\n")
    assert not folder.exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("up", "--now", "yesterday"), "'yesterday' is not a timestamp like 2026-01-31T12:00:00Z"),
        (("up", "--pull-requests", "-1"), "-1 is not in the range x>=0"),
        (("up", "--recordings", "/does/not/exist"), "does not exist"),
        (("evolve", "--days", "1"), "Missing option '--seed'"),
        (("sideways",), "No such command 'sideways'"),
    ],
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], complaint: str) -> None:
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert complaint in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    mode = tmp_path.stat().st_mode
    for command in (("up", "--detach"), ("down", "--purge")):
        result = run(*command, "--data", tmp_path)
        assert result.returncode == 1
        assert result.stderr == (
            f"local-stack: {tmp_path} holds other things (thesis.txt); name an empty folder with --data\n"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert tmp_path.stat().st_mode == mode


def test_the_default_folder_is_beside_the_nearest_meltano_yml(tmp_path: Path) -> None:
    project = tmp_path.resolve() / "project"
    (project / "deep" / "down").mkdir(parents=True)
    (project / "meltano.yml").touch()
    assert f"no stack in {project}/.local-stack;" in run("env", cwd=project / "deep" / "down").stderr
    assert f"no stack in {tmp_path.resolve()}/.local-stack;" in run("env", cwd=tmp_path).stderr
    named = run("env", cwd=project, LOCAL_STACK_DATA=str(tmp_path / "named"))
    assert f"no stack in {tmp_path}/named;" in named.stderr


def test_an_empty_github_is_refused(folder: Path) -> None:
    result = run("up", "--detach", "--repositories", 0, "--data", folder)
    assert result.returncode == 1
    assert result.stderr.startswith("local-stack: 0 repositories and no recordings would make an empty GitHub")


def test_up_says_which_program_is_missing_and_leaves_nothing_running(folder: Path) -> None:
    result = run("up", "--detach", "--data", folder, LOCAL_STACK_BIGQUERY="/no/local-bigquery")
    assert result.returncode == 1
    assert result.stderr == "local-stack: LOCAL_STACK_BIGQUERY names /no/local-bigquery, which is not a program\n"
    assert "nothing was running" in run("down", "--purge", "--data", folder).stdout
    assert not folder.exists()


def test_ctrl_c_while_servers_start_leaves_nothing_running(folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "local-bigquery"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nkill -INT $PPID\nexec sleep 1000\n")
    program.chmod(0o700)
    for name in ("ducklake", "httpfs", "icu", "spatial"):
        extension = f"lib/python3.13/site-packages/duckdb_extension_{name}/extensions/v1/{name}.duckdb_extension"
        (tmp_path / extension).parent.mkdir(parents=True)
        (tmp_path / extension).touch()
    assert run("up", "--detach", "--data", folder, LOCAL_STACK_BIGQUERY=str(program)).returncode == 1
    assert not any(server.is_running for server in Stack(folder).servers)
    assert not Stack(folder).folder.exists()


def test_up_says_that_an_extension_is_missing(folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "local-bigquery"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    result = run("up", "--detach", "--data", folder, LOCAL_STACK_BIGQUERY=str(program))
    assert result.returncode == 1
    assert result.stderr == (
        f"local-stack: The DuckDB extension ducklake is not installed beside {program}: "
        "install duckdb-extension-ducklake into that environment\n"
    )
