"""Bytes over HTTP: politely, safely, bounded."""

from ingest.fetch.client import Client
from ingest.fetch.request import Auth, FetchRequest, Limits, auth_of
from ingest.fetch.site import site_of

__all__ = ["Auth", "Client", "FetchRequest", "Limits", "auth_of", "site_of"]
