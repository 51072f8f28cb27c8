"""The pure middle of a poll: what a worker process does with one changed document.

    bytes -> parse -> identify -> [known and unchanged: done]
          -> normalise -> filter -> fingerprint -> Harvest

No clock, no network, no database: what the store knows about the feed comes in with the job.
"""

from __future__ import annotations

import re
from dataclasses import replace
from time import perf_counter

from ingest.dedupe import fingerprint, fingerprints, text_of
from ingest.errors import InvalidEntry
from ingest.jobs import HarvestJob
from ingest.model import (
    Article,
    EntryOutcome,
    FeedDocument,
    Fetched,
    Harvest,
    HarvestedEntry,
    IdentifiedEntry,
)
from ingest.model.collecting import collector_paused
from ingest.model.filling import filling
from ingest.normalise import Context, identify, normalise_all
from ingest.parse import parse_feed
from ingest.parse.raw import pack_entry

make_entry = filling(HarvestedEntry)


def harvest(body: bytes, job: HarvestJob) -> Harvest:
    """Read a document and bring every new or changed entry of it to an article.

    Raises ParseError where there is no feed in `body`. Every entry of the document is in the
    result once, in the document's order; one that cannot be read is there as INVALID.
    """
    with collector_paused():
        return _harvest(body, job)


def _harvest(body: bytes, job: HarvestJob) -> Harvest:
    started = perf_counter()
    document = parse_feed(body, url=job.url, content_type=job.content_type, settings=job.parse)
    parsed = perf_counter()
    identified = identify(document, trust_guids=job.guids_are_trusted)
    context = _context(document, job)
    changed = [one for one in identified if not _is_unchanged(one, job)]
    articles = iter(normalise_all(changed, context))
    entries = [
        make_entry(one.entry_key, one.entry_hash, EntryOutcome.UNCHANGED)
        if _is_unchanged(one, job)
        else _harvested(one, next(articles), job)
        for one in identified
    ]
    normalised = perf_counter()
    entries = _fingerprinted(entries)
    fingerprinted = perf_counter()
    seconds = {
        "parse": parsed - started,
        "normalise": normalised - parsed,
        "fingerprint": fingerprinted - normalised,
    }
    return Harvest(
        document=replace(document, entries=()),
        entries=tuple(entries),
        guids_are_trusted=all(one.guid_is_trusted for one in identified if one.entry.guid),
        stage_seconds=seconds,
    )


def add_page(entry: HarvestedEntry, page: Fetched) -> HarvestedEntry:
    """Fill an entry's article from the page it links to, and fingerprint it anew.

    The entry is returned as it was where the page has no article in it.
    """
    if entry.article is None or page.body is None:
        return entry
    from ingest.normalise.page import read_page, with_page  # few feeds want pages

    found = read_page(page.body, url=page.url, content_type=page.headers.get("content-type"))
    article = with_page(entry.article, found)
    sketch = fingerprint(article.headline, text_of(article))
    return replace(entry, article=article, fingerprint=sketch)


def _context(document: FeedDocument, job: HarvestJob) -> Context:
    return Context(
        feed_url=job.url,
        site_url=document.site_url or job.site_url,
        publisher=job.publisher or document.title,
        language=job.language or document.language,
        format=document.format,
        now=job.now,
        learned=job.learned,
        clock_skew_seconds=job.clock_skew_seconds,
        settings=job.normalise,
    )


def _is_unchanged(identified: IdentifiedEntry, job: HarvestJob) -> bool:
    return job.known.get(identified.entry_key) == identified.entry_hash


def _harvested(
    identified: IdentifiedEntry, article: Article | InvalidEntry, job: HarvestJob
) -> HarvestedEntry:
    """An entry that is new or changed, with its article if it has one, not yet fingerprinted."""
    key, content = identified.entry_key, identified.entry_hash
    if isinstance(article, InvalidEntry):
        return make_entry(key, content, EntryOutcome.INVALID, reason=str(article))
    if reason := _filtered_by(article, job):
        return make_entry(key, content, EntryOutcome.FILTERED, reason=reason)
    raw = pack_entry(identified.entry) if job.keep_raw else None
    return make_entry(key, content, article=article, raw=raw)


def _fingerprinted(entries: list[HarvestedEntry]) -> list[HarvestedEntry]:
    """The entries with the fingerprints of their articles: all in one pass, which costs a third."""
    articles = [entry.article for entry in entries if entry.article is not None]
    sketches = iter(fingerprints([(article.headline, text_of(article)) for article in articles]))
    return [
        entry
        if entry.article is None
        else make_entry(
            entry.entry_key,
            entry.entry_hash,
            article=entry.article,
            fingerprint=next(sketches),
            raw=entry.raw,
        )
        for entry in entries
    ]


def _filtered_by(article: Article, job: HarvestJob) -> str | None:
    if job.include is None and job.exclude is None:
        return None
    subject = f"{article.headline}\n{article.url or ''}"
    if job.include is not None and not re.search(job.include, subject, re.IGNORECASE):
        return "not_included"
    if job.exclude is not None and re.search(job.exclude, subject, re.IGNORECASE):
        return "excluded"
    return None
