"""From values of JSON to values of BigQuery: one function a type, which checks and normalises, or says what is wrong.

Each raises `ValueError` with the reason; nothing is clamped, cut or guessed.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
UINT64_MAX = 2**64 - 1
# Beyond this BigQuery's loader wants integers as text.
SAFE_INTEGER = 2**53 - 1

_RFC3339_Z = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
_encoder = msgspec.json.Encoder(decimal_format="number")


def _wrong(wanted: str, value: object) -> ValueError:
    return ValueError(f"expected {wanted}, got {_SPOKEN.get(type(value), type(value).__name__)}")


_SPOKEN = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    Decimal: "a number",
    str: "a string",
    dict: "an object",
    list: "an array",
}


def string(value: Any) -> str:  # noqa: ANN401 -- whatever JSON holds
    """Take a string as it is."""
    if type(value) is str:
        return value
    raise _wrong("a string", value)


def boolean(value: Any) -> bool:  # noqa: ANN401
    """Take a boolean as it is."""
    if type(value) is bool:
        return value
    raise _wrong("a boolean", value)


def integer(value: Any) -> int | str:  # noqa: ANN401
    """Take an integer of 64 bits; 2.0 is one too."""
    if type(value) is not int:
        if type(value) not in {float, Decimal} or not math.isfinite(value) or value != int(value):
            raise _wrong("an integer", value)
        value = int(value)
    if -SAFE_INTEGER <= value <= SAFE_INTEGER:
        return value  # type: ignore[no-any-return] # int(value) of a float or Decimal
    if INT64_MIN <= value <= INT64_MAX:
        return str(value)
    raise ValueError("the integer is out of the range of 64 bits")


def number(value: Any) -> float:  # noqa: ANN401
    """Take a finite number."""
    if type(value) is float:
        result = value
    elif type(value) in {int, Decimal}:
        try:
            result = float(value)
        except OverflowError:
            result = math.inf
    else:
        raise _wrong("a number", value)
    if math.isfinite(result):
        return result
    raise ValueError("the number is not finite, or out of the range of FLOAT64")


def decimal(whole_digits: int, scale: int) -> Callable[[Any], str]:
    """Make the function for decimal numbers of at most that many digits before and after the point."""

    def convert(value: Any) -> str:  # noqa: ANN401
        if type(value) is bool or not isinstance(value, int | float | Decimal):
            raise _wrong("a number", value)
        exact = value if type(value) is Decimal else Decimal(str(value))
        try:
            fits = exact.is_finite() and abs(exact) < Decimal(10) ** whole_digits
        except InvalidOperation:
            fits = False
        if not fits:
            raise ValueError(f"the number is not finite, or has more than {whole_digits} digits before the point")
        exponent = exact.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > scale:
            raise ValueError(f"the number has more than {scale} digits after the point")
        return format(exact, "f")

    return convert


def timestamp(value: Any) -> str:  # noqa: ANN401
    """Take an RFC 3339 time and spell it in UTC with `Z`; a time without offset is in UTC.

    BigQuery counts microseconds: digits beyond are cut.
    """
    if type(value) is not str:
        raise _wrong("a date-time string", value)
    try:
        if value[4:5] != "-":
            raise ValueError("the year is not followed by a hyphen")  # noqa: TRY301 -- one way to say it
        moment = datetime.fromisoformat(value)
        if _RFC3339_Z.fullmatch(value):
            return value
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("it is not a date-time of the years 0001 to 9999, such as 2024-01-31T23:59:59Z") from error
    return f"{moment.replace(tzinfo=None).isoformat()}Z"


def calendar_date(value: Any) -> str:  # noqa: ANN401
    """Take an ISO date."""
    if type(value) is not str:
        raise _wrong("a date string", value)
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise ValueError("it is not a date of the years 0001 to 9999, such as 2024-01-31") from error


def time_of_day(value: Any) -> str:  # noqa: ANN401
    """Take an ISO time of day, without offset or in UTC."""
    if type(value) is not str:
        raise _wrong("a time string", value)
    try:
        moment = time.fromisoformat(value)
    except ValueError as error:
        raise ValueError("it is not a time of day, such as 23:59:59") from error
    if moment.utcoffset() not in {None, timedelta(0)}:
        raise ValueError("the time of day has an offset, which BigQuery's TIME cannot keep")
    return moment.replace(tzinfo=None).isoformat()


def json_text(value: Any) -> str:  # noqa: ANN401
    """Take any JSON value and spell it as text that PARSE_JSON takes; decimals are rounded to FLOAT64."""
    return _encoder.encode(_parsable(value)).decode()


def _parsable(value: Any) -> Any:  # noqa: ANN401
    kind = type(value)
    if kind is dict:
        return {name: _parsable(below) for name, below in value.items()}
    if kind is list:
        return [_parsable(below) for below in value]
    if kind is float or kind is Decimal:
        if not math.isfinite(rounded := float(value)):
            raise ValueError("a number in the JSON value is not finite")
        # PARSE_JSON refuses a number that changes on the way to FLOAT64 and back into 15 digits or, where these do not
        # tell it, 17: among them most numbers whose shortest spelling has 16.
        spelled = f"{rounded:.15g}"
        return Decimal(spelled if float(spelled) == rounded else f"{rounded:.17g}")
    if kind is int and not INT64_MIN <= value <= UINT64_MAX:
        raise ValueError("an integer in the JSON value is out of the range of 64 bits")
    return value


SCALARS: dict[str, Callable[[Any], Any]] = {
    "STRING": string,
    "BOOLEAN": boolean,
    "INTEGER": integer,
    "FLOAT": number,
    "NUMERIC": decimal(29, 9),
    "BIGNUMERIC": decimal(38, 38),
    "TIMESTAMP": timestamp,
    "DATE": calendar_date,
    "TIME": time_of_day,
    "JSON": json_text,
}
