"""The tap: settings, streams, and what the Singer SDK calls."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities

from tap_github_stats import settings
from tap_github_stats.client import Client
from tap_github_stats.collector import Collector
from tap_github_stats.governor import Governor
from tap_github_stats.messages import MessageWriter
from tap_github_stats.progress import Progress
from tap_github_stats.settings import Settings
from tap_github_stats.streams import STREAM_TYPES, GitHubStatsStream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from singer_sdk.helpers.capabilities import CapabilitiesEnum


class TapGitHubStats(Tap):
    """Pull-request activity of whole GitHub organizations, exact, at a small fraction of the usual quota."""

    name = "tap-github-stats"
    config_jsonschema: ClassVar[dict[str, Any]] = settings.CONFIG_JSONSCHEMA
    message_writer_class = MessageWriter
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    _collected = False
    _collector: Collector | None = None

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self._config = settings.tidy(self._config)
        errors = settings.problems_of_secrets(self._config)
        errors = errors or super()._validate_config(raise_errors=raise_errors) or settings.problems(self._config)
        if errors and raise_errors:
            raise ConfigValidationError("Config validation failed", errors=errors, schema=self.config_jsonschema)
        return errors

    def discover_streams(self) -> Sequence[GitHubStatsStream]:
        """All streams; they are the same for everybody."""
        return [stream_type(self) for stream_type in STREAM_TYPES]

    def collect(self) -> None:
        """Writes the records and bookmarks of all selected streams, once in the life of this tap.

        Raises:
            TapError: The run could not be completed; the last STATE is a point to resume from.
        """
        if self._collected:
            return
        self._collected = True
        configured = Settings.from_config(self.config)
        governor = Governor(configured.max_wait)
        client = Client(
            api_url=configured.api_url,
            token=configured.auth_token,
            user_agent=configured.user_agent,
            governor=governor,
        )
        progress = Progress(client, governor, configured.progress_interval)
        self._collector = Collector(self, configured, client, governor, progress)
        try:
            self._collector.run()
        finally:
            self._collector = None
            client.close()

    @property
    def record_bytes(self) -> int:
        """Length of all RECORD messages written so far."""
        return self.message_writer.record_bytes if isinstance(self.message_writer, MessageWriter) else 0

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Ends at the next message boundary, with the last point to resume from as the last message."""
        if self._collector is None:
            super()._handle_termination(signum, frame)
        else:
            self.logger.warning("Received %s: ending the run.", signal.Signals(signum).name)
            self._collector.terminate(signum)
