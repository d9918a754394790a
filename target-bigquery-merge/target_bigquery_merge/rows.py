"""From a record to a line of an archive file: one plan per schema, one pass per record.

The line is what BigQuery will load: columns by their names, values checked and normalised, nulls left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from target_bigquery_merge.errors import MissingKeyError, RecordError
from target_bigquery_merge.values import SCALARS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from logging import Logger

    from target_bigquery_merge.columns import Column

MAX_ROW_BYTES = 100_000_000

_encoder = msgspec.json.Encoder(decimal_format="number")


class _FieldError(ValueError):
    """A value is wrong, at a path below a field."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path


class _Step(NamedTuple):
    """How one property becomes one column."""

    source: str
    name: str
    convert: Callable[[Any], Any]
    null_allowed: bool
    absent_allowed: bool


class RowEncoder:
    """Encodes the records of one stream under one schema."""

    def __init__(
        self, *, stream: str, columns: Sequence[Column], keys: Sequence[str], validate: bool, logger: Logger
    ) -> None:
        """Compile the plan.

        Args:
            stream: The stream, for errors.
            columns: Its columns.
            keys: The properties that no record may lack.
            validate: Whether nulls and gaps that the schema forbids are errors where BigQuery would take them.
            logger: Told once of each field that the schema does not know.
        """
        self._stream = stream
        self._steps = _steps(columns, validate=validate)
        self._sources = frozenset(step.source for step in self._steps)
        self._keys = frozenset(keys)
        self._logger = logger
        self._unknown: set[str] = set()

    def encode(self, record: Mapping[str, Any], metadata: Mapping[str, Any], line: int) -> bytes:
        """Turn a record into a line of JSON with a newline.

        Args:
            record: The record.
            metadata: The columns that the target adds.
            line: The line of the input that it came in.

        Raises:
            MissingKeyError: It lacks a key property.
            RecordError: A value breaks the schema, or cannot be stored as it is.
        """
        present = record.keys()
        if not present >= self._keys:
            missing = min(self._keys - present)
            raise MissingKeyError(self._stream, line, missing, "the record lacks this key property")
        if not present <= self._sources:
            self._warn_of_unknown(present - self._sources)
        row = dict(metadata)
        try:
            _fill(row, self._steps, record)
            encoded = _encoder.encode(row) + b"\n"
        except _FieldError as error:
            raise RecordError(self._stream, line, error.path, str(error)) from error
        except UnicodeEncodeError as error:
            raise RecordError(
                self._stream, line, _field_with_surrogate(record), "the text holds half of a surrogate pair"
            ) from error
        if len(encoded) > MAX_ROW_BYTES:
            raise RecordError(self._stream, line, "*", f"the row has {len(encoded)} bytes, BigQuery takes 100 MB")
        return encoded

    def _warn_of_unknown(self, fields: set[str]) -> None:
        for field in fields - self._unknown:
            if not field.startswith("_sdc_"):
                self._logger.warning(
                    "Stream %r: field %r is not in the schema and is left out of the table.", self._stream, field
                )
            self._unknown.add(field)


def _steps(columns: Sequence[Column], *, validate: bool) -> tuple[_Step, ...]:
    return tuple(
        _Step(
            column.source,
            column.name,
            _converter(column, validate=validate),
            null_allowed=column.mode != "REQUIRED" and (column.nullable or not validate),
            absent_allowed=column.mode != "REQUIRED",
        )
        for column in columns
        if column.source is not None
    )


def _converter(column: Column, *, validate: bool) -> Callable[[Any], Any]:
    convert = SCALARS.get(column.type) or _record(_steps(column.fields, validate=validate))
    return _repeated(convert) if column.mode == "REPEATED" else convert


def _record(steps: Sequence[_Step]) -> Callable[[Any], Any]:
    def convert(value: Any) -> dict[str, Any]:  # noqa: ANN401 -- whatever JSON holds
        if type(value) is not dict:
            raise ValueError("expected an object")
        row: dict[str, Any] = {}
        _fill(row, steps, value)
        return row

    return convert


def _repeated(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def convert_all(value: Any) -> list[Any]:  # noqa: ANN401 -- whatever JSON holds
        if type(value) is not list:
            raise ValueError("expected an array")
        return [convert(item) for item in value]

    return convert_all


def _fill(row: dict[str, Any], steps: Sequence[_Step], record: Mapping[str, Any]) -> None:
    source = ""
    try:
        for source, name, convert, null_allowed, absent_allowed in steps:
            value = record.get(source)
            if value is not None:
                row[name] = convert(value)
            elif not null_allowed and source in record:
                raise ValueError("null is not allowed by the schema")  # noqa: TRY301 -- one way to name the field
            elif not absent_allowed and source not in record:
                raise ValueError("the schema requires this field")  # noqa: TRY301 -- as above
    except _FieldError as error:
        raise _FieldError(f"{source}.{error.path}", str(error)) from error
    except UnicodeEncodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise _FieldError(source, str(error)) from error


def _field_with_surrogate(record: Mapping[str, Any]) -> str:
    for field, value in record.items():
        try:
            _encoder.encode({field: value})
        except UnicodeEncodeError:
            return field
    return "*"
