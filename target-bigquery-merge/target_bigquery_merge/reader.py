"""Reads Singer messages: line by line, exactly, and stops between two of them when asked to."""

from __future__ import annotations

import json
import sys
from collections import Counter
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerReader

from target_bigquery_merge.errors import MessageError

if TYPE_CHECKING:
    from collections.abc import Callable

# A decimal of so many characters is the same number as a float.
_FLOAT_CHARACTERS = 16


class StopReading(BaseException):
    """Ends the wait for the next line."""


def _number(text: str) -> float | Decimal:
    """Keep a number exact: as a float where that shows the same digits, as a Decimal otherwise."""
    return float(text) if len(text) <= _FLOAT_CHARACTERS else Decimal(text)


_decoder = msgspec.json.Decoder(float_hook=_number)


class LineReader(GenericSingerReader[str]):
    """Reads messages and calls back for each.

    Attributes:
        line_number: The line that is being processed, from 1.
        stopping: Whether `stop` was called: no further message is processed.
        on_failure: Called once when a message could not be processed, before the error goes on.
    """

    def __init__(self) -> None:
        super().__init__()
        self.line_number = 0
        self.stopping = False
        self.on_failure: Callable[[Exception], None] | None = None
        self._waiting = False

    @property
    def default_input(self) -> IO[Any]:
        """Standard input, as bytes."""
        return sys.stdin.buffer

    def stop(self) -> None:
        """Stop before the next message; for signal handlers, on the thread that reads."""
        self.stopping = True
        if self._waiting:
            raise StopReading

    def process_lines(
        self, file_input: IO[Any] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        """Process all messages, or those before `stop`.

        Raises:
            MessageError: A line is no Singer message.
            TargetError: A message could not be processed.
        """
        counts: Counter[str] = Counter()
        lines = iter(file_input or self.default_input)
        try:
            while (line := self._next(lines)) is not None:
                self.line_number += 1
                if line.isspace():
                    continue
                message = self.deserialize_json(line)
                kind = str(message.get("type"))
                if kind not in callbacks:
                    raise MessageError(f"Line {self.line_number}: unknown message type {kind!r}.")  # noqa: TRY301
                callbacks[kind](message)
                counts[kind] += 1
        except Exception as error:
            if self.on_failure is not None:
                self.on_failure(error)
            raise
        return counts

    def _next(self, lines: Any) -> Any:  # noqa: ANN401 -- lines of text or of bytes
        """Wait for the next line; None at the end, or when stopped."""
        try:
            self._waiting = True
            return None if self.stopping else next(lines, None)
        except StopReading:
            return None
        finally:
            self._waiting = False

    def deserialize_json(self, line: str | bytes) -> dict[str, Any]:
        """Parse a line.

        Numbers keep their digits. What JSON does not allow but Python writes (NaN, halves of surrogate pairs) is let
        through to where the field can be named.

        Raises:
            MessageError: The line is not a JSON object.
        """
        try:
            message = _decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            message = self._leniently(line)
        if type(message) is not dict:
            raise MessageError(f"Line {self.line_number}: expected a JSON object.")
        return message

    def _leniently(self, line: str | bytes) -> Any:  # noqa: ANN401 -- whatever JSON holds
        try:
            return json.loads(line)
        except json.JSONDecodeError as error:
            raise MessageError(
                f"Line {self.line_number}: malformed JSON at character {error.pos}: {error.msg}."
                " If the line is cut short, the tap ended in the middle of it."
            ) from None
        except (ValueError, RecursionError) as error:
            raise MessageError(f"Line {self.line_number}: malformed JSON: {error}") from None
