"""Set-up finds what the machine has, does nothing twice, and says what to do where it cannot go on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from scripts import setup

VERSION = "{}.{}".format(*sys.version_info[:2])


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any Python of this version: what is on PATH and in HOME is in this folder."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    monkeypatch.setattr(setup, "UV", Path("/bin/false"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    (tmp_path / "bin").mkdir()
    return tmp_path


def link_python(folder: Path) -> Path:
    folder.mkdir(parents=True)
    link = folder / f"python{VERSION}"
    link.symlink_to(os.path.realpath(Path(os.__file__).parents[2] / "bin" / f"python{VERSION}"))
    return link


def put_shim_on_path(folder: Path) -> None:
    """A shim of pyenv for a version that is not chosen: it is there, and fails."""
    shim = folder / "shims" / f"python{VERSION}"
    shim.parent.mkdir(parents=True)
    shim.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    os.environ["PATH"] = str(shim.parent)


def test_a_shim_that_does_not_run_leads_to_the_build_behind_it(bare_machine: Path) -> None:
    build = link_python(bare_machine / "pyenv" / "versions" / f"{VERSION}.1" / "bin")
    put_shim_on_path(bare_machine / "pyenv")
    assert setup.find_python(VERSION, "a test") == build


def test_pyenv_is_found_by_its_variable_and_in_the_home_folder(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home = link_python(bare_machine / "home" / ".pyenv" / "versions" / f"{VERSION}.0" / "bin")
    assert setup.find_python(VERSION, "a test") == at_home
    elsewhere = link_python(bare_machine / "opt" / "versions" / f"{VERSION}.0" / "bin")
    monkeypatch.setenv("PYENV_ROOT", str(bare_machine / "opt"))
    assert setup.find_python(VERSION, "a test") == elsewhere


def test_a_named_python_comes_first(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link_python(bare_machine / "home" / ".pyenv" / "versions" / f"{VERSION}.0" / "bin")
    named = link_python(bare_machine / "named")
    monkeypatch.setenv(f"PYTHON{VERSION.replace('.', '')}", str(named))
    assert setup.find_python(VERSION, "a test") == named


@pytest.mark.usefixtures("bare_machine")
def test_a_missing_python_says_what_to_do() -> None:
    with pytest.raises(setup.SetupError, match=r"(?s)no Python 3\.99 was found.*PYTHON399=/path/to/python3\.99"):
        setup.find_python("3.99", "a test")


def test_a_step_is_done_once_and_again_when_something_changed(tmp_path: Path) -> None:
    with setup.Step("a step", tmp_path / "made", "version 1") as step:
        assert step.needed
    assert not setup.Step("a step", tmp_path / "made", "version 1").needed
    assert setup.Step("a step", tmp_path / "made", "version 2").needed


def test_a_step_that_failed_is_done_again(tmp_path: Path) -> None:
    with pytest.raises(setup.SetupError, match="a step failed"), setup.Step("a step", tmp_path, "version 1") as step:
        step.run("false")
    assert setup.Step("a step", tmp_path, "version 1").needed
