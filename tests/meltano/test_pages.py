"""The commands of the documentation do what they are there for, as written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local_stack.simulator import generator

from scripts.meltano_project import ROOT

if TYPE_CHECKING:
    from local_stack.testing import GitHubFactory, Warehouse

    from tests.meltano.conftest import Project

BIN = Path(sys.executable).parent


def commands(page: str) -> str:
    """All shell blocks of a page as one script."""
    return "".join(re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.DOTALL | re.MULTILINE))


def run(script: str, project: Project, **variables: str) -> str:
    environment = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(project.folder),
        "NO_COLOR": "1",
        **project.environment,
        **variables,
    }
    result = subprocess.run(
        ["bash", "-ec", script], cwd=project.folder, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_page_about_the_local_stack_runs_as_written(project: Project) -> None:
    (project.folder / ".venv").symlink_to(BIN.parent)
    try:
        output = run(commands("local-stack.md"), project)
    finally:
        run("local-stack down --purge", project)
    assert "started" in output
    assert '"pr_number"' in output
    assert "Hydrate" in output
    assert output.rstrip().endswith("stopped")


def test_the_page_about_operation_runs_as_written(
    project: Project, github: GitHubFactory, warehouse: Warehouse
) -> None:
    world = generator.generate(organization="acme", repositories=2, pull_requests=10, seed=1, now=int(time.time()))
    project.environment |= github(world).env | warehouse.env
    output = run(commands("operation.md"), project)
    assert "pull_requests" in output
    assert '"watermark"' in output
    assert len(warehouse.rows("pull_requests")) == 10
