"""Fixtures of the target's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .helpers import Loading

if TYPE_CHECKING:
    from local_stack.testing import Warehouse


@pytest.fixture
def loading(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Loading:
    for name in ("BIGQUERY_EMULATOR_HOST", "STORAGE_EMULATOR_HOST"):
        monkeypatch.setenv(name, warehouse.env[name])
    config = {"project": warehouse.project, "dataset": warehouse.dataset, "bucket": warehouse.bucket}
    return Loading(warehouse, config)
