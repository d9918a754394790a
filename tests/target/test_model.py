"""Random streams of messages leave the tables that a plain-Python model of them says."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .helpers import record, schema, state

if TYPE_CHECKING:
    from .helpers import Loading

counter = itertools.count()

PROPERTIES = {
    "a": {"type": "integer"},
    "b": {"type": ["string", "null"]},
    "at": {"type": ["string", "null"], "format": "date-time"},
    "v": {"type": ["integer", "null"]},
    "tags": {"type": "array", "items": {"type": "string"}},
    "free": {},
}
TIMES = st.sampled_from([None, "2024-01-01T00:00:00Z", "2024-01-02T23:59:59.999999Z", "2025-05-05T05:05:05Z"])
RECORDS = st.fixed_dictionaries(
    {
        "a": st.integers(1, 3),
        "b": st.sampled_from([None, "", "x"]),
        "at": TIMES,
        "v": st.integers(0, 2) | st.none(),
        "tags": st.lists(st.text(st.characters(codec="utf-8"), max_size=3), max_size=2),
        "free": st.sampled_from([None, 1, "t", {"k": [1, None]}, [], {}]),
    }
)
OBSERVED = st.sampled_from([f"2024-06-0{day}T00:00:00Z" for day in range(1, 4)])
MESSAGES = st.lists(st.tuples(OBSERVED, RECORDS) | st.just("STATE"), max_size=12)


def expected(runs: list[list[Any]], *, by_version: bool) -> list[dict[str, Any]]:
    """What the table holds after these runs: of each key, the record with the highest version."""
    found: dict[Any, tuple[Any, dict[str, Any]]] = {}
    for run, messages in enumerate(runs):
        for ordinal, message in enumerate(messages):
            if message == "STATE":
                continue
            observed, values = message
            version = values["v"] if by_version and values["v"] is not None else -1
            order = (version if by_version else 0, observed, run, ordinal)
            key = (values["a"], values["b"])
            if key not in found or found[key][0] <= order:
                found[key] = (order, values)
    return [values for _, values in found.values()]


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    runs=st.lists(MESSAGES, min_size=1, max_size=3),
    by_version=st.booleans(),
    partitioned=st.booleans(),
    rows=st.integers(1, 4),
)
def test_any_messages_give_the_table_of_the_model(
    loading: Loading, runs: list[list[Any]], *, by_version: bool, partitioned: bool, rows: int
) -> None:
    name = f"s{next(counter)}"
    stream: dict[str, Any] = {"partition_field": "at" if partitioned else None}
    if by_version:
        stream["version_field"] = "v"
    for messages in runs:
        printed = loading.run(
            [
                schema(name, PROPERTIES, ["a", "b"]),
                *(
                    state(at=number) if message == "STATE" else record(name, message[1], message[0])
                    for number, message in enumerate(messages)
                ),
            ],
            streams={name: stream},
            batch_size_rows=rows,
        )
        states = [number for number, message in enumerate(messages) if message == "STATE"]
        assert [each["at"] for each in printed][-1:] == states[-1:]

    def ordered(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted(found, key=lambda row: (row["a"], str(row["b"])))

    assert ordered(loading.rows(name)) == ordered(expected(runs, by_version=by_version))
