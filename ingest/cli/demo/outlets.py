"""The sample feeds: which file is whose, and the documents as they are at one moment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from importlib.resources import files

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CONTENT_TYPES = {
    "xml": "application/rss+xml; charset=utf-8",
    "rdf": "application/rdf+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Outlet:
    """One feed of the demo. `file` is None for the one whose server does not answer."""

    name: str
    publisher: str
    file: str | None
    about: str


OUTLETS = (
    Outlet("meridian-wire", "Meridian Wire", "meridian-wire.xml", "RSS 2.0, the agency"),
    Outlet("meridian-science", "Meridian Wire", "meridian-science.xml", "RSS 2.0, same articles"),
    Outlet("meridian-languages", "Meridian Wire", "meridian-languages.xml", "RSS 2.0, de es fr"),
    Outlet("harbour-ledger", "The Harbour Ledger", "harbour-ledger.xml", "RSS 2.0"),
    Outlet("northfield-post", "Northfield Post", "northfield-post.atom", "Atom"),
    Outlet("coastline-today", "Coastline Today", "coastline-today.json", "JSON Feed"),
    Outlet("valley-register", "The Valley Register", "valley-register.rdf", "RSS 1.0, short"),
    Outlet("business-lantern", "Business Lantern", "business-lantern.xml", "RSS 2.0, short"),
    Outlet("city-beacon", "City Beacon", "city-beacon.atom", "Atom, edits a story"),
    Outlet("altmark-kurier", "Altmark-Kurier", "altmark-kurier.xml", "RSS 2.0, German"),
    Outlet("nordsee-bote", "Nordsee-Bote", "nordsee-bote.json", "JSON Feed, German"),
    Outlet("diario-estrecho", "Diario del Estrecho", "diario-estrecho.xml", "RSS 2.0, Spanish"),
    Outlet("courrier-des-sables", "Le Courrier des Sables", "courrier-des-sables.atom", "French"),
    Outlet("broken-gazette", "Broken Gazette", "broken-gazette.xml", "RSS 2.0, cut short"),
    Outlet("evening-signal", "Evening Signal", "evening-signal.xml", "a web page, no feed"),
    Outlet("static-tribune", "Static Tribune", None, "its server is gone"),
)


def content_type(file: str) -> str:
    """The media type a well-kept server would send for `file`."""
    return CONTENT_TYPES[file.rsplit(".", 1)[-1]]


def document(file: str, edition: int, started_at: datetime) -> bytes:
    """The bytes of a sample feed. Where there is no such edition, the last one before it.

    `started_at`, aware and in UTC, is what the times in the document are counted from.
    """
    folder = files("ingest.cli.demo") / "feeds"
    stem, _, ending = file.rpartition(".")
    later = folder / f"{stem}.{edition}.{ending}"
    source = later if edition > 1 and later.is_file() else folder / file
    return with_times(source.read_text(encoding="utf-8"), started_at).encode()


def with_times(text: str, started_at: datetime) -> str:
    """Replace `@@FORM MINUTES@@` by the time that many minutes after `started_at`."""

    def written(found: re.Match[str]) -> str:
        at = (started_at + timedelta(minutes=int(found[2]))).replace(microsecond=0)
        match found[1]:
            case "rfc822":
                return format_datetime(at, usegmt=True)
            case "iso":
                return at.isoformat()
            case _:
                return f"{MONTHS[at.month - 1]} {at.day}"

    return re.sub(r"@@(rfc822|iso|dateline) (-?\d+)@@", written, text)
