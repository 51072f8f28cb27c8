"""Signing a message to a webhook, after Standard Webhooks (standardwebhooks.com, version 1).

So receivers can check it with the libraries there are: the signature is an HMAC-SHA256 over id,
time and body, and the time says how old a message is that somebody sends once more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path

from ingest.config import WebhookSettings
from ingest.errors import ConfigError

CONTENT_TYPE = "application/json"
_SERIALISED = "whsec_"  # what follows is the secret in base64
_MIN_SECRET_BYTES = 16


def secret_of(webhook: WebhookSettings, environ: Mapping[str, str]) -> bytes:
    """The secret that the settings point to. Raises ConfigError naming the place, never the secret.

    A text that begins with `whsec_` is base64, any other is taken as it is.
    """
    place = f"webhook {webhook.name}"
    if webhook.secret_env is not None:
        text = environ.get(webhook.secret_env)
        if text is None:
            raise ConfigError(f"{place}: secret_env: the variable {webhook.secret_env} is not set")
    else:
        path = Path(webhook.secret_file or "")
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise ConfigError(f"{place}: secret_file: {path}: {reason}") from error
    text = text.strip()
    secret = text.encode()
    if text.startswith(_SERIALISED):
        try:
            secret = base64.b64decode(text.removeprefix(_SERIALISED), validate=True)
        except binascii.Error:
            raise ConfigError(f"{place}: what follows whsec_ in its secret is no base64") from None
    if len(secret) < _MIN_SECRET_BYTES:
        raise ConfigError(f"{place}: its secret is shorter than {_MIN_SECRET_BYTES} bytes")
    return secret


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`. `timestamp` is in seconds since 1970."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode("ascii")


def headers_of(
    secret: bytes, message_id: str, timestamp: int, body: bytes
) -> tuple[tuple[str, str], ...]:
    """The headers that make a message one: who it is, when it was sent, and that it was us.

    The id is the same at every attempt, also as the idempotency key that gateways know.
    """
    return (
        ("webhook-id", message_id),
        ("webhook-timestamp", str(timestamp)),
        ("webhook-signature", signature(secret, message_id, timestamp, body)),
        ("idempotency-key", f'"{message_id}"'),
    )
