"""Singer messages on standard output: timestamps with `Z`, and a count of what was written."""

from __future__ import annotations

from singer_sdk.io_base import SingerWriter
from singer_sdk.singerlib.encoding.simple import Message, RecordMessage
from singer_sdk.singerlib.json import serialize_json


class MessageWriter(SingerWriter):
    """Writes messages as the SDK does, save that `time_extracted` is spelled with `Z`.

    Attributes:
        record_bytes: Length of all RECORD messages so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.record_bytes = 0

    def serialize_message(self, message: Message) -> str:
        """A message as one line of JSON."""
        content = message.to_dict()
        if isinstance(message, RecordMessage) and message.time_extracted is not None:
            content["time_extracted"] = message.time_extracted.isoformat().replace("+00:00", "Z")
        line = serialize_json(content)
        if isinstance(message, RecordMessage):
            self.record_bytes += len(line)
        return line
