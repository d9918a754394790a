"""Clients of BigQuery and Cloud Storage: the real services, or local ones where the environment names them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import google.auth
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, storage
from singer_sdk.exceptions import ConfigValidationError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

    from target_bigquery_merge.settings import Settings

BIGQUERY_EMULATOR = "BIGQUERY_EMULATOR_HOST"
STORAGE_EMULATOR = "STORAGE_EMULATOR_HOST"
# Seconds that one request may take.
REQUEST_TIMEOUT = 60.0
_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


def bigquery_client(settings: Settings) -> bigquery.Client:
    """Connect to BigQuery, or to the server that BIGQUERY_EMULATOR_HOST names.

    Raises:
        ConfigValidationError: Only one of the two services is local, or the credentials cannot be read.
    """
    local = _local(BIGQUERY_EMULATOR)
    if settings.persist_to_gcs and bool(local) != bool(_local(STORAGE_EMULATOR)):
        raise ConfigValidationError(
            "Config validation failed",
            errors=[
                f"Set both {BIGQUERY_EMULATOR} and {STORAGE_EMULATOR}, or neither: one service is local, one is not."
            ],
        )
    return bigquery.Client(
        settings.project,
        credentials=AnonymousCredentials() if local else _credentials(settings),  # type: ignore[no-untyped-call]
        client_options=ClientOptions(api_endpoint=local) if local else None,
    )


def storage_client(settings: Settings) -> storage.Client:
    """Connect to Cloud Storage, or to the server that STORAGE_EMULATOR_HOST names."""
    local = _local(STORAGE_EMULATOR)
    return storage.Client(
        settings.project,
        credentials=AnonymousCredentials() if local else _credentials(settings),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": local} if local else None,
    )


def _local(variable: str) -> str | None:
    address = os.environ.get(variable)
    return address if not address or "://" in address else f"http://{address}"


def _credentials(settings: Settings) -> Credentials | None:
    """Read the credentials that the settings give; None: those of the environment."""
    try:
        if settings.credentials_json:
            info: dict[str, Any] = json.loads(settings.credentials_json)
            return google.auth.load_credentials_from_dict(info, scopes=_SCOPES)[0]  # type: ignore[no-untyped-call, no-any-return]
        if settings.credentials_path:
            return google.auth.load_credentials_from_file(settings.credentials_path, scopes=_SCOPES)[0]  # type: ignore[no-untyped-call, no-any-return]
    except (ValueError, OSError, google.auth.exceptions.GoogleAuthError) as error:
        source = "credentials_json" if settings.credentials_json else f"credentials_path {settings.credentials_path!r}"
        # The parser's message may quote the secret: name the kind of error only.
        raise ConfigValidationError(
            "Config validation failed", errors=[f"{source} cannot be read: {type(error).__name__}."]
        ) from None
    return None
