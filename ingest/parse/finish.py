"""The last steps of every reader: is it a feed at all, and are its sizes within bounds?"""

from __future__ import annotations

from dataclasses import replace

from ingest.config import ParseSettings
from ingest.errors import ParseError
from ingest.model import FeedDocument, Text
from ingest.parse.draft import DraftEntry, DraftFeed

_MAX_LINE = 20_000  # characters of a title, a name, an address: longer ones are not what they say
_MAX_LIST = 200  # authors, categories, pictures of one entry


def finished(
    feed: DraftFeed,
    entries: list[DraftEntry],
    *,
    format: str,
    lane: str,
    encoding: str | None,
    faults: tuple[str, ...],
    settings: ParseSettings,
    size: int,
) -> FeedDocument:
    """Turn drafts into a document. Raises `ParseError` where nothing in them is a feed's.

    `size` is that of the whole text, in characters.

    Faults: `entries_capped`, `entry_too_large` (texts were cut).
    """
    noted = dict.fromkeys(faults)
    if not format and not entries and not (feed.title and feed.links):
        raise ParseError("no feed: neither its root element nor any entry was found")
    if len(entries) > settings.max_entries:
        noted["entries_capped"] = None
        del entries[settings.max_entries :]
    limit = min(settings.max_entry_bytes // 4, _MAX_LINE)
    for entry in entries if size > limit else ():
        if _is_long(entry, limit) and _bounded(entry, settings.max_entry_bytes):
            noted["entry_too_large"] = None
    return feed.finished(
        format=format or "unknown",
        lane=lane,
        encoding=encoding,
        faults=tuple(noted),
        entries=tuple(entry.finished(position) for position, entry in enumerate(entries)),
    )


def _is_long(entry: DraftEntry, limit: int) -> bool:
    """Say whether any of it is long enough to be looked at."""
    for value in vars(entry).values():
        kind = value.__class__
        if kind is str:
            if len(value) > limit:
                return True
        elif kind is Text:
            if len(value.value) > limit:
                return True
        elif kind is list and value:
            if len(value) > _MAX_LIST:
                return True
            for item in value:
                if item.__class__ is Text:
                    if len(item.value) > limit:
                        return True
                elif item.__class__ is str and len(item) > limit:
                    return True
    return False


def _bounded(entry: DraftEntry, max_bytes: int) -> bool:
    """Cut what is too long, in place; say whether anything was."""
    cut = False
    if entry.contents:
        del entry.contents[1:]
        content = entry.contents[0]
        if len(content.value) * 4 > max_bytes:
            short = _shortened(content, max_bytes)
            cut |= short is not content
            entry.contents[0] = short
    for name in _TEXTS:
        text: Text | None = getattr(entry, name)
        if text is not None and len(text.value) * 4 > max_bytes:
            short = _shortened(text, max_bytes)
            cut |= short is not text
            setattr(entry, name, short)
    for name in _LINES:
        line: str | None = getattr(entry, name)
        if line is not None and len(line) > _MAX_LINE:
            cut = True
            setattr(entry, name, line[:_MAX_LINE])
    if max(len(entry.authors), len(entry.categories), len(entry.media)) > _MAX_LIST:
        cut = True
        del entry.authors[_MAX_LIST:], entry.categories[_MAX_LIST:], entry.media[_MAX_LIST:]
    long_names = [name for name in entry.authors + entry.categories if len(name) > _MAX_LINE]
    if long_names:
        cut = True
        entry.authors = [name[:_MAX_LINE] for name in entry.authors]
        entry.categories = [name[:_MAX_LINE] for name in entry.categories]
    return cut


def _shortened(text: Text, max_bytes: int) -> Text:
    raw = text.value.encode("utf-8", "replace")
    if len(raw) <= max_bytes:
        return text
    return replace(text, value=raw[:max_bytes].decode("utf-8", "ignore"))


_TEXTS = (
    "title",
    "other_title",
    "description",
    "other_summary",
    "itunes_summary",
    "itunes_subtitle",
)
_LINES = ("guid", "about", "published", "dc_date", "created", "updated", "source_title", "rights")
