"""Whether a table holds what GitHub holds: its rows beside the rows of the truth, key by key, column by column."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Row: TypeAlias = Mapping[str, Any]
    Key: TypeAlias = tuple[Any, ...]

KEYS: Final[Mapping[str, Sequence[str]]] = {
    "repositories": ("repository", "organization"),
    "pull_requests": ("pr_number", "repository", "organization"),
    "commits": ("sha", "repository", "organization"),
    "pull_request_commits": ("sha", "pr_number", "repository", "organization"),
    "reviews": ("review_id", "repository", "organization"),
    "review_comments": ("comment_id", "repository", "organization"),
    "issue_comments": ("comment_id", "repository", "organization"),
}
_SHOWN: Final = 20
_VALUE_LENGTH: Final = 100


def compare(actual_rows: Iterable[Row], truth_rows: Iterable[Row], stream: str) -> list[str]:
    """Says how a table differs from the truth; an empty list means that they are equal.

    Every column of the truth is compared. Columns that the table has beside them (`ingestion_timestamp`, `_sdc_*`) are
    not, and the order of rows does not matter. Two fields of truth rows are rules instead of columns: any of
    `_pr_numbers` is right as `pr_number`, and a row with a true `_optional` may be missing.

    Args:
        actual_rows: The rows of the table, as `Warehouse.rows` gives them.
        truth_rows: The rows that it shall hold, as `local_stack.simulator.truth.rows` gives them.
        stream: Which stream they are of.

    Returns:
        One line for each difference, of each kind (missing, unexpected and doubled rows, wrong values) the first 20.

    Raises:
        KeyError: There is no such stream.
        ValueError: The truth has two rows of one key.
    """
    columns = KEYS[stream]
    actual = _by_key(actual_rows, columns)
    truth: dict[Key, Row] = {}
    for key, rows in _by_key(truth_rows, columns).items():
        if len(rows) > 1:
            raise ValueError(f"{stream}: the truth has {len(rows)} rows of {_name(columns, key)}")
        truth[key] = rows[0]
    missing = [key for key, row in truth.items() if key not in actual and not row.get("_optional")]
    unexpected = [key for key in actual if key not in truth]
    doubled = [key for key, rows in actual.items() if len(rows) > 1]
    wrong = [
        f"{stream}: {_name(columns, key)}: {difference}"
        for key, expected in truth.items()
        for row in actual.get(key, [])
        for difference in _differences(row, expected)
    ]
    return [
        *_limited([f"{stream}: missing {_name(columns, key)}" for key in missing]),
        *_limited([f"{stream}: unexpected {_name(columns, key)}" for key in unexpected]),
        *_limited([f"{stream}: {len(actual[key])} rows of {_name(columns, key)}" for key in doubled]),
        *_limited(wrong),
    ]


def _by_key(rows: Iterable[Row], columns: Sequence[str]) -> dict[Key, list[Row]]:
    found: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row.get(column) for column in columns)].append(row)
    return found


def _differences(actual: Row, expected: Row) -> list[str]:
    found = []
    for column, value in expected.items():
        if column.startswith("_"):
            continue
        if column not in actual:
            found.append(f"there is no column {column}")
        elif column == "pr_number" and "_pr_numbers" in expected:
            if actual[column] not in expected["_pr_numbers"]:
                found.append(f"{column} is {_value(actual[column])}, not one of {_value(expected['_pr_numbers'])}")
        elif type(actual[column]) is not type(value) or actual[column] != value:
            found.append(f"{column} is {_value(actual[column])}, not {_value(value)}")
    return found


def _name(columns: Sequence[str], key: Key) -> str:
    return "(" + ", ".join(f"{column}={value!r}" for column, value in zip(columns, key, strict=True)) + ")"


def _value(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _VALUE_LENGTH else f"{text[:_VALUE_LENGTH]}... ({len(text)} characters)"


def _limited(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _SHOWN else [*lines[:_SHOWN], f"... and {len(lines) - _SHOWN} more like these"]
