"""The pure middle of a poll: what a worker process does with one changed document.

    bytes -> parse -> identify -> [known and unchanged: done]
          -> filter -> normalise -> fingerprint -> Harvest

No clock, no network, no database: what the store knows about the feed comes in with the job.
"""

from __future__ import annotations

import re
from dataclasses import replace
from time import perf_counter

from ingest.dedupe import fingerprint, text_of
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
from ingest.model.filling import filling
from ingest.normalise import Context, identify, normalise
from ingest.normalise.page import read_page, with_page
from ingest.parse import parse_feed
from ingest.parse.raw import pack_entry

make_entry = filling(HarvestedEntry)


def harvest(body: bytes, job: HarvestJob) -> Harvest:
    """Read a document and bring every new or changed entry of it to an article.

    Raises ParseError where there is no feed in `body`. Every entry of the document is in the
    result once, in the document's order; one that cannot be read is there as INVALID.
    """
    started = perf_counter()
    document = parse_feed(body, url=job.url, content_type=job.content_type, settings=job.parse)
    parsed = perf_counter()
    identified = identify(document, trust_guids=job.guids_are_trusted)
    context = _context(document, job)
    seconds = {"parse": parsed - started, "normalise": 0.0, "fingerprint": 0.0}
    entries = tuple(_harvest_entry(one, job, context, seconds) for one in identified)
    return Harvest(
        document=replace(document, entries=()),
        entries=entries,
        guids_are_trusted=all(one.guid_is_trusted for one in identified if one.entry.guid),
        stage_seconds=seconds,
    )


def add_page(entry: HarvestedEntry, page: Fetched) -> HarvestedEntry:
    """Fill an entry's article from the page it links to, and fingerprint it anew.

    The entry is returned as it was where the page has no article in it.
    """
    if entry.article is None or page.body is None:
        return entry
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


def _harvest_entry(
    identified: IdentifiedEntry, job: HarvestJob, context: Context, seconds: dict[str, float]
) -> HarvestedEntry:
    key, content = identified.entry_key, identified.entry_hash
    if job.known.get(key) == content:
        return make_entry(key, content, EntryOutcome.UNCHANGED)
    started = perf_counter()
    try:
        article = normalise(identified, context)
    except InvalidEntry as error:
        return make_entry(key, content, EntryOutcome.INVALID, reason=str(error))
    normalised = perf_counter()
    seconds["normalise"] += normalised - started
    if reason := _filtered_by(article, job):
        return make_entry(key, content, EntryOutcome.FILTERED, reason=reason)
    sketch = fingerprint(article.headline, text_of(article))
    seconds["fingerprint"] += perf_counter() - normalised
    raw = pack_entry(identified.entry) if job.keep_raw else None
    return make_entry(key, content, article=article, fingerprint=sketch, raw=raw)


def _filtered_by(article: Article, job: HarvestJob) -> str | None:
    if job.include is None and job.exclude is None:
        return None
    subject = f"{article.headline}\n{article.url or ''}"
    if job.include is not None and not re.search(job.include, subject, re.IGNORECASE):
        return "not_included"
    if job.exclude is not None and re.search(job.exclude, subject, re.IGNORECASE):
        return "excluded"
    return None
