"""Runs the real tap and the real target as processes joined by a pipe, as `meltano run` does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_stack.testing import GitHubServer, Warehouse

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
FROM_THE_BEGINNING = "2000-01-01T00:00:00Z"


def project_config(plugin: Path) -> dict[str, Any]:
    """The configuration that the project ships for a plugin, without the values taken from the environment."""
    definition = yaml.safe_load((ROOT / "plugins" / plugin).read_text())
    [(plugin_definition,)] = definition["plugins"].values()
    config = plugin_definition.get("config", {})
    return {name: value for name, value in config.items() if "$" not in json.dumps(value)}


def base_environment() -> dict[str, str]:
    """What the processes inherit: nothing of the developer's own settings."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


@dataclass(frozen=True)
class Run:
    """What one run of the pipeline left behind."""

    states: list[dict[str, Any]]
    tap_log: str
    target_log: str

    @property
    def state(self) -> dict[str, Any]:
        """The last STATE that the target printed."""
        return self.states[-1]


@dataclass
class Pipeline:
    """The tap and the target between one simulated GitHub and one warehouse.

    The state of each run is the start of the next, as Meltano would do it.
    """

    github: GitHubServer
    warehouse: Warehouse
    folder: Path
    state: dict[str, Any] | None = None
    tap_config: dict[str, Any] = field(default_factory=lambda: {"start_date": FROM_THE_BEGINNING})
    target_config: dict[str, Any] = field(
        default_factory=lambda: project_config(Path("loaders/target-bigquery-merge.meltano.yml"))
    )

    @property
    def environment(self) -> dict[str, str]:
        """The environment of both processes: the local servers and nothing of the developer's own."""
        return base_environment() | self.github.env | self.warehouse.env

    def _write(self, name: str, content: Mapping[str, Any]) -> str:
        path = self.folder / name
        path.write_text(json.dumps(content))
        return str(path)

    def tap_command(self, *more: str) -> list[str]:
        """The tap's command line; settings of the servers come from the environment."""
        command = [str(BIN / "tap-github-stats"), "--config", self._write("tap.json", self.tap_config)]
        if self.state is not None:
            command += ["--state", self._write("state.json", self.state)]
        return [*command, "--config", "ENV", *more]

    def target_command(self) -> list[str]:
        """The target's command line."""
        config = self._write("target.json", self.target_config)
        return [str(BIN / "target-bigquery-merge"), "--config", config, "--config", "ENV"]

    def run(self, *, into: Sequence[str] | None = None) -> Run:
        """Runs once to the end and keeps the state; fails with both logs when either process fails."""
        tap_errors, target_errors = self.folder / "tap.log", self.folder / "target.log"
        with tap_errors.open("w") as tap_log, target_errors.open("w") as target_log:
            tap = subprocess.Popen(self.tap_command(), stdout=subprocess.PIPE, stderr=tap_log, env=self.environment)
            target = subprocess.Popen(
                into or self.target_command(),
                stdin=tap.stdout,
                stdout=subprocess.PIPE,
                stderr=target_log,
                env=self.environment,
                cwd=self.folder,
                text=True,
            )
            assert tap.stdout is not None
            tap.stdout.close()
            output, _ = target.communicate()
            codes = tap.wait(), target.returncode
        run = Run([json.loads(line) for line in output.splitlines()], tap_errors.read_text(), target_errors.read_text())
        assert codes == (0, 0), f"exit codes {codes}\n--- tap\n{run.tap_log}\n--- target\n{run.target_log}"
        if run.states:
            self.state = run.state
        return run
