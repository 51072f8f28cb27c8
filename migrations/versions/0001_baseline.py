"""The first schema: feeds, articles, stories, the full-text index, the five views.

Written out by Alembic from `ingest.store.tables` as they were then, and never changed since.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TIME = sa.DateTime(timezone=True)

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    _create_tables()
    dialect = op.get_bind().dialect.name
    if dialect == "postgresql":
        op.execute(
            "ALTER TABLE change ALTER COLUMN transaction_id"
            " SET DEFAULT (pg_current_xact_id()::text::bigint)"
        )
    for name in (f"0001_search_{dialect}.sql", "0001_views.sql"):
        for statement in (SQL / name).read_text(encoding="utf-8").split("\n\n"):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for view in ("v_polls", "v_feeds", "v_matches", "v_stories", "v_articles"):
        op.execute(f"DROP VIEW {view}")
    op.execute("DROP TABLE article_search")
    _drop_tables()


def _create_tables() -> None:
    op.create_table(
        "article_key",
        sa.Column(
            "key_hash",
            BIGINT,
            autoincrement=False,
            nullable=False,
            comment="xxh3_64 of kind and value; of a guid its feed's id too",
        ),
        sa.Column(
            "kind", sa.SmallInteger(), nullable=False, comment="1 guid, 2 url, 3 canonical, 4 amp"
        ),
        sa.Column("feed_id", BIGINT, nullable=False, comment="the feed that showed it first"),
        sa.Column(
            "article_id",
            BIGINT,
            nullable=True,
            comment="null: a deleted article, which never returns",
        ),
        sa.Column("first_seen_at", TIME, nullable=False),
        sa.Column(
            "last_seen_at", TIME, nullable=False, comment="when an entry with it was last stored"
        ),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_article_key")),
        comment="by what an article is recognised; any key that hits is the same article",
    )
    op.create_index(op.f("ix_article_key_article_id"), "article_key", ["article_id"], unique=False)
    op.create_table(
        "boilerplate_block",
        sa.Column("publisher_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("block_hash", BIGINT, autoincrement=False, nullable=False),
        sa.Column(
            "articles",
            sa.Integer(),
            nullable=False,
            comment="articles of the publisher that have it",
        ),
        sa.Column("first_seen_at", TIME, nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.Column("sample", sa.Text(), nullable=True, comment="its text, as first seen"),
        sa.PrimaryKeyConstraint("publisher_id", "block_hash", name=op.f("pk_boilerplate_block")),
        comment="text blocks of a publisher's pages: what recurs is boilerplate",
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_boilerplate_block_recurring",
        "boilerplate_block",
        ["publisher_id"],
        unique=False,
        sqlite_where=sa.text("articles >= 3"),
        postgresql_where=sa.text("articles >= 3"),
    )
    op.create_table(
        "change",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column(
            "transaction_id",
            BIGINT,
            server_default=sa.text("0"),
            nullable=False,
            comment="PostgreSQL: the writing transaction; readers stop before open ones. Else 0",
        ),
        sa.Column("at", TIME, nullable=False),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="article.new, article.revised, story.created, story.joined, story.merged …",
        ),
        sa.Column("feed_id", BIGINT, nullable=True),
        sa.Column("article_id", BIGINT, nullable=True),
        sa.Column("story_id", BIGINT, nullable=True),
        sa.Column("data", JSON, nullable=True, comment="what more the kind needs"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        comment="the change stream: written in the transaction that made the change",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_change_transaction_id_id", "change", ["transaction_id", "id"], unique=False)
    op.create_table(
        "match_queue",
        sa.Column("article_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("queued_at", TIME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="new, revised, recluster"),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_match_queue")),
        comment="articles stored but not yet compared; written and emptied in two transactions",
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
        comment="single facts about the database itself",
    )
    op.create_table(
        "poll",
        sa.Column("feed_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False),
        sa.Column(
            "status",
            sa.SmallInteger(),
            nullable=True,
            comment="HTTP status; null when there was no response",
        ),
        sa.Column(
            "elapsed_seconds", sa.Float(), nullable=False, comment="from asking to the last byte"
        ),
        sa.Column(
            "received_bytes",
            sa.Integer(),
            nullable=False,
            comment="over the wire, still compressed",
        ),
        sa.Column(
            "entries",
            sa.Integer(),
            nullable=True,
            comment="in the document; the five below add up to it",
        ),
        sa.Column("entries_new", sa.Integer(), nullable=True),
        sa.Column("entries_revised", sa.Integer(), nullable=True),
        sa.Column("entries_unchanged", sa.Integer(), nullable=True),
        sa.Column("entries_filtered", sa.Integer(), nullable=True),
        sa.Column("entries_invalid", sa.Integer(), nullable=True),
        sa.Column(
            "interval_seconds",
            sa.Float(),
            nullable=True,
            comment="the cadence decided after this poll",
        ),
        sa.Column(
            "possible_gap",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="no entry of the document before was left: something may have been missed",
        ),
        sa.Column(
            "was_full",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="asked without validators",
        ),
        sa.Column(
            "detail",
            sa.Text(),
            nullable=True,
            comment="what went wrong, in one line; null when nothing did",
        ),
        sa.PrimaryKeyConstraint("feed_id", "started_at", name=op.f("pk_poll")),
        comment="one attempt to fetch a feed, with its one outcome",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_poll_started_at", "poll", ["started_at"], unique=False)
    op.create_table(
        "posting",
        sa.Column("hash", BIGINT, autoincrement=False, nullable=False),
        sa.Column("article_id", BIGINT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("hash", "article_id", name=op.f("pk_posting")),
        comment="the inverted index of fingerprints: which articles have this sampled hash",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "publisher",
        sa.Column("id", BIGINT, nullable=False, comment="stable, never reused"),
        sa.Column("name", sa.Text(), nullable=False, comment="as the config or the feed names it"),
        sa.Column(
            "domain",
            sa.Text(),
            nullable=True,
            comment="registrable domain; null when named by the user",
        ),
        sa.Column("created_at", TIME, nullable=False, comment="when it was first heard of"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publisher")),
        sa.UniqueConstraint("domain", name=op.f("uq_publisher_domain")),
        sa.UniqueConstraint("name", name=op.f("uq_publisher_name")),
        comment="who publishes feeds; several feeds may share one",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "raw_entry",
        sa.Column("feed_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("entry_key", BIGINT, autoincrement=False, nullable=False),
        sa.Column("article_id", BIGINT, nullable=True, comment="null: invalid or filtered"),
        sa.Column("seen_at", TIME, nullable=False, comment="when it was last stored"),
        sa.Column(
            "raw", sa.LargeBinary(), nullable=False, comment="the entry as parsed, compressed"
        ),
        sa.PrimaryKeyConstraint("feed_id", "entry_key", name=op.f("pk_raw_entry")),
        comment="entries as the feed gave them, for `ingest reprocess`",
    )
    op.create_index(op.f("ix_raw_entry_seen_at"), "raw_entry", ["seen_at"], unique=False)
    op.create_table(
        "sighting",
        sa.Column("feed_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("entry_key", BIGINT, autoincrement=False, nullable=False),
        sa.Column("entry_hash", BIGINT, nullable=False, comment="of the entry as the feed gave it"),
        sa.Column(
            "article_id", BIGINT, nullable=True, comment="null: the entry was invalid or filtered"
        ),
        sa.Column(
            "outcome",
            sa.SmallInteger(),
            nullable=False,
            comment="what last became of it: 1 new, 2 revised, 3 unchanged, 4 filtered, 5 invalid",
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it was filtered or invalid"),
        sa.Column("first_seen_at", TIME, nullable=False),
        sa.Column(
            "last_seen_at",
            TIME,
            nullable=True,
            comment="when it was last in the document; null: it still is",
        ),
        sa.PrimaryKeyConstraint("feed_id", "entry_key", name=op.f("pk_sighting")),
        comment="this article was seen in this feed, first and last at these times",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_sighting_article_id"), "sighting", ["article_id"], unique=False)
    op.create_table(
        "site",
        sa.Column("id", BIGINT, nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="registrable domain, or an address"),
        sa.Column(
            "next_slot_at",
            TIME,
            nullable=True,
            comment="the earliest moment another request may start",
        ),
        sa.Column(
            "paused_until",
            TIME,
            nullable=True,
            comment="nothing is asked of the site before this time",
        ),
        sa.Column(
            "pause_reason",
            sa.Text(),
            nullable=True,
            comment="what the site said, e.g. '429, Retry-After 120'",
        ),
        sa.Column(
            "failures",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="pauses in a row",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", name=op.f("uq_site_name")),
        comment="what is polite is decided per site, across all workers",
    )
    op.create_table(
        "story",
        sa.Column("id", BIGINT, nullable=False, comment="stable, never reused"),
        sa.Column(
            "merged_into_id",
            BIGINT,
            nullable=True,
            comment="set when found to be another story: look there instead",
        ),
        sa.Column(
            "first_article_id",
            BIGINT,
            nullable=True,
            comment="who ran it first, as far as can be known",
        ),
        sa.Column(
            "fullest_article_id", BIGINT, nullable=True, comment="the member with the longest text"
        ),
        sa.Column("articles", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("publishers", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "first_published_at",
            TIME,
            nullable=True,
            comment="the earliest believable claim of a member",
        ),
        sa.Column(
            "source_agency",
            sa.Text(),
            nullable=True,
            comment="the wire the members attribute it to",
        ),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column(
            "updated_at", TIME, nullable=False, comment="when an article last joined or left"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story")),
        comment="the set of articles that republish one text; most have one article",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_story_merged_into_id"), "story", ["merged_into_id"], unique=False)
    op.create_index("ix_story_updated_at", "story", ["updated_at"], unique=False)
    op.create_table(
        "worker",
        sa.Column("name", sa.Text(), nullable=False, comment="host:pid:start, unique"),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False, comment="its last heartbeat"),
        sa.Column("stopped_at", TIME, nullable=True, comment="set when it ended in order"),
        sa.Column(
            "status", JSON, nullable=True, comment="queue lengths and the like, for `ingest status`"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker")),
        comment="the processes that poll, so that a dead one is noticed",
    )
    op.create_table(
        "feed",
        sa.Column("id", BIGINT, nullable=False, comment="stable, never reused"),
        sa.Column("publisher_id", BIGINT, nullable=False),
        sa.Column("site_id", BIGINT, nullable=False),
        sa.Column("url", sa.Text(), nullable=False, comment="where it is polled now"),
        sa.Column("name", sa.Text(), nullable=False, comment="what the command line calls it"),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="who subscribed it: config, user or opml"
        ),
        sa.Column("settings", JSON, nullable=False, comment="its [[feeds]] table, no secrets"),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column(
            "removed_at", TIME, nullable=True, comment="set when unsubscribed; its articles stay"
        ),
        sa.Column("title", sa.Text(), nullable=True, comment="as the document gives it"),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("site_url", sa.Text(), nullable=True, comment="the page the feed belongs to"),
        sa.Column("self_url", sa.Text(), nullable=True),
        sa.Column("hub_url", sa.Text(), nullable=True, comment="WebSub hub"),
        sa.Column("format", sa.Text(), nullable=True, comment="rss20, atom10, json11 …"),
        sa.Column("language", sa.Text(), nullable=True, comment="the feed's own claim"),
        sa.Column("generator", sa.Text(), nullable=True),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column(
            "guids_are_trusted",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="false once they repeated within a document or changed at every poll",
        ),
        sa.Column(
            "clock_skew_seconds",
            sa.Integer(),
            nullable=True,
            comment="how far ahead the server's clock is; learned",
        ),
        sa.Column(
            "validators_lie",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="a full request brought news behind a 304",
        ),
        sa.ForeignKeyConstraint(
            ["publisher_id"], ["publisher.id"], name=op.f("fk_feed_publisher_id_publisher")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_feed_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sa.UniqueConstraint("name", name=op.f("uq_feed_name")),
        sa.UniqueConstraint("url", name=op.f("uq_feed_url")),
        comment="a subscribed source document",
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_feed_publisher_id"), "feed", ["publisher_id"], unique=False)
    op.create_index(op.f("ix_feed_site_id"), "feed", ["site_id"], unique=False)
    op.create_table(
        "article",
        sa.Column("id", BIGINT, nullable=False, comment="stable, never reused"),
        sa.Column("publisher_id", BIGINT, nullable=False),
        sa.Column(
            "feed_id",
            BIGINT,
            nullable=False,
            comment="its own feed: the one that carried it first, whose edits are revisions",
        ),
        sa.Column("url", sa.Text(), nullable=True, comment="as given"),
        sa.Column(
            "canonical_url",
            sa.Text(),
            nullable=True,
            comment="without tracking, redirect wrappers, default ports",
        ),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column(
            "alternative_headline",
            sa.Text(),
            nullable=True,
            comment="the deck or standfirst when it is not the first sentence",
        ),
        sa.Column("byline", sa.Text(), nullable=True, comment="the raw line"),
        sa.Column("authors", JSON, nullable=True, comment="the names, as a list"),
        sa.Column("dateline", sa.Text(), nullable=True, comment="the place the text opens with"),
        sa.Column(
            "source_agency",
            sa.Text(),
            nullable=True,
            comment="wire attribution: Reuters, AP, AFP, dpa …",
        ),
        sa.Column(
            "source_agency_found_in",
            sa.Text(),
            nullable=True,
            comment="byline, dateline, credit, text or source",
        ),
        sa.Column(
            "language",
            sa.Text(),
            nullable=True,
            comment="BCP 47; from the text, the feed's claim as fallback",
        ),
        sa.Column("word_count", sa.Integer(), nullable=False),
        sa.Column("text_from", sa.Text(), nullable=False, comment="feed or page"),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("image_caption", sa.Text(), nullable=True),
        sa.Column("image_credit", sa.Text(), nullable=True),
        sa.Column("image_alt", sa.Text(), nullable=True),
        sa.Column("media", JSON, nullable=True, comment="enclosures and Media RSS, as a list"),
        sa.Column("sections", JSON, nullable=True),
        sa.Column("tags", JSON, nullable=True),
        sa.Column(
            "published_at", TIME, nullable=True, comment="UTC; null when unknown, never invented"
        ),
        sa.Column("modified_at", TIME, nullable=True, comment="UTC; null when unknown"),
        sa.Column("published_raw", sa.Text(), nullable=True, comment="what the feed wrote"),
        sa.Column(
            "published_quality",
            sa.Text(),
            nullable=False,
            comment="exact, no_timezone, clamped, missing …",
        ),
        sa.Column("first_seen_at", TIME, nullable=False, comment="the poll that brought it"),
        sa.Column(
            "first_seen_after",
            TIME,
            nullable=True,
            comment="the poll before that one, which did not have it; null at a feed's first poll",
        ),
        sa.Column(
            "revised_at", TIME, nullable=True, comment="when its content last changed; null: never"
        ),
        sa.Column(
            "revision",
            sa.SmallInteger(),
            server_default=sa.text("1"),
            nullable=False,
            comment="number of the version shown here, from 1",
        ),
        sa.Column("content_hash", BIGINT, nullable=False, comment="of the normalised content"),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_article_feed_id_feed")),
        sa.ForeignKeyConstraint(
            ["publisher_id"], ["publisher.id"], name=op.f("fk_article_publisher_id_publisher")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        comment="one publisher's piece; one row, however many feeds carry it",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_article_first_seen_at", "article", ["first_seen_at"], unique=False)
    op.create_index(
        "ix_article_publisher_id_first_seen_at",
        "article",
        ["publisher_id", "first_seen_at"],
        unique=False,
    )
    op.create_table(
        "feed_document",
        sa.Column("feed_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column(
            "entries",
            sa.LargeBinary(),
            nullable=False,
            comment="(entry_key, entry_hash) pairs of the last document, little-endian int64",
        ),
        sa.Column("seen_at", TIME, nullable=False, comment="when that document was read"),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feed.id"], name=op.f("fk_feed_document_feed_id_feed")
        ),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_feed_document")),
        comment="what the last document held, so that an unchanged entry costs no row",
    )
    op.create_table(
        "feed_schedule",
        sa.Column("feed_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("site_id", BIGINT, nullable=False, comment="copied from feed: claims need it"),
        sa.Column(
            "next_poll_at",
            TIME,
            nullable=True,
            comment="due from then on; null: not polled (paused, gone)",
        ),
        sa.Column("lease_until", TIME, nullable=True, comment="a worker holds the feed until then"),
        sa.Column("lease_owner", sa.Text(), nullable=True, comment="worker.name"),
        sa.Column(
            "lease_fence",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="grows with every claim; a write with an older one is refused",
        ),
        sa.Column(
            "state", sa.Text(), nullable=False, comment="ok, failing, stale, blocked, gone, paused"
        ),
        sa.Column("state_since", TIME, nullable=False),
        sa.Column(
            "state_evidence",
            sa.Text(),
            nullable=True,
            comment="what brought the state about, in one line",
        ),
        sa.Column(
            "interval_seconds",
            sa.Float(),
            nullable=False,
            comment="between last_poll_at and next_poll_at",
        ),
        sa.Column("failures", sa.Integer(), nullable=False, comment="polls that failed in a row"),
        sa.Column(
            "failure_weight",
            sa.Float(),
            nullable=False,
            comment="the same, by how hard they failed",
        ),
        sa.Column("etag", sa.Text(), nullable=True, comment="byte for byte as the server gave it"),
        sa.Column(
            "last_modified", sa.Text(), nullable=True, comment="byte for byte as the server gave it"
        ),
        sa.Column("body_hash", BIGINT, nullable=True, comment="xxh3_64 of the last body read"),
        sa.Column(
            "last_poll_at",
            TIME,
            nullable=True,
            comment="when a poll last ended, whatever its outcome",
        ),
        sa.Column("last_outcome", sa.SmallInteger(), nullable=True),
        sa.Column(
            "last_success_at",
            TIME,
            nullable=True,
            comment="when the content was last known to be current",
        ),
        sa.Column(
            "last_news_at",
            TIME,
            nullable=True,
            comment="when a poll last brought a new or revised entry",
        ),
        sa.Column(
            "last_full_at",
            TIME,
            nullable=True,
            comment="when the body was last asked for unconditionally",
        ),
        sa.Column(
            "recent_news", sa.Float(), nullable=False, comment="new entries, half-life half a day"
        ),
        sa.Column(
            "recent_hours", sa.Float(), nullable=False, comment="hours watched, same half-life"
        ),
        sa.Column(
            "usual_news", sa.Float(), nullable=False, comment="new entries, half-life a week"
        ),
        sa.Column(
            "usual_hours", sa.Float(), nullable=False, comment="hours watched, same half-life"
        ),
        sa.Column("entries", sa.Integer(), nullable=False, comment="in the last document read"),
        sa.Column(
            "gap_factor",
            sa.Float(),
            nullable=False,
            comment="below 1 after documents that did not overlap",
        ),
        sa.Column(
            "possible_gap_at",
            TIME,
            nullable=True,
            comment="the last time two documents did not overlap",
        ),
        sa.Column(
            "hints",
            JSON,
            nullable=True,
            comment="ttl, sy:*, skipHours, skipDays of the last document; or null",
        ),
        sa.Column(
            "cache_seconds",
            sa.Float(),
            nullable=False,
            comment="how long the last answer called itself fresh",
        ),
        sa.Column(
            "retry_after_seconds",
            sa.Float(),
            nullable=False,
            comment="what the last answer asked for",
        ),
        sa.Column(
            "move",
            JSON,
            nullable=True,
            comment="a permanent redirect that is not believed yet; or null",
        ),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feed.id"], name=op.f("fk_feed_schedule_feed_id_feed")
        ),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_feed_schedule")),
        comment="the hot part of a feed: when it is polled, by whom, with what validators",
        postgresql_with={"fillfactor": 50},
    )
    op.create_index(
        "ix_feed_schedule_next_poll_at", "feed_schedule", ["next_poll_at"], unique=False
    )
    op.create_index("ix_feed_schedule_site_id", "feed_schedule", ["site_id"], unique=False)
    op.create_table(
        "feed_url_history",
        sa.Column("feed_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("until_at", TIME, nullable=False, comment="when it stopped being the feed's URL"),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="moved (301), edited, reverted"),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feed.id"], name=op.f("fk_feed_url_history_feed_id_feed")
        ),
        sa.PrimaryKeyConstraint("feed_id", "until_at", name=op.f("pk_feed_url_history")),
        comment="where a feed was polled before",
    )
    op.create_table(
        "article_content",
        sa.Column("article_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("summary", sa.Text(), nullable=True, comment="plain text, as the feed gives it"),
        sa.Column(
            "body_text",
            sa.Text(),
            nullable=True,
            comment="clean paragraphs separated by a blank line",
        ),
        sa.Column("body_html", sa.Text(), nullable=True, comment="sanitised"),
        sa.Column(
            "removed",
            JSON,
            nullable=True,
            comment="what was taken out as boilerplate, each with its reason",
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_content_article_id_article")
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_content")),
        comment="an article's text, apart from its identity, so that it can expire alone",
    )
    op.create_table(
        "fingerprint",
        sa.Column("article_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column(
            "version",
            sa.SmallInteger(),
            nullable=False,
            comment="of tokeniser, hash and sampling together; versions never meet",
        ),
        sa.Column("token_count", sa.Integer(), nullable=False),
        sa.Column(
            "seen_at",
            TIME,
            nullable=False,
            comment="the article's first_seen_at: the window is counted from it",
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_fingerprint_article_id_article")
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_fingerprint")),
        comment="the sketch of an article's text; lives inside the dedupe window",
    )
    op.create_index(op.f("ix_fingerprint_seen_at"), "fingerprint", ["seen_at"], unique=False)
    op.create_table(
        "match",
        sa.Column("article_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("of_article_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column(
            "relation",
            sa.Text(),
            nullable=False,
            comment="identical, abridged, extended, edited; quotes, digest (recorded, not merged)",
        ),
        sa.Column("resemblance", sa.Float(), nullable=False, comment="weighted Jaccard, 0-1"),
        sa.Column(
            "containment",
            sa.Float(),
            nullable=False,
            comment="share of the article in the other, 0-1",
        ),
        sa.Column(
            "containment_of",
            sa.Float(),
            nullable=False,
            comment="share of the other in the article",
        ),
        sa.Column(
            "shared_weight",
            sa.Float(),
            nullable=False,
            comment="sum of the shared shingles' rarity",
        ),
        sa.Column("rule", sa.Text(), nullable=False, comment="the rule that decided"),
        sa.Column("gap_seconds", sa.Integer(), nullable=False, comment="time between the two"),
        sa.Column("fingerprint_version", sa.SmallInteger(), nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_match_article_id_article")
        ),
        sa.ForeignKeyConstraint(
            ["of_article_id"], ["article.id"], name=op.f("fk_match_of_article_id_article")
        ),
        sa.PrimaryKeyConstraint("article_id", "of_article_id", name=op.f("pk_match")),
        comment="the evidence that article_id republishes of_article_id",
    )
    op.create_index(op.f("ix_match_of_article_id"), "match", ["of_article_id"], unique=False)
    op.create_table(
        "revision",
        sa.Column("article_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column(
            "number",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="from 1; the newest version is the article itself and not here",
        ),
        sa.Column("seen_at", TIME, nullable=False, comment="when this version was first seen"),
        sa.Column("superseded_at", TIME, nullable=False, comment="when the next one was"),
        sa.Column(
            "reason",
            sa.Text(),
            nullable=False,
            comment="why the next one replaced it: edit, fuller, reissue, page, reprocess",
        ),
        sa.Column("content_hash", BIGINT, nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("alternative_headline", sa.Text(), nullable=True),
        sa.Column("byline", sa.Text(), nullable=True),
        sa.Column("modified_at", TIME, nullable=True),
        sa.Column("word_count", sa.Integer(), nullable=False),
        sa.Column("text_from", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("body_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_revision_article_id_article")
        ),
        sa.PrimaryKeyConstraint("article_id", "number", name=op.f("pk_revision")),
        comment="a version of an article that has been replaced by a newer one",
    )
    op.create_table(
        "story_article",
        sa.Column("article_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column("story_id", BIGINT, nullable=False),
        sa.Column("joined_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_story_article_article_id_article")
        ),
        sa.ForeignKeyConstraint(
            ["story_id"], ["story.id"], name=op.f("fk_story_article_story_id_story")
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_story_article")),
        comment="which story an article is in: exactly one, once it has been looked at",
    )
    op.create_index(op.f("ix_story_article_story_id"), "story_article", ["story_id"], unique=False)
    op.create_table(
        "story_pin",
        sa.Column("article_id", BIGINT, autoincrement=False, nullable=False),
        sa.Column(
            "other_article_id",
            BIGINT,
            autoincrement=False,
            nullable=False,
            comment="always the larger id of the two",
        ),
        sa.Column(
            "together", sa.Boolean(), nullable=False, comment="one story, or never one story"
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_story_pin_article_id_article")
        ),
        sa.ForeignKeyConstraint(
            ["other_article_id"], ["article.id"], name=op.f("fk_story_pin_other_article_id_article")
        ),
        sa.PrimaryKeyConstraint("article_id", "other_article_id", name=op.f("pk_story_pin")),
        comment="a person's decision about two articles; re-clustering respects it",
    )
    op.create_index(
        op.f("ix_story_pin_other_article_id"), "story_pin", ["other_article_id"], unique=False
    )


def _drop_tables() -> None:
    op.drop_table("story_pin")
    op.drop_table("story_article")
    op.drop_table("revision")
    op.drop_table("match")
    op.drop_table("fingerprint")
    op.drop_table("article_content")
    op.drop_table("feed_url_history")
    op.drop_table("feed_schedule")
    op.drop_table("feed_document")
    op.drop_table("article")
    op.drop_table("feed")
    op.drop_table("worker")
    op.drop_table("story")
    op.drop_table("site")
    op.drop_table("sighting")
    op.drop_table("raw_entry")
    op.drop_table("publisher")
    op.drop_table("posting")
    op.drop_table("poll")
    op.drop_table("meta")
    op.drop_table("match_queue")
    op.drop_table("change")
    op.drop_table("boilerplate_block")
    op.drop_table("article_key")
