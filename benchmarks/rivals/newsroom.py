"""Made-up feeds, the same for the same seed: what the server of the benchmark serves.

Half of the feeds bring full texts, half summaries; two in three are RSS, the others Atom. One entry
in twenty is a wire text that other sites carry too, under their own headline; no site carries one
twice, since that would be one article seen again.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import accumulate
from random import Random

STARTED_AT = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
WIRE_SHARE = 0.05
WIRE_TEXTS = 1_000
SITES = 200  # feeds further on share the sites of the first ones, and bring no wire texts
SPREAD = 0.6  # of the mean number of entries, up and down

# The words that make a text English, by how often they come in a hundred; the rest is made up.
_COMMON = (
    "the of and to in a is that for it was on with as be at by this had not are but from or have "
    "an they which one were all their there been has when who will more no out do so what up said "
    "about than its into them only some could time these two may first then any like other our "
    "over new also after because most before through back where years much down should people "
    "government minister country week court report company market police city president million "
    "according officials told during against between state public since under while percent plan "
    "election bank price energy water health school war peace union budget"
)
_STARTS = "b br c ch cl d dr f fl g gr h j k l m n p pl pr r s sh sl st t th tr v w"
_MIDDLES = "a e i o u ai ea ee ie oa ou"
_ENDS = "b ck d ft g l ld ll m mp n nd nt p r rd rk rn rt s sh st t th"


def _vocabulary() -> list[str]:
    random = Random("vocabulary")
    starts, middles, ends = _STARTS.split(), _MIDDLES.split(), _ENDS.split()
    made: dict[str, None] = {}
    while len(made) < 6_000:
        parts = random.randint(1, 3)
        word = "".join(random.choice(starts) + random.choice(middles) for _ in range(parts))
        made[word + random.choice(ends)] = None
    return [*_COMMON.split(), *made]


_WORDS = _vocabulary()
_WEIGHTS = list(accumulate(1 / (rank + 2.7) for rank in range(len(_WORDS))))  # Zipf-Mandelbrot


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed."""

    guid: str
    title: str
    paragraphs: tuple[str, ...]
    published_at: datetime


@dataclass(slots=True)
class Feed:
    """A feed as it stands; `advance` adds entries on top and drops as many below."""

    number: int
    entries: int  # in a document
    is_atom: bool
    is_full: bool
    items: list[Item] = field(default_factory=list)
    published: int = 0  # items ever

    @property
    def title(self) -> str:
        """Its own name."""
        return f"The {_WORDS[300 + self.number % 5_000].title()} Herald {self.number}"


class Newsroom:
    """All feeds of one benchmark."""

    def __init__(self, feeds: int, *, entries: int, seed: int) -> None:
        self._seed = seed
        self._first: dict[int, list[Item]] = {}  # the first items of feeds that have advanced
        self.feeds = [self._new_feed(number, entries) for number in range(feeds)]

    def advance(self, share: float, turn: int) -> tuple[list[Feed], int]:
        """Give every 1/share-th feed one or two new entries; those feeds, and how many entries."""
        random = Random(f"{self._seed} turn {turn}")
        chosen = random.sample(self.feeds, round(share * len(self.feeds)))
        added = 0
        for one in chosen:
            self._first.setdefault(one.number, one.items.copy())
            count = random.randint(1, 2)
            for _ in range(count):
                self._publish(one)
            del one.items[one.entries :]
            added += count
        return chosen, added

    def rewind(self) -> list[Feed]:
        """Make every feed as it was at first; those that had advanced."""
        changed = [self.feeds[number] for number in self._first]
        for one in changed:
            one.items = self._first[one.number]
            one.published = one.entries
        self._first = {}
        return changed

    def _new_feed(self, number: int, entries: int) -> Feed:
        random = Random(f"{self._seed} feed {number}")
        spread = round(entries * SPREAD)
        made = Feed(
            number,
            max(1, random.randint(entries - spread, entries + spread)),
            is_atom=number % 3 == 2,
            is_full=number % 2 == 0,
        )
        for _ in range(made.entries):
            self._publish(made)
        return made

    def _publish(self, feed: Feed) -> None:
        at = feed.published
        feed.published += 1
        random = Random(f"{self._seed} item {feed.number} {at}")
        title = _title(random)
        if random.random() < WIRE_SHARE and feed.number < SITES:
            # The feeds step through the same wire, each from a place of its own.
            random = Random(f"{self._seed} wire {(feed.number * 7 + at) % WIRE_TEXTS}")
        paragraphs = _text(random, is_full=feed.is_full)
        published_at = STARTED_AT + timedelta(minutes=17 * at, seconds=feed.number % 60)
        guid = f"{feed.number}-{at}"
        feed.items.insert(0, Item(guid, title, paragraphs, published_at))


def _words(random: Random, count: int) -> list[str]:
    return random.choices(_WORDS, cum_weights=_WEIGHTS, k=count)


def _title(random: Random) -> str:
    return " ".join(_words(random, random.randint(6, 12))).capitalize()


def _sentence(random: Random) -> str:
    return " ".join(_words(random, random.randint(8, 24))).capitalize() + "."


def _text(random: Random, *, is_full: bool) -> tuple[str, ...]:
    if not is_full:
        return (" ".join(_sentence(random) for _ in range(random.randint(1, 3))),)
    return tuple(
        " ".join(_sentence(random) for _ in range(random.randint(2, 5)))
        for _ in range(random.randint(3, 9))
    )


def document_of(feed: Feed, url: str) -> bytes:
    """The feed's document, as it would be served at `url`."""
    site = url.rpartition("/")[0]
    return (_atom if feed.is_atom else _rss)(feed, url, f"{site}/{feed.number}").encode()


def _markup(paragraphs: Sequence[str], site: str, guid: str) -> str:
    picture = f'<img src="{site}/{guid}.jpg" alt="">'
    return picture + "".join(f"<p>{html.escape(one)}</p>\n" for one in paragraphs)


def _rss(feed: Feed, url: str, site: str) -> str:
    items = []
    for one in feed.items:
        content = ""
        if feed.is_full:
            markup = _markup(one.paragraphs, site, one.guid)
            content = f"<content:encoded><![CDATA[{markup}]]></content:encoded>"
        items.append(
            f"<item><title>{html.escape(one.title)}</title><link>{site}/{one.guid}.html</link>"
            f'<guid isPermaLink="false">{one.guid}</guid>'
            f"<pubDate>{format_datetime(one.published_at)}</pubDate>"
            f"<description>{html.escape(one.paragraphs[0])}</description>{content}</item>\n"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        f' xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>{feed.title}</title>'
        f'<link>{site}/</link><atom:link rel="self" href="{url}"/><language>en</language>\n'
        f"{''.join(items)}</channel></rss>\n"
    )


def _atom(feed: Feed, url: str, site: str) -> str:
    items = []
    for one in feed.items:
        at = one.published_at.isoformat()
        content = ""
        if feed.is_full:
            markup = html.escape(_markup(one.paragraphs, site, one.guid))
            content = f'<content type="html">{markup}</content>'
        items.append(
            f"<entry><id>tag:{one.guid}</id><title>{html.escape(one.title)}</title>"
            f'<link href="{site}/{one.guid}.html"/><published>{at}</published>'
            f"<updated>{at}</updated>"
            f"<summary>{html.escape(one.paragraphs[0])}</summary>{content}</entry>\n"
        )
    newest = max(one.published_at for one in feed.items).isoformat()
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"'
        f' xml:lang="en"><title>{feed.title}</title><id>{url}</id><updated>{newest}</updated>'
        f'<link href="{site}/"/><link rel="self" href="{url}"/>\n{"".join(items)}</feed>\n'
    )
