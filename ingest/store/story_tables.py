"""Tables about republication: fingerprints, matches, stories, a person's decisions, changes."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from ingest.store.columns import CurrentTransaction, Hash, Id, Json, Time
from ingest.store.feed_tables import metadata

fingerprint = Table(
    "fingerprint",
    metadata,
    Column("article_id", Id, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column(
        "version",
        SmallInteger,
        nullable=False,
        comment="of tokeniser, hash and sampling together; versions never meet",
    ),
    Column("token_count", Integer, nullable=False),
    Column(
        "seen_at",
        Time,
        nullable=False,
        comment="the article's first_seen_at: the window is counted from it",
    ),
    comment="the sketch of an article's text; lives inside the dedupe window",
)

# No foreign key: dozens of rows an article, each of which would look its article up.
posting = Table(
    "posting",
    metadata,
    Column("hash", Hash, primary_key=True, autoincrement=False),
    Column("article_id", Id, primary_key=True, autoincrement=False),
    comment="the inverted index of fingerprints: which articles have this sampled hash",
    sqlite_with_rowid=False,
)

posting_run = Table(
    "posting_run",
    metadata,
    Column("name", Hash, primary_key=True, autoincrement=False, comment="a hash of the content"),
    Column("postings", Integer, nullable=False, comment="how many"),
    Column("newest_article_id", Id, nullable=False),
    Column(
        "content",
        LargeBinary,
        nullable=False,
        comment="the hashes in order, then the article of each: 64-bit integers, little-endian",
    ),
    # Which runs there are is asked by every batch, and is told without a look at their contents.
    Index("ix_posting_run_newest_article_id", "newest_article_id"),
    comment="postings on their way into `posting`: those of one transaction, or of several",
)

story = Table(
    "story",
    metadata,
    Column("id", Id, primary_key=True, comment="stable, never reused"),
    Column(
        "merged_into_id",
        Id,
        index=True,
        comment="set when found to be another story: look there instead",
    ),
    Column("first_article_id", Id, comment="who ran it first, as far as can be known"),
    Column("fullest_article_id", Id, comment="the member with the longest text"),
    Column("articles", Integer, nullable=False, server_default=text("1")),
    Column("publishers", Integer, nullable=False, server_default=text("1")),
    Column("first_published_at", Time, comment="the earliest believable claim of a member"),
    Column("source_agency", Text, comment="the wire the members attribute it to"),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False, comment="when an article last joined or left"),
    Index("ix_story_updated_at", "updated_at"),
    Index(
        "ix_story_emptied",  # a merged one, or one that re-clustering has emptied
        "first_article_id",
        sqlite_where=text("articles = 0"),  # on PostgreSQL too: tables.py
    ),
    comment="the set of articles that republish one text; most have one article",
    sqlite_autoincrement=True,
)

story_article = Table(
    "story_article",
    metadata,
    Column("article_id", Id, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("story_id", Id, ForeignKey("story.id"), nullable=False, index=True),
    Column("joined_at", Time, nullable=False),
    comment="which story an article is in: exactly one, once it has been looked at",
)

match = Table(
    "match",
    metadata,
    Column("article_id", Id, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column(
        "of_article_id",
        Id,
        ForeignKey("article.id"),
        primary_key=True,
        autoincrement=False,
        index=True,
    ),
    Column(
        "relation",
        Text,
        nullable=False,
        comment="identical, abridged, extended, edited; quotes, digest (recorded, not merged)",
    ),
    Column("resemblance", Float, nullable=False, comment="weighted Jaccard, 0-1"),
    Column("containment", Float, nullable=False, comment="share of the article in the other, 0-1"),
    Column("containment_of", Float, nullable=False, comment="share of the other in the article"),
    Column("shared_weight", Float, nullable=False, comment="sum of the shared shingles' rarity"),
    Column("rule", Text, nullable=False, comment="the rule that decided"),
    Column("gap_seconds", Integer, nullable=False, comment="time between the two"),
    Column("fingerprint_version", SmallInteger, nullable=False),
    Column("decided_at", Time, nullable=False),
    comment="the evidence that article_id republishes of_article_id",
)

match_queue = Table(
    "match_queue",
    metadata,
    Column("article_id", Id, primary_key=True, autoincrement=False),
    Column("queued_at", Time, nullable=False),
    Column("reason", Text, nullable=False, comment="new, revised, recluster"),
    Column(
        "question",
        LargeBinary,
        comment="what the index will be asked about it; null: to be read from the text",
    ),
    Index("ix_match_queue_queued_at", "queued_at", "article_id"),  # the order of their turn
    comment="articles stored but not yet compared; written and emptied in two transactions",
)

story_pin = Table(
    "story_pin",
    metadata,
    Column("article_id", Id, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column(
        "other_article_id",
        Id,
        ForeignKey("article.id"),
        primary_key=True,
        autoincrement=False,
        index=True,
        comment="always the larger id of the two",
    ),
    Column("together", Boolean, nullable=False, comment="one story, or never one story"),
    Column("reason", Text),
    Column("decided_at", Time, nullable=False),
    comment="a person's decision about two articles; re-clustering respects it",
)

change = Table(
    "change",
    metadata,
    Column("id", Id, primary_key=True),
    Column(
        "transaction_id",
        Id,
        nullable=False,
        server_default=CurrentTransaction(),
        comment="PostgreSQL: the writing transaction; readers stop before open ones. Else 0",
    ),
    Column("at", Time, nullable=False),
    Column(
        "kind",
        Text,
        nullable=False,
        comment="article.new, article.revised, story.created, story.joined, story.merged …",
    ),
    Column("feed_id", Id),
    Column("article_id", Id),
    Column("story_id", Id),
    Column("data", Json, comment="what more the kind needs"),
    Index("ix_change_transaction_id_id", "transaction_id", "id"),
    comment="the change stream: written in the transaction that made the change",
    sqlite_autoincrement=True,
)

webhook = Table(
    "webhook",
    metadata,
    Column("name", Text, primary_key=True, comment="the config's name of it"),
    Column("cursor", Text, nullable=False, comment="of the last event that was taken"),
    Column("message_id", Text, comment="of the message on its way: the same at every attempt"),
    Column("message_end", Text, comment="the cursor of the last event in that message"),
    Column("attempts", Integer, nullable=False, comment="to deliver it, so far"),
    Column("next_at", Time, nullable=False, comment="when there may be another attempt"),
    Column("events", Id, nullable=False, comment="that were taken, all told"),
    Column("delivered_at", Time, comment="when the receiver last took something"),
    Column("failing_since", Time, comment="the first of the attempts that failed in a row"),
    Column("detail", Text, comment="what went wrong last, in one line"),
    comment="how far each receiver of the change stream has got",
)
