"""How many same-headline pairs of recorded wire feeds are one story, and why the others are not.

    python -m benchmarks.wire FOLDER [--every 3] [--database URL] [--again] [--show N]
        [--matches N [--seed N]]

FOLDER is a series as tests/whole/replay.py reads it. Every `--every`-th round is replayed through
the whole pipeline over loopback. A pair: two articles of different feeds, dated within 48 hours,
whose headlines are equal without case, punctuation and the outlet's name behind them, of five
words up (in scripts without spaces two characters count as one). `--again` measures a `--database`
that was filled before. `--show` prints missed pairs of each reason, `--matches` random matches to
be read; another `--seed` draws others.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import re
import sys
import tempfile
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from ingest.errors import UsageError
from ingest.store import tables
from ingest.store.engine import Database, open_database
from ingest.store.explanations import explain
from tests.whole.replay import Series, serving
from tests.whole.test_replay import Replay

WITHIN = timedelta(hours=48)
MIN_WORDS = 5.0
MAX_OUTLET_WORDS = 5
SHOWN = 240  # characters of a text
MAX_PAIRS = 50  # of one headline: a label must not outweigh all others

# Scripts without spaces: kana, ideographs, Thai to Burmese, Khmer. Two characters are about a word.
_SPACELESS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Piece:
    """An article as far as it is needed here."""

    article_id: int
    feed_id: int
    publisher: str
    headline: str
    text: str
    at: datetime
    story_id: int | None


def headline_key(headline: str) -> str | None:
    """What is equal in two equal headlines; None where it is of fewer than five words."""
    folded = unicodedata.normalize("NFKC", headline).casefold()
    found = re.match(r"(.*)\s[-–—|]\s(.+)$", folded)
    if found and len(found[2].split()) <= MAX_OUTLET_WORDS and _length(found[1]) >= MIN_WORDS:
        folded = found[1]
    return " ".join(re.findall(r"\w+", folded)) if _length(folded) >= MIN_WORDS else None


def _length(text: str) -> float:
    """In words."""
    spaceless = len(_SPACELESS.findall(text))
    return len(re.findall(r"\w+", _SPACELESS.sub(" ", text))) + spaceless / 2


def pieces(connection: Connection) -> list[Piece]:
    """All articles, oldest first."""
    article, content = tables.article.c, tables.article_content.c
    rows = connection.execute(
        select(
            article.id,
            article.feed_id,
            tables.publisher.c.name,
            article.headline,
            content.summary,
            content.body_text,
            article.published_at,
            article.first_seen_at,
            tables.story_article.c.story_id,
        )
        .join(tables.publisher, tables.publisher.c.id == article.publisher_id)
        .outerjoin(tables.article_content, content.article_id == article.id)
        .outerjoin(tables.story_article, tables.story_article.c.article_id == article.id)
        .order_by(article.id)
    )
    return [
        Piece(
            row.id,
            row.feed_id,
            row.name,
            row.headline or "",
            row.body_text or row.summary or "",
            row.published_at or row.first_seen_at,
            row.story_id,
        )
        for row in rows
    ]


def same_headline_pairs(articles: Sequence[Piece]) -> Iterator[tuple[Piece, Piece]]:
    """The pairs that ought to be one story; of one headline MAX_PAIRS at most."""
    by_key: defaultdict[str, list[Piece]] = defaultdict(list)
    for one in articles:
        key = headline_key(one.headline)
        if key is not None:
            by_key[key].append(one)
    for same in by_key.values():
        pairs = (
            (one, other)
            for one, other in itertools.combinations(same, 2)
            if one.feed_id != other.feed_id and abs(one.at - other.at) <= WITHIN
        )
        yield from itertools.islice(pairs, MAX_PAIRS)


def reason(connection: Connection, one: Piece, other: Piece) -> str:
    """Why the pair is not one story, in the words of the rules, without their figures."""
    try:
        found = explain(connection, other.article_id, one.article_id)
    except UsageError:
        return "not compared yet"
    if found.vetoes:
        return "veto " + " and ".join(veto.partition(":")[0] for veto in found.vetoes)
    if found.missing:
        return re.sub(r"[\d.]+ ", "", found.missing)
    if found.quotes:
        return "one is a part of the other"
    return "would match, but was no candidate or another story's part"


async def fill(database: Database, series: Series, every: int) -> None:
    """Replay every `every`-th round, and settle what it brought."""
    run = Replay(database, series)
    with serving(series) as address:
        run.subscribe(address)
        async with run.pipeline() as pipeline:
            for number, at in enumerate(series.rounds(every=every)):
                run.now = at
                await run.poll_all(pipeline)
                print(f"round {number}, {time.process_time():.0f} s of CPU", file=sys.stderr)


def measure(database: Database, show: int, matches: int, seed: int) -> None:
    """Print the share of the pairs in one story, the reasons of the misses, and samples."""
    with database.connect() as connection:
        articles = pieces(connection)
        stories = {one.story_id for one in articles}
        pairs = list(same_headline_pairs(articles))
        missed = [(one, other) for one, other in pairs if one.story_id != other.story_id]
        reasons: Counter[str] = Counter()
        samples: defaultdict[str, list[tuple[Piece, Piece]]] = defaultdict(list)
        for one, other in missed:
            why = reason(connection, one, other)
            reasons[why] += 1
            samples[why].append((one, other))
        found = len(pairs) - len(missed)
        print(f"{len(articles):,} articles, {len(stories):,} stories")
        print(
            f"same-headline pairs  {len(pairs):,}  in one story {found:,}"
            f"  {found / max(1, len(pairs)):.1%}"
        )
        for why, count in reasons.most_common():
            print(f"{count:>6} ({count / len(pairs):.1%})  {why}")
            for pair in random.Random(1).sample(samples[why], min(show, count)):
                print_pair(*pair)
        if matches:
            print_matches(connection, articles, matches, seed)


def print_matches(
    connection: Connection, articles: Sequence[Piece], wanted: int, seed: int
) -> None:
    """Print random matches that made stories, for a person to read."""
    by_id = {one.article_id: one for one in articles}
    match = tables.match.c
    rows = connection.execute(
        select(tables.match)
        .where(match.relation.not_in(("quotes", "digest")))
        .order_by(match.article_id, match.of_article_id)
    ).all()
    print(f"\n{min(wanted, len(rows))} of {len(rows):,} matches")
    for row in random.Random(seed).sample(rows, min(wanted, len(rows))):
        print(f"\n{row.relation} by {row.rule}, containment {row.containment:.2f}", end=" ")
        print(f"and {row.containment_of:.2f}, {row.gap_seconds / 3600:.1f} h")
        print_pair(by_id[row.of_article_id], by_id[row.article_id])


def print_pair(*pair: Piece) -> None:
    """One line for each of the two."""
    for one in pair:
        text = " ".join(one.text.split())
        words = len(text.split())
        print(
            f"    {one.article_id} {one.publisher}, {words} words: {one.headline} | {text[:SHOWN]}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=3, help="replay every so-manyth round")
    parser.add_argument("--database", help="URL; default: an SQLite file that is removed again")
    parser.add_argument("--again", action="store_true", help="the database is filled already")
    parser.add_argument("--show", type=int, default=0, help="missed pairs to print of each reason")
    parser.add_argument("--matches", type=int, default=0, help="random matches to print")
    parser.add_argument("--seed", type=int, default=1, help="which random matches")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = arguments.database or f"sqlite:///{folder}/wire.db"
        database = open_database(url, create=not arguments.again)
        try:
            if not arguments.again:
                asyncio.run(fill(database, Series.read(arguments.folder), arguments.every))
            measure(database, arguments.show, arguments.matches, arguments.seed)
        finally:
            database.close()


if __name__ == "__main__":
    main()
