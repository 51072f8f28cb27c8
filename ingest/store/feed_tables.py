"""Tables about feeds: who publishes them, when they are polled, how each poll ended.

`feed` is what a feed is and changes seldom; `feed_schedule` is what changes at every poll and is
kept narrow, so that an unchanged poll writes one short row here and one in `poll`.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    case,
    text,
)

from ingest.store.columns import Hash, Id, Json, PollOutcomeCode, Time

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

publisher = Table(
    "publisher",
    metadata,
    Column("id", Id, primary_key=True, comment="stable, never reused"),
    Column("name", Text, nullable=False, unique=True, comment="as the config or the feed names it"),
    Column("domain", Text, unique=True, comment="registrable domain; null when named by the user"),
    Column("created_at", Time, nullable=False, comment="when it was first heard of"),
    comment="who publishes feeds; several feeds may share one",
    sqlite_autoincrement=True,
)

site = Table(
    "site",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True, comment="registrable domain, or an address"),
    Column("next_slot_at", Time, comment="the earliest moment another request may start"),
    Column("paused_until", Time, comment="nothing is asked of the site before this time"),
    Column("pause_reason", Text, comment="what the site said, e.g. '429, Retry-After 120'"),
    Column(
        "failures", Integer, nullable=False, server_default=text("0"), comment="pauses in a row"
    ),
    comment="what is polite is decided per site, across all workers",
)

feed = Table(
    "feed",
    metadata,
    Column("id", Id, primary_key=True, comment="stable, never reused"),
    Column("publisher_id", Id, ForeignKey("publisher.id"), nullable=False, index=True),
    Column("site_id", Id, ForeignKey("site.id"), nullable=False, index=True),
    Column("url", Text, nullable=False, unique=True, comment="where it is polled now"),
    Column("name", Text, nullable=False, unique=True, comment="what the command line calls it"),
    Column("source", Text, nullable=False, comment="who subscribed it: config, user or opml"),
    Column("settings", Json, nullable=False, comment="its [[feeds]] table, no secrets"),
    Column("added_at", Time, nullable=False),
    Column("removed_at", Time, comment="set when unsubscribed; its articles stay"),
    Column("title", Text, comment="as the document gives it"),
    Column("description", Text),
    Column("site_url", Text, comment="the page the feed belongs to"),
    Column("self_url", Text),
    Column("hub_url", Text, comment="WebSub hub"),
    Column("format", Text, comment="rss20, atom10, json11 …"),
    Column("language", Text, comment="the feed's own claim"),
    Column("generator", Text),
    Column("image_url", Text),
    Column(
        "guids_are_trusted",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="false once they repeated within a document or changed at every poll",
    ),
    Column("clock_skew_seconds", Integer, comment="how far ahead the server's clock is; learned"),
    Column(
        "validators_lie",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="a full request brought news behind a 304",
    ),
    comment="a subscribed source document",
    sqlite_autoincrement=True,
)

# A held feed is claimable when its lease ends, any other one when it is due. The queue is in this
# order, so that a claim does not pass over the polls in flight; the index has it as an expression.
CLAIMABLE_AT = "(CASE WHEN lease_until > next_poll_at THEN lease_until ELSE next_poll_at END)"

feed_schedule = Table(
    "feed_schedule",
    metadata,
    Column("feed_id", Id, ForeignKey("feed.id"), primary_key=True, autoincrement=False),
    Column("site_id", Id, nullable=False, comment="copied from feed: claims need it"),
    Column("next_poll_at", Time, comment="due from then on; null: not polled (paused, gone)"),
    Column("lease_until", Time, comment="a worker holds the feed until then"),
    Column("lease_owner", Text, comment="worker.name"),
    Column(
        "lease_fence",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="grows with every claim; a write with an older one is refused",
    ),
    Column("state", Text, nullable=False, comment="ok, failing, stale, blocked, gone, paused"),
    Column("state_since", Time, nullable=False),
    Column("state_evidence", Text, comment="what brought the state about, in one line"),
    Column(
        "interval_seconds", Float, nullable=False, comment="between last_poll_at and next_poll_at"
    ),
    Column("failures", Integer, nullable=False, comment="polls that failed in a row"),
    Column("failure_weight", Float, nullable=False, comment="the same, by how hard they failed"),
    Column("etag", Text, comment="byte for byte as the server gave it"),
    Column("last_modified", Text, comment="byte for byte as the server gave it"),
    Column("body_hash", Hash, comment="xxh3_64 of the last body read"),
    Column("last_poll_at", Time, comment="when a poll last ended, whatever its outcome"),
    Column("last_outcome", PollOutcomeCode),
    Column("last_success_at", Time, comment="when the content was last known to be current"),
    Column("last_news_at", Time, comment="when a poll last brought a new or revised entry"),
    Column("last_full_at", Time, comment="when the body was last asked for unconditionally"),
    Column("recent_news", Float, nullable=False, comment="new entries, half-life half a day"),
    Column("recent_hours", Float, nullable=False, comment="hours watched, same half-life"),
    Column("usual_news", Float, nullable=False, comment="new entries, half-life a week"),
    Column("usual_hours", Float, nullable=False, comment="hours watched, same half-life"),
    Column("entries", Integer, nullable=False, comment="in the last document read"),
    Column(
        "gap_factor", Float, nullable=False, comment="below 1 after documents that did not overlap"
    ),
    Column("possible_gap_at", Time, comment="the last time two documents did not overlap"),
    Column("hints", Json, comment="ttl, sy:*, skipHours, skipDays of the last document; or null"),
    Column(
        "cache_seconds",
        Float,
        nullable=False,
        comment="how long the last answer called itself fresh",
    ),
    Column("retry_after_seconds", Float, nullable=False, comment="what the last answer asked for"),
    Column("move", Json, comment="a permanent redirect that is not believed yet; or null"),
    Index("ix_feed_schedule_claimable_at", text(CLAIMABLE_AT)),
    Index("ix_feed_schedule_site_id", "site_id"),
    comment="the hot part of a feed: when it is polled, by whom, with what validators",
)
claimable_at = case(
    (feed_schedule.c.lease_until > feed_schedule.c.next_poll_at, feed_schedule.c.lease_until),
    else_=feed_schedule.c.next_poll_at,
)  # the same for queries

feed_document = Table(
    "feed_document",
    metadata,
    Column("feed_id", Id, ForeignKey("feed.id"), primary_key=True, autoincrement=False),
    Column(
        "entries",
        LargeBinary,
        nullable=False,
        comment="(entry_key, entry_hash) pairs of the last document, little-endian int64",
    ),
    Column("seen_at", Time, nullable=False, comment="when that document was read"),
    comment="what the last document held, so that an unchanged entry costs no row",
)

feed_url_history = Table(
    "feed_url_history",
    metadata,
    Column("feed_id", Id, ForeignKey("feed.id"), primary_key=True, autoincrement=False),
    Column("until_at", Time, primary_key=True, comment="when it stopped being the feed's URL"),
    Column("url", Text, nullable=False),
    Column("reason", Text, nullable=False, comment="moved (301), edited, reverted"),
    comment="where a feed was polled before",
)

websub_subscription = Table(
    "websub_subscription",
    metadata,
    Column("feed_id", Id, ForeignKey("feed.id"), primary_key=True, autoincrement=False),
    Column("hub_url", Text, nullable=False),
    Column("topic_url", Text, nullable=False, comment="rel=self of the document"),
    Column("token", Text, nullable=False, unique=True, comment="the last part of the callback URL"),
    Column("secret", Text, nullable=False, comment="signs what the hub sends"),
    Column("state", Text, nullable=False, comment="asked, active, denied, leaving"),
    Column("attempts", Integer, nullable=False, comment="requests since the hub's last word"),
    Column("next_at", Time, nullable=False, index=True, comment="when the hub is asked again"),
    Column("verified_at", Time, comment="the hub's last yes"),
    Column("expires_at", Time, comment="the end of the lease"),
    Column("pushed_at", Time, comment="when the hub last announced news"),
    Column("detail", Text, comment="what went wrong last, in one line"),
    comment="which hub tells us of a feed's news (WebSub), and until when",
)

poll = Table(
    "poll",
    metadata,
    Column("feed_id", Id, primary_key=True, autoincrement=False),
    Column("started_at", Time, primary_key=True),
    Column("outcome", PollOutcomeCode, nullable=False),
    Column("status", SmallInteger, comment="HTTP status; null when there was no response"),
    Column("elapsed_seconds", Float, nullable=False, comment="from asking to the last byte"),
    Column("received_bytes", Integer, nullable=False, comment="over the wire, still compressed"),
    Column("entries", Integer, comment="in the document; the five below add up to it"),
    Column("entries_new", Integer),
    Column("entries_revised", Integer),
    Column("entries_unchanged", Integer),
    Column("entries_filtered", Integer),
    Column("entries_invalid", Integer),
    Column("interval_seconds", Float, comment="the cadence decided after this poll"),
    Column(
        "possible_gap",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="no entry of the document before was left: something may have been missed",
    ),
    Column(
        "was_full",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="asked without validators",
    ),
    Column("detail", Text, comment="what went wrong, in one line; null when nothing did"),
    Index("ix_poll_started_at", "started_at"),
    comment="one attempt to fetch a feed, with its one outcome",
    sqlite_with_rowid=False,  # by day: partitions.py
)

worker = Table(
    "worker",
    metadata,
    Column("name", Text, primary_key=True, comment="host:pid:start, unique"),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_at", Time, nullable=False),
    Column("seen_at", Time, nullable=False, comment="its last heartbeat"),
    Column("stopped_at", Time, comment="set when it ended in order"),
    Column("status", Json, comment="queue lengths and the like, for `ingest status`"),
    comment="the processes that poll, so that a dead one is noticed",
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    comment="single facts about the database itself",
)
