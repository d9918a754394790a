"""The SDK's standard tests for targets. None is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from singer_sdk.testing import get_target_test_class
from target_bigquery_merge.target import TargetBigQueryMerge

if TYPE_CHECKING:
    from local_stack.testing import Warehouse

CONFIG: dict[str, str] = {"project": "", "dataset": "", "bucket": ""}

StandardTests = get_target_test_class(TargetBigQueryMerge, config=CONFIG, parse_env_config=False)


class TestStandard(StandardTests):  # type: ignore[misc, valid-type] # the class is made at run time
    @pytest.fixture(autouse=True)
    def _warehouse(self, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("BIGQUERY_EMULATOR_HOST", "STORAGE_EMULATOR_HOST"):
            monkeypatch.setenv(name, warehouse.env[name])
        CONFIG.update(project=warehouse.project, dataset=warehouse.dataset, bucket=warehouse.bucket)
