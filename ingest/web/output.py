"""The deduplicated stream out again: one entry a story, as Atom (RFC 4287) and JSON Feed 1.1.

Pure: rows in, bytes out. An entry's id stays with its story; its link leads to the article that was
first, its content says who else ran it.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

from ingest.store.view_rows import ArticleRow, StoryRow
from ingest.store.web_queries import Runner, StoryStamp
from ingest.web.shown import span, web_url

ATOM = "application/atom+xml; charset=utf-8"
JSON_FEED = "application/feed+json; charset=utf-8"
TITLE = "Stories, each once"
_NAMESPACE = uuid.UUID("6f1d3c52-7d1e-4a7f-9f1b-2a6b0a3b9e11")  # of this program's stories
_ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Item:
    """A story as an entry."""

    story: StoryRow
    article: ArticleRow  # the one that was first
    stamp: StoryStamp
    runners: Sequence[Runner]

    @property
    def id(self) -> str:
        """Stays the same for as long as the story exists, and differs between databases."""
        made = f"{self.story.story_id} {self.stamp.created_at.isoformat()}"
        return uuid.uuid5(_NAMESPACE, made).urn

    def link(self, base_url: str) -> str:
        """The first article; its page here where it has no address."""
        return web_url(self.article.url) or f"{base_url}stories/{self.story.story_id}"

    @property
    def authors(self) -> list[str]:
        """The names, else the publisher."""
        return self.article.authors or [self.article.publisher]


def items(
    stories: Sequence[StoryRow],
    articles: Sequence[ArticleRow],
    stamps: Mapping[int, StoryStamp],
    runners: Mapping[int, Sequence[Runner]],
) -> list[Item]:
    """Put the rows together; a story without a first article is left out."""
    by_id = {article.id: article for article in articles}
    return [
        Item(story, by_id[story.first_article_id], stamps[story.story_id], ran)
        for story in stories
        if story.first_article_id in by_id
        and story.story_id in stamps
        and (ran := runners.get(story.story_id, ())) is not None
    ]


def last_change(listed: Sequence[Item]) -> datetime:
    """When the newest of them changed; the epoch for none."""
    return max((item.stamp.updated_at for item in listed), default=_NO_TIME)


def atom(listed: Sequence[Item], *, base_url: str, self_url: str) -> bytes:
    """The stories as an Atom document."""
    ElementTree.register_namespace("", _ATOM)
    root = ElementTree.Element(f"{{{_ATOM}}}feed")
    _add(root, "id", uuid.uuid5(_NAMESPACE, self_url).urn)
    _add(root, "title", TITLE)
    _add(root, "updated", _time(last_change(listed)))
    _add(root, "link", rel="self", type="application/atom+xml", href=self_url)
    _add(root, "link", rel="alternate", type="text/html", href=base_url)
    _add(root, "generator", "ingest")
    for item in listed:
        entry = _add(root, "entry")
        _add(entry, "id", item.id)
        _add(entry, "title", item.article.headline)
        _add(entry, "updated", _time(item.stamp.updated_at))
        _add(entry, "published", _time(_published(item)))
        _add(entry, "link", rel="alternate", type="text/html", href=item.link(base_url))
        page = f"{base_url}stories/{item.story.story_id}"
        _add(entry, "link", rel="related", type="text/html", href=page)
        for name in item.authors:
            _add(_add(entry, "author"), "name", name)
        for tag in item.article.tags or ():
            _add(entry, "category", term=tag)
        _add(entry, "summary", _summary(item))
        content = _add(entry, "content", _text(item), type="text")
        if item.article.language:
            content.set("{http://www.w3.org/XML/1998/namespace}lang", item.article.language)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root)


def json_feed(listed: Sequence[Item], *, base_url: str, self_url: str) -> bytes:
    """The stories as a JSON Feed; who ran them, and when, under `_ingest`."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "home_page_url": base_url,
        "feed_url": self_url,
        "items": [
            {
                key: value
                for key, value in {
                    "id": item.id,
                    "url": item.link(base_url),
                    "title": item.article.headline,
                    "content_text": _text(item),
                    "summary": _summary(item),
                    "date_published": _time(_published(item)),
                    "date_modified": _time(item.stamp.updated_at),
                    "authors": [{"name": name} for name in item.authors],
                    "tags": item.article.tags or None,
                    "language": item.article.language,
                    "_ingest": {
                        "story_id": item.story.story_id,
                        "source_agency": item.story.source_agency,
                        "articles": item.story.articles,
                        "publishers": [
                            {
                                "publisher": one.publisher,
                                "article_id": one.article_id,
                                "seen_at": _time(one.seen_at),
                                "lag_seconds": round(one.lag_seconds),
                            }
                            for one in item.runners
                        ],
                    },
                }.items()
                if value is not None
            }
            for item in listed
        ],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )


def _published(item: Item) -> datetime:
    return item.story.first_published_at or item.article.first_seen_at


def _summary(item: Item) -> str:
    first, *others = item.runners or (None,)
    name = first.publisher if first is not None else item.article.publisher
    if not others:
        return f"{name}."
    ran = ", ".join(f"{one.publisher} (+{span(one.lag_seconds)})" for one in others if one)
    return f"First {name}, then {ran}."


def _text(item: Item) -> str:
    return item.article.body_text or item.article.summary or item.article.headline


def _time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _add(
    parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str
) -> ElementTree.Element:
    given = {key: _NOT_XML.sub(" ", value) for key, value in attributes.items()}
    element = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", given)
    if text is not None:
        element.text = _NOT_XML.sub(" ", text)
    return element
