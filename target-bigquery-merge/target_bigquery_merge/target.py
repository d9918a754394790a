"""The target: Singer messages in, STATE out, and in between everything that `intake` and `checkpoint` promise."""

from __future__ import annotations

import logging
import os
import signal
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from singer_sdk import Target
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.mapper import RemoveRecordTransform, SameRecordTransform

from target_bigquery_merge.errors import MessageError, SchemaError, SchemaMissingError
from target_bigquery_merge.intake import Intake
from target_bigquery_merge.reader import LineReader
from target_bigquery_merge.runs import Run
from target_bigquery_merge.settings import CONFIG_SCHEMA, Settings, normalise

if TYPE_CHECKING:
    from types import FrameType

logger = logging.getLogger("target-bigquery-merge")

_STANDARD_ERROR = 2


class TargetBigQueryMerge(Target):
    """Singer target for BigQuery: an exact, partition-pruned MERGE through a replayable archive in Cloud Storage.

    The SDK's sinks and its `drain_all` are not used, and its latest state is never set: the only way for a STATE to be
    printed is `checkpoint.Protocol`, after everything before it is merged.
    """

    name = "target-bigquery-merge"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_SCHEMA
    message_reader_class = LineReader
    capabilities: ClassVar[list[Any]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
        TargetCapabilities.VALIDATE_RECORDS,
    ]

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 -- the SDK's
        """Check the settings, and nothing else: connections are made with the first message."""
        self._signal: int | None = None
        super().__init__(**options)
        self._settings = Settings.of(self.config)
        self._reader = cast("LineReader", self.message_reader)
        self._reader.on_failure = self._break_off
        self._warned: set[str] = set()

    @cached_property
    def _intake(self) -> Intake:
        intake = Intake(self._settings, Run.begin())
        logger.info(
            "Run %s of pipeline %r loads into %s.%s.",
            intake.run.id,
            self._settings.pipeline,
            self._settings.project,
            self._settings.dataset,
        )
        return intake

    # Settings

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805 -- a property of the class
        """Settings from the environment; an empty variable counts as unset."""
        schema = cls.config_jsonschema
        cls.append_builtin_config(schema)
        parse_environment_config({}, cls._env_var_prefix)  # reads .env, so that its empty variables are seen
        given = {
            name: below
            for name, below in schema["properties"].items()
            if os.environ.get(cls._env_var_prefix + name.upper())
        }
        return parse_environment_config({"properties": given}, cls._env_var_prefix)

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the SDK's settings, but for those that this target does not have."""
        super().append_builtin_config(config_jsonschema)
        config_jsonschema["properties"].pop("load_method", None)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self._config = normalise(self._config)
        return super()._validate_config(raise_errors=raise_errors)

    # Messages

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        stream, schema = message_dict.get("stream"), message_dict.get("schema")
        if not isinstance(stream, str) or not isinstance(schema, dict):
            raise MessageError(f"Line {self._reader.line_number}: a SCHEMA message needs a stream and a schema.")
        if not isinstance(schema.get("properties"), dict):
            raise SchemaError(f"Line {self._reader.line_number}: the schema of stream {stream!r} has no properties.")
        intake = self._intake
        self.mapper.register_raw_stream_schema(stream, schema, message_dict.get("key_properties"))
        for stream_map in self.mapper.stream_maps[stream]:
            if not isinstance(stream_map, RemoveRecordTransform):
                intake.schema(
                    stream_map.stream_alias,
                    stream_map.transformed_schema,
                    stream_map.transformed_key_properties or (),
                )

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        stream, record = message_dict.get("stream"), message_dict.get("record")
        line = self._reader.line_number
        if not isinstance(stream, str) or not isinstance(record, dict):
            raise MessageError(f"Line {line}: a RECORD message needs a stream and a record.")
        stream_maps = self.mapper.stream_maps.get(stream)
        if stream_maps is None:
            raise SchemaMissingError(
                f"Line {line}: a record of stream {stream!r} comes before its SCHEMA message, which the tap must send."
            )
        for stream_map in stream_maps:
            if isinstance(stream_map, SameRecordTransform) and not stream_map.flattening_enabled:
                self._intake.record(stream, record, message_dict, line)
            elif (transformed := stream_map.transform(dict(record))) is not None:
                self._intake.record(stream_map.stream_alias, transformed, message_dict, line)

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        state = message_dict.get("value")
        if state is not None and not isinstance(state, dict):
            raise MessageError(f"Line {self._reader.line_number}: the value of a STATE message is an object.")
        # An empty STATE says nothing; printed, it would wipe what was saved.
        if state:
            self._intake.state(state)

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        stream = str(message_dict.get("stream"))
        if stream not in self._warned:
            self._warned.add(stream)
            logger.warning("Stream %r: ACTIVATE_VERSION is ignored, rows of earlier versions stay.", stream)

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        raise MessageError(
            f"Line {self._reader.line_number}: stream {message_dict.get('stream')!r} sends BATCH messages, which this "
            "target does not take. Unset the tap's batch_config."
        )

    # The end

    def process_endofpipe(self) -> None:
        """Commit what is left, say what is in BigQuery, and exit with the signal's code where there was one."""
        if "_intake" in self.__dict__:
            try:
                if self._signal is None:
                    self._intake.finish()
                else:
                    self._intake.break_off()
            finally:
                self._close(complete=True)
        if self._signal is not None:
            sys.exit(128 + self._signal)

    def _break_off(self, error: Exception) -> None:
        """Keep, after an error, what came before the last STATE."""
        if "_intake" not in self.__dict__:
            return
        logger.error("Reading ends with an error: %s", error)
        try:
            self._intake.break_off()
        except Exception as second:  # noqa: BLE001 -- the first error goes on; this one is told
            if second is not error:
                logger.error("Committing what came before failed as well: %s", second)  # noqa: TRY400 -- no trace
        finally:
            self._close(complete=False)

    def _close(self, *, complete: bool) -> None:
        intake = self._intake
        intake.close()
        for stream, rows in sorted(intake.received.items()):
            logger.info(
                "Stream %r: %d rows received, %d inserted, %d updated.",
                stream,
                rows,
                intake.inserted[stream],
                intake.updated[stream],
            )
        if complete and intake.complete:
            logger.info("Everything received is in BigQuery, in %d checkpoints.", intake.committed)
        else:
            logger.warning(
                "NOT everything received is in BigQuery: %d checkpoints are. What follows the last printed STATE comes "
                "again with the next run.",
                intake.committed,
            )

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002 -- the SDK's
        """Note the signal and stop before the next message; exit at once on the second."""
        if self._signal is not None:
            sys.exit(128 + signum)
        self._signal = signum
        # logging takes locks that the interrupted code may hold
        os.write(_STANDARD_ERROR, f"{signal.Signals(signum).name}: stopping before the next message.\n".encode())
        self._reader.stop()
