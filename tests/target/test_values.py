"""A value is stored exactly, or refused with a reason."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_bigquery_merge import values


@pytest.mark.parametrize(
    ("given_text", "stored"),
    [
        ("2024-01-31T23:59:59Z", "2024-01-31T23:59:59Z"),
        ("2024-01-31T23:59:59.5Z", "2024-01-31T23:59:59.5Z"),
        ("2024-01-31T23:59:59+00:00", "2024-01-31T23:59:59Z"),
        ("2024-01-31 23:59:59.123456-05:30", "2024-02-01T05:29:59.123456Z"),
        ("2024-01-31T23:59:59", "2024-01-31T23:59:59Z"),
        ("2024-01-31", "2024-01-31T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_timestamps_are_spelled_in_utc_with_z(given_text: str, stored: str) -> None:
    assert values.timestamp(given_text) == stored


@pytest.mark.parametrize(
    "wrong",
    [
        "10000-01-01T00:00:00Z",
        "0000-12-31T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2024-02-30T00:00:00Z",
        "2024-01-01T25:00:00Z",
        "2024-01-01T23:59:60Z",
        "yesterday",
        "1712010912345",
        "",
        "२०२४-01-01T00:00:00Z",
    ],
)
def test_times_out_of_range_are_refused_not_clamped(wrong: str) -> None:
    with pytest.raises(ValueError, match="0001 to 9999"):
        values.timestamp(wrong)


@given(st.integers(2 * 86_400, 3_650_000 * 86_400), st.integers(0, 999_999), st.integers(-1439, 1439))
def test_any_spelling_of_a_moment_is_stored_as_that_moment(seconds: int, micros: int, offset: int) -> None:
    moment = datetime(1, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micros)
    spelled = moment.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    stored = values.timestamp(spelled)
    assert stored.endswith("Z")
    assert datetime.fromisoformat(stored) == moment


@pytest.mark.parametrize(
    ("convert", "value"),
    [
        (values.integer, True),
        (values.integer, "1"),
        (values.integer, 1.5),
        (values.integer, math.nan),
        (values.integer, 2**63),
        (values.integer, -(2**63) - 1),
        (values.number, "1.0"),
        (values.number, True),
        (values.number, math.nan),
        (values.number, math.inf),
        (values.number, 10**400),
        (values.boolean, 1),
        (values.boolean, "true"),
        (values.string, 1),
        (values.string, ["x"]),
        (values.timestamp, 1700000000),
        (values.calendar_date, "2024-13-01"),
        (values.calendar_date, "2024-01-01T00:00:00Z"),
        (values.time_of_day, "25:00"),
        (values.time_of_day, "12:00:00+02:00"),
        (values.decimal(29, 9), Decimal("0.0000000001")),
        (values.decimal(29, 9), 10**29),
        (values.decimal(29, 9), math.nan),
        (values.decimal(29, 9), "1.5"),
        (values.json_text, {"a": [1, math.inf]}),
        (values.json_text, {"a": 2**64}),
    ],
)
def test_what_cannot_be_stored_as_it_is_is_refused(convert: Any, value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        convert(value)


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_integer_of_64_bits_keeps_its_digits(number: int) -> None:
    assert int(values.integer(number)) == number


def test_integers_that_a_float_cannot_hold_are_sent_as_text() -> None:
    assert values.integer(2**53 - 1) == 2**53 - 1
    assert values.integer(2**53) == str(2**53)
    assert values.integer(3.0) == 3


@pytest.mark.parametrize(
    ("number", "stored"),
    [
        (1, "1"),
        (0.1, "0.1"),
        (Decimal("12345678901234567890.123456789"), "12345678901234567890.123456789"),
        (1e3, "1000.0"),
    ],
)
def test_decimals_keep_their_digits(number: float | Decimal, stored: str) -> None:
    assert values.decimal(29, 9)(number) == stored


def test_json_is_text() -> None:
    assert values.json_text({"a": [1, None, "é", 0.1]}) == '{"a":[1,null,"é",0.1]}'
    assert values.json_text("text") == '"text"'


def bigquery_spells(number: float) -> str:
    """How PARSE_JSON spells a number to see whether it is the one that it was given."""
    short = f"{number:.15g}"
    return short if float(short) == number else f"{number:.17g}"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_decimal_in_json_is_spelled_so_that_bigquery_takes_it(number: float) -> None:
    # Not end to end: the local BigQuery takes any spelling.
    assert Decimal(values.json_text(number)) == Decimal(bigquery_spells(number))


def test_json_decimals_of_more_digits_are_rounded() -> None:
    assert values.json_text({"a": Decimal("0.2002386475503002")}) == '{"a":0.20023864755030019}'
    assert values.json_text([Decimal("0.12345678901234567890123")]) == "[0.12345678901234568]"
