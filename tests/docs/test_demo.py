"""The demo works, and the README shows what it prints."""

from __future__ import annotations

import re
import subprocess
import sys

from scripts.meltano_project import ROOT


def steady(output: str) -> list[str]:
    """The lines of a demo's output that are the same on every machine: without how long anything took.

    Nor do they tell how many requests a run needed: a machine that is slow enough to be asked twice needs more.
    """
    varying = re.compile(r"\d+(?= s\b| requests\b| points\b)")
    lines = [varying.sub("N", line.rstrip()) for line in output.splitlines()]
    # How far a run was after so many seconds.
    return [line for line in lines if not re.match(r" +N s ", line)]


def test_the_demo_succeeds_and_prints_what_the_readme_shows() -> None:
    demo = subprocess.run([sys.executable, "-m", "scripts.demo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    readme = (ROOT / "README.md").read_text()
    shown = readme.partition("<!-- demo -->\n\n```text\n")[2].partition("\n```\n")[0]
    _, heading, printed = demo.stdout.partition("First run: everything")
    assert steady(heading + printed) == steady(shown), "make demo, and show in README.md what it prints"
