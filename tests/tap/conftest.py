"""Fixtures of the tap's tests."""

from __future__ import annotations

import pytest
from hypothesis import settings
from tap_github_stats.governor import Governor

# How long an example takes says nothing here: the machine may be busy.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waiting takes no time: the governor's clock jumps on. Gives the seconds of each wait."""
    waits: list[float] = []

    def pause(self: Governor, seconds: float) -> None:
        self.waited += seconds
        waits.append(seconds)

    monkeypatch.setattr(Governor, "pause", pause)
    monkeypatch.setattr(Governor, "now", lambda _: sum(waits))
    return waits
