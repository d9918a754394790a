"""A Meltano project of a test's own: the files of the checkout, the plugin environments that set-up installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.meltano_project import copy_project

if TYPE_CHECKING:
    from collections.abc import Mapping

MELTANO = Path(sys.executable).parent / "meltano"
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Project:
    """A copy of the project, with a state, a system database and a `.env` of its own.

    Commands see none of the developer's variables, and no way out of the machine for HTTP: whoever calls the hub, or
    any other host, fails.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write_dotenv(self, variables: Mapping[str, str]) -> None:
        """Writes the `.env` of the project."""
        (self.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))

    def attempt(self, *arguments: str, stdin: str = "", **shell: str) -> subprocess.CompletedProcess[str]:
        """Runs a Meltano command with these variables in its shell."""
        environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), NOWHERE),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1"),
            "HOME": str(self.folder),
            "NO_COLOR": "1",
            **self.environment,
            **shell,
        }
        command = [str(MELTANO), *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=environment, input=stdin, capture_output=True, text=True, check=False
        )

    def meltano(self, *arguments: str, stdin: str = "", **shell: str) -> str:
        """Runs a Meltano command that must succeed, and gives what it printed on standard output."""
        result = self.attempt(*arguments, stdin=stdin, **shell)
        assert result.returncode == 0, f"meltano {arguments} exited {result.returncode}\n{result.stdout}{result.stderr}"
        return result.stdout

    def config(self, plugin: str, *options: str, **shell: str) -> dict[str, Any]:
        """The configuration that Meltano hands over to a plugin."""
        config: dict[str, Any] = json.loads(self.meltano(*options, "invoke", "--dump=config", plugin, **shell))
        return config


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose plugins are installed already."""
    copy_project(tmp_path / "project")
    return Project(tmp_path / "project")
