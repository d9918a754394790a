"""Copies of the Meltano project, with a state and a `.env` of their own, on the plugins that set-up installed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PLUGINS: Final = {"extractors": "tap-github-stats", "loaders": "target-bigquery-merge"}


def copy_project(folder: Path, *, installed: bool = True) -> None:
    """Copy what the project is made of into a new folder, without anything that a run or a `.env` left behind.

    Args:
        folder: Where to; it must not exist.
        installed: Whether the copy uses the plugin environments of this checkout; otherwise it has none yet.

    Raises:
        FileNotFoundError: The plugins of this checkout are not installed.
    """
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "meltano.yml", folder)
    shutil.copy(ROOT / "constraints.txt", folder)
    shutil.copytree(ROOT / "plugins", folder / "plugins")
    for kind, plugin in PLUGINS.items():
        (folder / plugin).symlink_to(ROOT / plugin)
        if installed:
            environment = ROOT / ".meltano" / kind / plugin / "venv"
            if not environment.exists():
                raise FileNotFoundError(f"{environment} is missing: run `make setup`")
            (folder / ".meltano" / kind / plugin).mkdir(parents=True)
            (folder / ".meltano" / kind / plugin / "venv").symlink_to(environment)
