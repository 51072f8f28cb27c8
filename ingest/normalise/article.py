"""`normalise`: one identified entry becomes one article. It reads as the list of its steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ingest.config import NormaliseSettings
from ingest.errors import InvalidEntry
from ingest.model import Article, IdentifiedEntry, Key, KeyKind
from ingest.normalise import dates, headline, html
from ingest.normalise.canonical import canonical_url, main_form, url_key
from ingest.normalise.identity import signed_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known of the feed an entry came in.

    `language` is the feed's claim; `learned` the hashes of blocks known to be the publisher's
    boilerplate; `clock_skew_seconds` how far the feed's clock runs ahead (`dates.estimate_clock_skew`).
    """

    now: datetime
    feed_url: str = ""
    site_url: str | None = None
    publisher: str | None = None
    language: str | None = None
    format: str = ""
    learned: frozenset[int] = frozenset()
    clock_skew_seconds: float = 0.0
    settings: NormaliseSettings = field(default_factory=NormaliseSettings)


def normalise(identified: IdentifiedEntry, context: Context) -> Article:
    """The article of one entry.

    Raises InvalidEntry where there is nothing to show: no title and no text. Nothing else is
    raised, whatever the entry holds.
    """
    entry = identified.entry
    base = entry.base_url or entry.link or context.site_url or context.feed_url
    strip = context.settings.strip_parameters
    canonical = canonical_url(entry.canonical_link or entry.link or "", strip) or None
    content = html.read(entry.content, base)
    summary = html.read(entry.summary, base)
    body = content if content.blocks else summary
    names = headline.outlet_names(
        context.publisher, entry.source_title, context.site_url, context.feed_url
    )
    title = headline.without_outlet(headline.bounded(html.plain(entry.title)), names)
    if not title:
        if not body.blocks:
            raise InvalidEntry("no title and no text")
        title = headline.from_text(body.blocks[0].text)
    dated = dates.believed(
        entry.published_raw,
        entry.updated_raw,
        now=context.now,
        max_future_seconds=context.settings.max_future_seconds,
        clock_skew_seconds=context.clock_skew_seconds,
        language=entry.language or context.language,
        url=canonical,
    )
    text = html.body_text_of(body.blocks) or None
    return Article(
        headline=title,
        url=entry.link,
        canonical_url=canonical,
        keys=keys_of(identified, strip),
        summary=" ".join(block.text for block in summary.blocks) or None,
        body_text=text,
        body_html=html.body_html_of(body.blocks) or None,
        word_count=len(text.split()) if text else 0,
        authors=entry.authors,
        tags=entry.categories,
        media=entry.media,
        published_at=dated.at,
        published_raw=entry.published_raw or entry.updated_raw,
        published_quality=dated.quality,
        modified_at=dates.modified(entry.updated_raw, now=context.now),
        language=entry.language or context.language,
        content_hash=signed_hash("\x1e".join((title, text or ""))),
    )


def keys_of(identified: IdentifiedEntry, strip: tuple[str, ...] = ()) -> tuple[Key, ...]:
    """By what the article may be recognised, the surest first."""
    entry = identified.entry
    keys: dict[Key, None] = {}
    if identified.guid_is_trusted and entry.guid:
        keys[Key(KeyKind.GUID, entry.guid)] = None
    for link, kind in (
        (entry.canonical_link, KeyKind.CANONICAL),
        (entry.link if identified.link_is_trusted else None, KeyKind.URL),
    ):
        if link:
            keys.update(dict.fromkeys(url_keys(canonical_url(link, strip), kind)))
    return tuple(keys)


def url_keys(canonical: str, kind: KeyKind) -> tuple[Key, ...]:
    """The keys of one canonical URL; its AMP or mobile form adds the weaker key of the main form.

    URL, CANONICAL and AMP values are of one kind and may be compared with one another.
    """
    main = main_form(canonical)
    key = Key(kind, url_key(canonical))
    return (key,) if main is None else (key, Key(KeyKind.AMP, url_key(canonical_url(main))))
