"""A database as large as a big installation's: feeds in the schedule, articles in the window.

Feeds and most articles come from `generate_series`; the newest articles have texts, and go through
the program's own fingerprint. PostgreSQL only.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from ingest.dedupe import fingerprint
from ingest.store.engine import Database
from ingest.store.fingerprints import write_fingerprints

FEEDS_A_SITE = 4
PERIOD_SECONDS = 1_800  # every feed once in it
VOCABULARY = 40_000
WINDOW_SECONDS = 10 * 86_400  # over which the articles of the window were seen
_BATCH = 1_000


class Texts:
    """Words as frequent as in real text (Zipf, exponent 1.1), so that some shingles recur."""

    def __init__(self, seed: int) -> None:
        letters = random.Random(7)
        self._words = [
            "".join(letters.choices("etaoinshrdlucmfwyp", k=letters.randint(2, 10)))
            for _ in range(VOCABULARY)
        ]
        share = 1.0 / np.arange(1, VOCABULARY + 1) ** 1.1
        self._share = np.cumsum(share / share.sum())
        self._generator = np.random.default_rng(seed)

    def write(self, words: int) -> str:
        """A text of so many words."""
        drawn = np.searchsorted(self._share, self._generator.random(words))
        return " ".join([self._words[each] for each in drawn.tolist()])


def fill_feeds(connection: Connection, feeds: int, now: datetime) -> None:
    """Subscribe so many feeds, four a site, half of them due by `now`, the others later."""
    sites = -(-feeds // FEEDS_A_SITE)
    given = {"feeds": feeds, "sites": sites, "now": now, "period": PERIOD_SECONDS}
    for statement in (
        "INSERT INTO site (id, name) SELECT n, 's' || n || '.example'"
        " FROM generate_series(1, :sites) AS n",
        "INSERT INTO publisher (id, name, domain, created_at)"
        " SELECT n, 's' || n || '.example', 's' || n || '.example', :now"
        " FROM generate_series(1, :sites) AS n",
        "INSERT INTO feed (id, publisher_id, site_id, url, name, source, settings, added_at)"
        " SELECT n, (n - 1) % :sites + 1, (n - 1) % :sites + 1, 'https://s' || (n - 1) % :sites + 1"
        " || '.example/feed/' || n, 'f' || n, 'config',"
        "  jsonb_build_object('url', 'https://s' || (n - 1) % :sites + 1 || '.example/feed/' || n),"
        "  :now"
        " FROM generate_series(1, :feeds) AS n",
        "INSERT INTO feed_schedule (feed_id, site_id, next_poll_at, state, state_since,"
        "  interval_seconds, failures, failure_weight, etag, last_modified, last_poll_at,"
        "  last_success_at, recent_news, recent_hours, usual_news, usual_hours, entries,"
        "  gap_factor, cache_seconds, retry_after_seconds)"
        " SELECT n, (n - 1) % :sites + 1,"
        "  CAST(:now AS timestamptz) + (random() - 0.5) * :period * interval '1 second',"
        "  'ok', :now, :period, 0, 0, '\"' || md5(n::text) || '\"',"
        "  'Mon, 02 Mar 2026 09:00:00 GMT', CAST(:now AS timestamptz) - interval '30 minutes',"
        "  CAST(:now AS timestamptz) - interval '30 minutes', 1, 12, 10, 168, 20, 1, 0, 0"
        " FROM generate_series(1, :feeds) AS n",
        "INSERT INTO feed_document (feed_id, entries, seen_at) SELECT n, '', :now"
        " FROM generate_series(1, :feeds) AS n",
    ):
        connection.execute(text(statement), given)
    for table in ("site", "publisher", "feed"):
        _set_counter(connection, table)


def fill_articles(
    database: Database, articles: int, now: datetime, *, written: int, words: int
) -> None:
    """Store so many articles, seen over the days before `now`, each in a story of its own.

    The last `written` of them have texts of so many words and the fingerprints of these. The others
    have a short text and as many postings each, with random hashes: rows that are in the way. No
    article has sightings, raw entries or an entry in the search index.
    """
    postings = len(fingerprint("", Texts(0).write(words)).postings)
    others = articles - written
    given = {"others": others, "now": now, "step": WINDOW_SECONDS / articles, "words": words}
    with database.begin() as connection:
        given["feeds"] = feeds = connection.execute(text("SELECT count(*) FROM feed")).scalar_one()
        given["sites"] = -(-feeds // FEEDS_A_SITE)
        for statement in (*_OTHERS, *_other_postings(connection, postings)):
            connection.execute(text(statement), given)
    for numbers in batches(written, _BATCH):
        with database.begin() as connection:
            _write(connection, [others + 1 + n for n in numbers], given)
    with database.begin() as connection:
        for table in ("article", "story"):
            _set_counter(connection, table)


_SEEN_AT = "CAST(:now AS timestamptz) - (:others - n) * :step * interval '1 second'"
_OTHERS = (
    "INSERT INTO article (id, publisher_id, feed_id, headline, url, canonical_url, word_count,"
    "  text_from, published_quality, published_at, first_seen_at, content_hash)"
    f" SELECT n, n % :feeds % :sites + 1, n % :feeds + 1, 'Article ' || n, u, u, :words, 'feed',"
    f"  'exact', {_SEEN_AT}, {_SEEN_AT}, n FROM generate_series(1, :others) AS n,"
    "  LATERAL (SELECT 'https://s' || n % :sites || '.example/2026/03/02/article-' || n AS u) AS x",
    "INSERT INTO article_content (article_id, body_text) SELECT n, md5(n::text)"
    " FROM generate_series(1, :others) AS n",
    "INSERT INTO story (id, first_article_id, fullest_article_id, created_at, updated_at)"
    f" SELECT n, n, n, {_SEEN_AT}, {_SEEN_AT} FROM generate_series(1, :others) AS n",
    "INSERT INTO story_article (article_id, story_id, joined_at)"
    f" SELECT n, n, {_SEEN_AT} FROM generate_series(1, :others) AS n",
    "INSERT INTO article_key (key_hash, kind, feed_id, article_id, first_seen_at, last_seen_at)"
    f" SELECT hashint8extended(n, kind), kind, n % :feeds + 1, n, {_SEEN_AT}, {_SEEN_AT}"
    "  FROM generate_series(1, :others) AS n, generate_series(1, 2) AS kind"
    " ORDER BY 1 ON CONFLICT DO NOTHING",
    "INSERT INTO fingerprint (article_id, version, token_count, seen_at)"
    f" SELECT n, 1, :words, {_SEEN_AT} FROM generate_series(1, :others) AS n",
)


def _other_postings(connection: Connection, each: int) -> tuple[str, ...]:
    """One in ten hashes is one of a hundred thousand common ones, as in real text."""
    hash_ = (
        "hashint8extended(CASE WHEN k % 10 = 0 THEN hashint8extended(n, k) % 100000"
        " ELSE n * 1000 + k END, 1) >> 16"  # hashes of the index have 48 bits
    )
    key = connection.execute(
        text("SELECT conname FROM pg_constraint WHERE conrelid = 'posting'::regclass"
             " AND contype = 'p'")
    ).scalar_one()  # fmt: skip
    return (
        f"ALTER TABLE posting DROP CONSTRAINT {key}",
        f"INSERT INTO posting (hash, article_id) SELECT DISTINCT {hash_}, n"
        f" FROM generate_series(1, :others) AS n, generate_series(1, {each}) AS k ORDER BY 1, 2",
        f"ALTER TABLE posting ADD CONSTRAINT {key} PRIMARY KEY (hash, article_id)",
    )


def _write(connection: Connection, numbers: list[int], given: dict[str, Any]) -> None:
    now, words, step = given["now"], given["words"], timedelta(seconds=given["step"])
    texts, feeds, sites = Texts(numbers[0]), given["feeds"], given["sites"]
    plain = (words, "feed", "exact")
    rows: list[tuple[int, datetime, str, str]] = []
    for number in numbers:
        body = texts.write(words)
        at = now - step * (numbers[-1] - number)
        rows.append((number, at, " ".join(body.split()[:9]), body))
    _copy(
        connection,
        "article (id, publisher_id, feed_id, headline, url, canonical_url, word_count,"
        " text_from, published_quality, published_at, first_seen_at, content_hash)",
        (
            (n, n % feeds % sites + 1, n % feeds + 1, headline, *_urls(n), *plain, at, at, n)
            for n, at, headline, _ in rows
        ),
    )
    _copy(
        connection,
        "article_content (article_id, summary, body_text, body_html)",
        ((n, body[:200], body, f"<p>{body}</p>") for n, _, _, body in rows),
    )
    _copy(
        connection,
        "story (id, first_article_id, fullest_article_id, created_at, updated_at)",
        ((n, n, n, at, at) for n, at, _, _ in rows),
    )
    _copy(
        connection,
        "story_article (article_id, story_id, joined_at)",
        ((n, n, at) for n, at, _, _ in rows),
    )
    keys = random.Random(numbers[0])
    _copy(
        connection,
        "article_key (key_hash, kind, feed_id, article_id, first_seen_at, last_seen_at)",
        (
            (keys.getrandbits(64) - (1 << 63), kind, n % feeds + 1, n, at, at)
            for n, at, _, _ in rows
            for kind in (1, 2)
        ),
    )
    write_fingerprints(
        connection,
        [(n, fingerprint(headline, body), at) for n, at, headline, body in rows],
        in_bulk=True,
    )


def _urls(number: int) -> tuple[str, str]:
    url = f"https://s{number % 250_000}.example/2026/03/02/article-{number}"
    return url, url


def _copy(connection: Connection, target: str, rows: Iterator[tuple[Any, ...]]) -> None:
    driver = connection.connection.cursor()
    with driver.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    driver.close()


def _set_counter(connection: Connection, table: str) -> None:
    connection.execute(
        text(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"
            f" (SELECT coalesce(max(id), 1) FROM {table}))"
        )
    )


def batches(total: int, size: int) -> Iterator[range]:
    """The numbers from 0 to `total` in parts of `size`."""
    for first in itertools.count(0, size):
        if first >= total:
            return
        yield range(first, min(first + size, total))
