"""The views: the database's public interface, the same on SQLite and PostgreSQL.

They are data: each column with its expression and what it means, from which both the CREATE VIEW
statements and the documentation are made. Columns are only ever appended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ingest.store.columns import ENTRY_OUTCOME_CODES, POLL_OUTCOME_CODES

VIEWS_VERSION = 2  # 1: articles to polls; 2: revisions and sightings too


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column of a view: its SQL expression and its meaning, in one line."""

    name: str
    sql: str
    comment: str


@dataclass(frozen=True, slots=True)
class View:
    """A view: its columns in order, and what they are selected from."""

    name: str
    comment: str
    columns: tuple[ViewColumn, ...]
    source: str

    @property
    def select(self) -> str:
        """The SELECT statement, the same for both databases."""
        columns = ",\n  ".join(f"{column.sql} AS {column.name}" for column in self.columns)
        return f"SELECT\n  {columns}\n{self.source}"


def _case(column: str, codes: Mapping[StrEnum, int]) -> str:
    arms = " ".join(f"WHEN {code} THEN '{member.value}'" for member, code in codes.items())
    return f"CASE {column} {arms} END"


def _columns(*rows: tuple[str, str, str]) -> tuple[ViewColumn, ...]:
    return tuple(ViewColumn(*row) for row in rows)


_OUTCOMES: Mapping[StrEnum, int] = dict(POLL_OUTCOME_CODES.items())
_ENTRY_OUTCOMES: Mapping[StrEnum, int] = dict(ENTRY_OUTCOME_CODES.items())
_LAST_SEEN = (
    "(SELECT max(coalesce(s.last_seen_at, fs.last_success_at, s.first_seen_at))"
    " FROM sighting AS s JOIN feed_schedule AS fs ON fs.feed_id = s.feed_id"
    " WHERE s.article_id = {})"
)

V_ARTICLES = View(
    "v_articles",
    "one publisher's piece, normalised; one row, however many feeds carry it",
    _columns(
        ("id", "a.id", "stable, never reused"),
        ("publisher", "p.name", "who published it"),
        ("url", "a.url", "as the feed gave it"),
        ("canonical_url", "a.canonical_url", "without tracking, redirect wrappers, default ports"),
        ("headline", "a.headline", "without the outlet's name and repeated whitespace"),
        (
            "alternative_headline",
            "a.alternative_headline",
            "the deck or standfirst when it is not the first sentence",
        ),
        ("byline", "a.byline", "the raw line"),
        ("authors", "a.authors", "the names, as a JSON list"),
        ("dateline", "a.dateline", "the place, where the text opens with one"),
        ("source_agency", "a.source_agency", "the wire it is attributed to: Reuters, AP, AFP …"),
        (
            "source_agency_found_in",
            "a.source_agency_found_in",
            "byline, dateline, credit, text or source",
        ),
        ("language", "a.language", "BCP 47; from the text, the feed's claim as fallback"),
        ("summary", "c.summary", "plain text, as the feed gives it"),
        ("body_text", "c.body_text", "clean paragraphs separated by a blank line"),
        ("body_html", "c.body_html", "sanitised HTML"),
        ("word_count", "a.word_count", "words of the text"),
        ("text_from", "a.text_from", "feed or page: where the text was taken from"),
        ("image_url", "a.image_url", "the lead image"),
        ("image_caption", "a.image_caption", "what it shows"),
        ("image_credit", "a.image_credit", "who made it"),
        ("image_alt", "a.image_alt", "its alternative text"),
        (
            "media",
            "a.media",
            "enclosures and Media RSS, as a JSON list of objects: url, role, type, medium, width …",
        ),
        ("sections", "a.sections", "the first category of the entry, as a JSON list"),
        ("tags", "a.tags", "the categories of the entry, as a JSON list"),
        ("published_at", "a.published_at", "UTC; null when unknown, never invented"),
        ("modified_at", "a.modified_at", "UTC; null when unknown"),
        ("published_raw", "a.published_raw", "what the feed wrote"),
        (
            "published_quality",
            "a.published_quality",
            "how far published_at can be believed: exact, no_timezone, clamped, missing …",
        ),
        ("first_seen_at", "a.first_seen_at", "when a poll first brought it, UTC"),
        (
            "last_seen_at",
            _LAST_SEEN.format("a.id"),
            "when it was last known to be in one of its feeds, UTC",
        ),
        ("content_hash", "a.content_hash", "of the normalised content; a change is a revision"),
        (
            "story_id",
            "sa.story_id",
            "the story it is in; null in the moment before it has been compared",
        ),
    ),
    "FROM article AS a\n"
    "JOIN publisher AS p ON p.id = a.publisher_id\n"
    "LEFT JOIN article_content AS c ON c.article_id = a.id\n"
    "LEFT JOIN story_article AS sa ON sa.article_id = a.id",
)

V_STORIES = View(
    "v_stories",
    "the articles that republish one text, as one row; most stories have one article",
    _columns(
        ("story_id", "s.id", "stable, never reused"),
        ("headline", "f.headline", "of the article that ran first"),
        ("first_publisher", "p.name", "who ran it first, as far as can be known"),
        ("first_article_id", "s.first_article_id", "the article that ran first"),
        (
            "first_seen_after",
            "f.first_seen_after",
            "it was not there at this poll yet; null when it was there at the feed's first poll",
        ),
        ("first_seen_before", "f.first_seen_at", "it was there at this poll"),
        (
            "first_published_at",
            "s.first_published_at",
            "the earliest believable claim of one of its articles",
        ),
        (
            "last_seen_at",
            "(SELECT max(coalesce(s2.last_seen_at, fs.last_success_at, s2.first_seen_at))"
            " FROM story_article AS m JOIN sighting AS s2 ON s2.article_id = m.article_id"
            " JOIN feed_schedule AS fs ON fs.feed_id = s2.feed_id WHERE m.story_id = s.id)",
            "when one of its articles was last known to be in a feed",
        ),
        ("articles", "s.articles", "how many articles"),
        ("publishers", "s.publishers", "how many publishers"),
        ("fullest_article_id", "s.fullest_article_id", "the article with the longest text"),
        ("source_agency", "s.source_agency", "the wire its articles are attributed to"),
        ("language", "f.language", "of the article that ran first, BCP 47"),
    ),
    "FROM story AS s\n"
    "LEFT JOIN article AS f ON f.id = s.first_article_id\n"
    "LEFT JOIN publisher AS p ON p.id = f.publisher_id\n"
    "WHERE s.merged_into_id IS NULL AND s.articles > 0",
)

V_MATCHES = View(
    "v_matches",
    "the evidence that one article republishes another",
    _columns(
        ("article_id", "m.article_id", "the article that republishes"),
        ("of_article_id", "m.of_article_id", "the article it republishes"),
        ("story_id", "sa.story_id", "the story that article_id is in"),
        (
            "relation",
            "m.relation",
            "identical, abridged, extended, edited; quotes, digest: recorded, not merged",
        ),
        ("resemblance", "m.resemblance", "weighted Jaccard, 0-1"),
        ("containment", "m.containment", "share of the article found in the other, 0-1"),
        ("containment_of", "m.containment_of", "share of the other found in the article, 0-1"),
        ("shared_weight", "m.shared_weight", "sum of the rarity of what they share"),
        ("rule", "m.rule", "the rule that decided; `ingest why` says more"),
        ("gap_seconds", "m.gap_seconds", "how long after of_article_id; negative: before it"),
        ("fingerprint_version", "m.fingerprint_version", "of the sketch that found them"),
        ("decided_at", "m.decided_at", "UTC"),
    ),
    "FROM match AS m\nLEFT JOIN story_article AS sa ON sa.article_id = m.article_id",
)

V_FEEDS = View(
    "v_feeds",
    "the subscribed feeds: who they are, how they fare, when they are polled",
    _columns(
        ("feed_id", "f.id", "stable, never reused"),
        ("name", "f.name", "what the command line calls it"),
        ("url", "f.url", "where it is polled"),
        ("publisher", "p.name", "who publishes it"),
        ("site", "si.name", "registrable domain, within which requests are spaced"),
        ("title", "f.title", "as the document gives it"),
        ("site_url", "f.site_url", "the page it belongs to"),
        ("format", "f.format", "rss20, atom10, json11 …"),
        ("language", "f.language", "the feed's own claim"),
        ("source", "f.source", "who subscribed it: config, user or opml"),
        ("added_at", "f.added_at", "UTC"),
        ("state", "fs.state", "ok, failing, stale, blocked, gone, paused"),
        ("state_since", "fs.state_since", "UTC"),
        ("state_evidence", "fs.state_evidence", "what brought the state about"),
        ("failures", "fs.failures", "polls that failed in a row"),
        ("next_poll_at", "fs.next_poll_at", "UTC; null: it is not polled by itself"),
        ("interval_seconds", "fs.interval_seconds", "from the last poll to the next"),
        ("last_poll_at", "fs.last_poll_at", "when a poll last ended, UTC"),
        ("last_outcome", _case("fs.last_outcome", _OUTCOMES), "how it ended"),
        ("last_success_at", "fs.last_success_at", "when it was last known to be current, UTC"),
        ("last_news_at", "fs.last_news_at", "when it last brought something new, UTC"),
        (
            "polls_per_day",
            "CASE WHEN fs.interval_seconds > 0 THEN 86400.0 / fs.interval_seconds END",
            "at the interval of now",
        ),
        (
            "news_per_day",
            "CASE WHEN fs.usual_hours > 0 THEN 24.0 * fs.usual_news / fs.usual_hours END",
            "new entries a day, of late (half-life a week)",
        ),
    ),
    "FROM feed AS f\n"
    "JOIN feed_schedule AS fs ON fs.feed_id = f.id\n"
    "JOIN publisher AS p ON p.id = f.publisher_id\n"
    "JOIN site AS si ON si.id = f.site_id\n"
    "WHERE f.removed_at IS NULL",
)

V_POLLS = View(
    "v_polls",
    "one row a poll; the five counts add up to entries",
    _columns(
        ("feed_id", "o.feed_id", "v_feeds.feed_id"),
        ("feed", "f.name", "v_feeds.name"),
        ("started_at", "o.started_at", "UTC"),
        ("outcome", _case("o.outcome", _OUTCOMES), "how it ended"),
        ("status", "o.status", "HTTP status; null when there was no response"),
        ("elapsed_seconds", "o.elapsed_seconds", "from asking to the last byte"),
        ("received_bytes", "o.received_bytes", "over the wire, still compressed"),
        ("entries", "o.entries", "in the document; null when none was read"),
        ("entries_new", "o.entries_new", "became new articles"),
        ("entries_revised", "o.entries_revised", "changed an article"),
        ("entries_unchanged", "o.entries_unchanged", "were known and said nothing new"),
        ("entries_filtered", "o.entries_filtered", "were left out as the config asks"),
        ("entries_invalid", "o.entries_invalid", "could not become an article"),
        ("interval_seconds", "o.interval_seconds", "the cadence decided after it"),
        (
            "possible_gap",
            "o.possible_gap",
            "nothing of the document before was left: something may have been missed",
        ),
        ("was_full", "o.was_full", "asked without validators"),
        ("detail", "o.detail", "what went wrong, in one line"),
    ),
    "FROM poll AS o\nJOIN feed AS f ON f.id = o.feed_id",
)

V_REVISIONS = View(
    "v_revisions",
    "every version of every article, the one that v_articles shows included",
    _columns(
        ("article_id", "r.article_id", "v_articles.id"),
        ("number", "r.number", "from 1, in the order of time"),
        ("seen_at", "r.seen_at", "when a poll first brought this version, UTC"),
        ("superseded_at", "r.superseded_at", "when the next one came; null: it is the newest"),
        (
            "reason",
            "r.reason",
            "why the next one replaced it: edit, fuller, reissue, page, reprocess; null: none did",
        ),
        ("url", "r.url", "as the feed gave it"),
        ("headline", "r.headline", "of this version"),
        ("alternative_headline", "r.alternative_headline", "the deck or standfirst"),
        ("byline", "r.byline", "the raw line"),
        ("modified_at", "r.modified_at", "what the feed claimed, UTC"),
        ("word_count", "r.word_count", "words of its text"),
        ("text_from", "r.text_from", "feed or page"),
        ("summary", "r.summary", "plain text"),
        ("body_text", "r.body_text", "clean paragraphs; null once the text has expired"),
        ("content_hash", "r.content_hash", "of the normalised content"),
    ),
    "FROM (\n"
    "  SELECT article_id, number, seen_at, superseded_at, reason, url, headline,\n"
    "    alternative_headline, byline, modified_at, word_count, text_from, summary, body_text,\n"
    "    content_hash\n"
    "  FROM revision\n"
    "  UNION ALL\n"
    "  SELECT a.id, a.revision, coalesce(a.revised_at, a.first_seen_at), NULL, NULL, a.url,\n"
    "    a.headline, a.alternative_headline, a.byline, a.modified_at, a.word_count, a.text_from,\n"
    "    c.summary, c.body_text, a.content_hash\n"
    "  FROM article AS a LEFT JOIN article_content AS c ON c.article_id = a.id\n"
    ") AS r",
)

V_SIGHTINGS = View(
    "v_sightings",
    "which feed carried which article, and what became of entries that are no article",
    _columns(
        ("feed_id", "s.feed_id", "v_feeds.feed_id"),
        ("feed", "f.name", "v_feeds.name"),
        ("article_id", "s.article_id", "v_articles.id; null: filtered, invalid, or deleted"),
        ("outcome", _case("s.outcome", _ENTRY_OUTCOMES), "what last became of the entry"),
        ("reason", "s.reason", "why it was filtered or invalid"),
        ("first_seen_at", "s.first_seen_at", "when this feed first carried it, UTC"),
        (
            "last_seen_at",
            "coalesce(s.last_seen_at, fs.last_success_at, s.first_seen_at)",
            "when it was last known to be in this feed, UTC",
        ),
        ("is_in_feed", "s.last_seen_at IS NULL", "whether the last document still had it"),
    ),
    "FROM sighting AS s\n"
    "JOIN feed AS f ON f.id = s.feed_id\n"
    "JOIN feed_schedule AS fs ON fs.feed_id = s.feed_id",
)

VIEWS = (V_ARTICLES, V_STORIES, V_MATCHES, V_FEEDS, V_POLLS, V_REVISIONS, V_SIGHTINGS)


def create_statements() -> list[str]:
    """CREATE VIEW for each view, the same for both databases."""
    return [f"CREATE VIEW {view.name} AS {view.select}" for view in VIEWS]


def comment_statements() -> list[str]:
    """On PostgreSQL: what each view and column means."""
    statements = []
    for view in VIEWS:
        statements.append(f"COMMENT ON VIEW {view.name} IS {_quoted(view.comment)}")
        statements += [
            f"COMMENT ON COLUMN {view.name}.{column.name} IS {_quoted(column.comment)}"
            for column in view.columns
        ]
    return statements


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
