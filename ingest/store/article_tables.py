"""Tables about articles: identity, metadata, content, where each was seen, what it said before."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from ingest.store.columns import EntryOutcomeCode, Hash, Id, Json, KeyKindCode, Time
from ingest.store.feed_tables import metadata

RECURRING_ARTICLES = 3  # from so many articles on a block is looked at: see learned.py

article = Table(
    "article",
    metadata,
    Column("id", Id, primary_key=True, comment="stable, never reused"),
    Column("publisher_id", Id, ForeignKey("publisher.id"), nullable=False),
    Column(
        "feed_id",
        Id,
        ForeignKey("feed.id"),
        nullable=False,
        comment="its own feed: the one that carried it first, whose edits are revisions",
    ),
    Column("url", Text, comment="as given"),
    Column("canonical_url", Text, comment="without tracking, redirect wrappers, default ports"),
    Column("headline", Text, nullable=False),
    Column(
        "alternative_headline",
        Text,
        comment="the deck or standfirst when it is not the first sentence",
    ),
    Column("byline", Text, comment="the raw line"),
    Column("authors", Json, comment="the names, as a list"),
    Column("dateline", Text, comment="the place the text opens with"),
    Column("source_agency", Text, comment="wire attribution: Reuters, AP, AFP, dpa …"),
    Column("source_agency_found_in", Text, comment="byline, dateline, credit, text or source"),
    Column("language", Text, comment="BCP 47; from the text, the feed's claim as fallback"),
    Column("word_count", Integer, nullable=False),
    Column("text_from", Text, nullable=False, comment="feed or page"),
    Column("image_url", Text),
    Column("image_caption", Text),
    Column("image_credit", Text),
    Column("image_alt", Text),
    Column("media", Json, comment="enclosures and Media RSS, as a list"),
    Column("sections", Json),
    Column("tags", Json),
    Column("published_at", Time, comment="UTC; null when unknown, never invented"),
    Column("modified_at", Time, comment="UTC; null when unknown"),
    Column("published_raw", Text, comment="what the feed wrote"),
    Column(
        "published_quality", Text, nullable=False, comment="exact, no_timezone, clamped, missing …"
    ),
    Column("first_seen_at", Time, nullable=False, comment="the poll that brought it"),
    Column(
        "first_seen_after",
        Time,
        comment="the poll before that one, which did not have it; null at a feed's first poll",
    ),
    Column("revised_at", Time, comment="when its content last changed; null: never"),
    Column(
        "revision",
        SmallInteger,
        nullable=False,
        server_default=text("1"),
        comment="number of the version shown here, from 1",
    ),
    Column("content_hash", Hash, nullable=False, comment="of the normalised content"),
    Index("ix_article_first_seen_at", "first_seen_at"),
    Index("ix_article_publisher_id_first_seen_at", "publisher_id", "first_seen_at"),
    comment="one publisher's piece; one row, however many feeds carry it",
    sqlite_autoincrement=True,
)

article_content = Table(
    "article_content",
    metadata,
    Column("article_id", Id, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("summary", Text, comment="plain text, as the feed gives it"),
    Column("body_text", Text, comment="clean paragraphs separated by a blank line"),
    Column("body_html", Text, comment="sanitised"),
    Column("removed", Json, comment="what was taken out as boilerplate, each with its reason"),
    comment="an article's text, apart from its identity, so that it can expire alone",
)

article_key = Table(
    "article_key",
    metadata,
    Column(
        "key_hash",
        Hash,
        primary_key=True,
        autoincrement=False,
        comment="xxh3_64 of kind and value; of a guid its feed's id too",
    ),
    Column("kind", KeyKindCode, nullable=False, comment="1 guid, 2 url, 3 canonical, 4 amp"),
    Column("feed_id", Id, nullable=False, comment="the feed that showed it first"),
    Column("article_id", Id, index=True, comment="null: a deleted article, which never returns"),
    Column("first_seen_at", Time, nullable=False),
    Column("last_seen_at", Time, nullable=False, comment="when an entry with it was last stored"),
    comment="by what an article is recognised; any key that hits is the same article",
)

sighting = Table(
    "sighting",
    metadata,
    Column("feed_id", Id, primary_key=True, autoincrement=False),
    Column("entry_key", Hash, primary_key=True, autoincrement=False),
    Column("entry_hash", Hash, nullable=False, comment="of the entry as the feed gave it"),
    Column("article_id", Id, index=True, comment="null: the entry was invalid or filtered"),
    Column(
        "outcome",
        EntryOutcomeCode,
        nullable=False,
        comment="what last became of it: 1 new, 2 revised, 3 unchanged, 4 filtered, 5 invalid",
    ),
    Column("reason", Text, comment="why it was filtered or invalid"),
    Column("first_seen_at", Time, nullable=False),
    Column("last_seen_at", Time, comment="when it was last in the document; null: it still is"),
    comment="this article was seen in this feed, first and last at these times",
    sqlite_with_rowid=False,
)

revision = Table(
    "revision",
    metadata,
    Column("article_id", Id, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column(
        "number",
        SmallInteger,
        primary_key=True,
        autoincrement=False,
        comment="from 1; the newest version is the article itself and not here",
    ),
    Column("seen_at", Time, nullable=False, comment="when this version was first seen"),
    Column("superseded_at", Time, nullable=False, comment="when the next one was"),
    Column(
        "reason",
        Text,
        nullable=False,
        comment="why the next one replaced it: edit, fuller, reissue, page, reprocess",
    ),
    Column("content_hash", Hash, nullable=False),
    Column("url", Text),
    Column("headline", Text, nullable=False),
    Column("alternative_headline", Text),
    Column("byline", Text),
    Column("modified_at", Time),
    Column("word_count", Integer, nullable=False),
    Column("text_from", Text, nullable=False),
    Column("summary", Text),
    Column("body_text", Text),
    comment="a version of an article that has been replaced by a newer one",
)

raw_entry = Table(
    "raw_entry",
    metadata,
    Column("feed_id", Id, primary_key=True, autoincrement=False),
    Column("entry_key", Hash, primary_key=True, autoincrement=False),
    Column("article_id", Id, comment="null: invalid or filtered"),
    Column("seen_at", Time, nullable=False, index=True, comment="when it was last stored"),
    Column("raw", LargeBinary, nullable=False, comment="the entry as parsed, compressed"),
    comment="entries as the feed gave them, for `ingest reprocess`",
)

boilerplate_block = Table(
    "boilerplate_block",
    metadata,
    Column("publisher_id", Id, primary_key=True, autoincrement=False),
    Column("block_hash", Hash, primary_key=True, autoincrement=False),
    Column("articles", Integer, nullable=False, comment="articles of the publisher that have it"),
    Column("first_seen_at", Time, nullable=False),
    Column("last_seen_at", Time, nullable=False),
    Index(
        "ix_boilerplate_block_recurring",
        "publisher_id",
        sqlite_where=text(f"articles >= {RECURRING_ARTICLES}"),  # on PostgreSQL too: tables.py
    ),
    comment="text blocks of a publisher's pages: what recurs is boilerplate",
    sqlite_with_rowid=False,
)
