"""What can go wrong, by what can be done about it.

    TargetError
    ├── InputError                 the messages are wrong: fix the tap, or the stream map
    │   ├── MessageError           a line that is no Singer message (also the SDK's InvalidInputLine)
    │   │   └── SchemaMissingError ... or comes before its SCHEMA (also RecordsWithoutSchemaException)
    │   ├── SchemaError            a schema that cannot become, or does not fit, a table
    │   └── RecordError            a record that breaks its schema
    │       └── MissingKeyError    ... by lacking a key (also the SDK's MissingKeyPropertiesError)
    └── WarehouseError             BigQuery or Cloud Storage said no
        ├── TerminalError          and would say so again
        └── TransientError         and went on saying so, although it usually passes: run again

`RecordError` and `SchemaError` name the stream, the line of the input and the field.
"""

from __future__ import annotations

from singer_sdk.exceptions import InvalidInputLine, MissingKeyPropertiesError, RecordsWithoutSchemaException


class TargetError(Exception):
    """Base of all errors of this target."""


class InputError(TargetError):
    """The input cannot be loaded as it is."""


class MessageError(InputError, InvalidInputLine):
    """A line of the input is not a Singer message."""


class SchemaMissingError(MessageError, RecordsWithoutSchemaException):
    """A message needs a SCHEMA that has not come."""


class SchemaError(InputError):
    """A SCHEMA message cannot become a table, or does not fit the table that exists."""


class RecordError(InputError):
    """A record breaks the schema of its stream."""

    def __init__(self, stream: str, line: int, field: str, reason: str) -> None:
        """Name the place.

        Args:
            stream: The stream of the record.
            line: The line of the input, counted from 1.
            field: The field, or the path to it.
            reason: What is wrong with its value.
        """
        super().__init__(f"Stream {stream!r}, line {line}, field {field!r}: {reason}")


class MissingKeyError(RecordError, MissingKeyPropertiesError):
    """A record lacks a key property."""


class WarehouseError(TargetError):
    """BigQuery or Cloud Storage refused something."""


class TerminalError(WarehouseError):
    """Trying again cannot help."""


class TransientError(WarehouseError):
    """It usually passes, but did not within the attempts made."""
