"""Making articles again from the kept raw entries, with the rules as they are now. No network.

    articles in the order of their ids, with raw entries, in shards
        -> each shard through the pure stages, wherever the engine has room -> in order again
        -> those that came out otherwise: written, a shard in a transaction

What is written is what differs, so a run that was interrupted is gone on with by running again,
and a run after a whole one changes nothing. What a page gave an article is not kept raw: such
articles are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from ingest.config import NormaliseSettings, Settings
from ingest.dedupe import fingerprint, text_of
from ingest.engines import Alone, Engine
from ingest.errors import InvalidEntry
from ingest.model import Article, Entry, Fingerprint, IdentifiedEntry
from ingest.normalise import Context, normalise
from ingest.normalise.identity import entry_hash_of, is_home_page, signed_hash
from ingest.parse.raw import unpack_entry
from ingest.store import reprocessing
from ingest.store.engine import Database
from ingest.store.reprocessing import FeedFacts, KeptArticle, RawEntry, Remade

BATCH_ARTICLES = 200


class Effect(StrEnum):
    """What running again does to an article."""

    UNCHANGED = "unchanged"
    REVISED = "revised"  #         it says something else: a revision
    METADATA = "metadata"  #       it says the same; byline, dates, keys or the like differ
    FINGERPRINT = "fingerprint"  # only its fingerprint is of an older version
    NO_RAW = "no_raw"  #           its raw entry is not kept (any more)
    FROM_PAGE = "from_page"  #     its text came from the article's page
    INVALID = "invalid"  #         the rules of now find no article in the entry: left as it is
    UNREADABLE = "unreadable"  #   the raw entry is damaged: left as it is
    OVERTAKEN = "overtaken"  #     a poll changed it meanwhile: left as that poll had it


@dataclass(frozen=True, slots=True)
class Reworked:
    """What became of one article; `fields` are the columns that differ."""

    article_id: int
    publisher: str
    feed: str
    effect: Effect
    fields: tuple[str, ...]
    headline: str
    new_headline: str | None = None  # where it differs


def reprocess(
    database: Database,
    settings: Settings,
    now: datetime,
    *,
    since: datetime | None = None,
    dry_run: bool = False,
    batch_articles: int = BATCH_ARTICLES,
    engine: Engine | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Iterator[Reworked]:
    """Make the articles first seen at or after `since` again, and tell of each what became of it.

    Told is what has been committed; with `dry_run` nothing is written. `progress` is given how
    many articles are done, of how many. Raises DatabaseError; what was told until then stays. The
    `engine` (None: this process) and the size of a batch change nothing but the time it takes.
    """
    engine = engine or Alone()
    since = _latest(since, _content_floor(settings, now))
    with database.connect() as connection:
        total = reprocessing.count(connection, since)
    done = 0
    shards = _shards(database, settings.normalise, now, since, batch_articles)
    for shard, results in engine.map(remake_shard, shards):
        made = [
            (kept, result if isinstance(result, Effect) else Remade(kept, *result))
            for kept, result in zip(shard.articles, results, strict=True)
        ]
        altered = [result for _, result in made if isinstance(result, Remade)]
        written = {one.kept.article_id for one in altered}
        if altered and not dry_run:
            with database.begin() as connection:
                written = reprocessing.write(
                    connection,
                    altered,
                    now,
                    fingerprints_since=now - timedelta(days=settings.dedupe.window_days),
                )
        for kept, result in made:
            yield _told(kept, result, shard.feeds[kept.feed_id], written)
        done += len(made)
        progress(done, max(total, done))


@dataclass(frozen=True, slots=True)
class Shard:
    """Articles to make again, with all that it takes."""

    articles: Sequence[KeptArticle]
    feeds: Mapping[int, FeedFacts]
    settings: NormaliseSettings


# What an article has become: made anew (its article, fingerprint, and when its entry was seen),
# or why there is nothing to write.
Outcome: TypeAlias = tuple[Article, Fingerprint, datetime] | Effect


def remake_shard(shard: Shard) -> list[Outcome]:
    """What became of each article of a shard. Pure: it runs in any process, on any machine."""
    outcomes: list[Outcome] = []
    for kept in shard.articles:
        result = remake(kept, shard.feeds[kept.feed_id], shard.settings)
        if isinstance(result, Effect):
            outcomes.append(result)
        elif effect_of(result) is Effect.UNCHANGED:
            outcomes.append(Effect.UNCHANGED)
        else:
            outcomes.append((result.article, result.fingerprint, result.seen_at))
    return outcomes


def _shards(
    database: Database,
    settings: NormaliseSettings,
    now: datetime,
    since: datetime | None,
    articles: int,
) -> Iterator[Shard]:
    after_id = 0
    while True:
        with database.connect() as connection:
            batch = reprocessing.read_batch(
                connection, after_id=after_id, since=since, limit=articles
            )
            feeds = reprocessing.feed_facts(connection, {one.feed_id for one in batch}, now)
        if not batch:
            return
        yield Shard(batch, feeds, settings)
        after_id = batch[-1].article_id


def remake(kept: KeptArticle, feed: FeedFacts, settings: NormaliseSettings) -> Remade | Effect:
    """The article as the rules of now read it; an Effect where it cannot be made again. Pure.

    Where several entries of the feed are this article, one that says what is stored is taken
    before the others: it is still what the article says.
    """
    if kept.stored["text_from"] == "page":
        return Effect.FROM_PAGE
    if not kept.raws:
        return Effect.NO_RAW
    first: Remade | Effect | None = None
    for raw in kept.raws:
        result: Remade | Effect
        try:
            article = _normalised(raw, kept, feed, settings)
        except ValueError:
            result = Effect.UNREADABLE
        except InvalidEntry:
            result = Effect.INVALID
        else:
            sketch = fingerprint(article.headline, text_of(article))
            result = Remade(kept, article, sketch, raw.seen_at)
            if not result.is_revision:
                return result
        first = first or result
    assert first is not None
    return first


def effect_of(made: Remade) -> Effect:
    """What writing it would do."""
    if made.is_revision:
        return Effect.REVISED
    if made.changed():
        return Effect.METADATA
    return Effect.FINGERPRINT if made.has_new_fingerprint else Effect.UNCHANGED


def _normalised(
    raw: RawEntry, kept: KeptArticle, feed: FeedFacts, settings: NormaliseSettings
) -> Article:
    try:
        entry = unpack_entry(raw.raw)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a packed entry: {error}") from error
    context = Context(
        feed_url=feed.url,
        site_url=feed.site_url,
        publisher=feed.publisher,
        language=feed.language,
        format=feed.format,
        now=raw.seen_at,
        learned=feed.learned,
        clock_skew_seconds=feed.clock_skew_seconds,
        settings=settings,
    )
    return normalise(identified_again(entry, raw.entry_key, kept, feed), context)


def identified_again(
    entry: Entry, entry_key: int, kept: KeptArticle, feed: FeedFacts
) -> IdentifiedEntry:
    """The entry as it was identified among its document's others, which are not kept.

    Its key tells what it was made of: a guid that made it was trusted, a link too. Of an entry
    keyed by its guid the link was trusted if the article got a key of its address.
    """
    guid_is_trusted = entry.guid is not None and entry_key == signed_hash(f"guid:{entry.guid}")
    link_made_it = entry.link is not None and entry_key == signed_hash(f"link:{entry.link}")
    link_is_trusted = link_made_it or (
        guid_is_trusted
        and kept.had_url_keys
        and entry.link is not None
        and not is_home_page(entry.link, feed.site_url)
    )
    return IdentifiedEntry(entry, entry_key, entry_hash_of(entry), guid_is_trusted, link_is_trusted)


def _told(
    kept: KeptArticle, result: Remade | Effect, feed: FeedFacts, written: set[int]
) -> Reworked:
    headline: str = kept.stored["headline"]
    if isinstance(result, Effect):
        return Reworked(kept.article_id, feed.publisher, feed.name, result, (), headline)
    effect = effect_of(result)
    if effect is not Effect.UNCHANGED and kept.article_id not in written:
        effect = Effect.OVERTAKEN
    changed = result.changed()
    return Reworked(
        kept.article_id,
        feed.publisher,
        feed.name,
        effect,
        tuple(sorted(name for name in changed if name != "content_hash")),
        headline,
        changed.get("headline"),
    )


def _content_floor(settings: Settings, now: datetime) -> datetime | None:
    """Older articles have given up their text on purpose; it must not come back."""
    days = settings.database.keep_content_days
    return now - timedelta(days=days) if days else None


def _latest(*times: datetime | None) -> datetime | None:
    return max((time for time in times if time is not None), default=None)
