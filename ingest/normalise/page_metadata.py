"""What an article page says about itself: JSON-LD, OpenGraph, meta and link elements.

Sources in the order in which they are believed: schema.org JSON-LD of an article type, OpenGraph
and `article:*` (ogp.me), `itemprop`, then plain meta names. Nothing is invented: what no source
says is None. Lengths and counts are bounded, since all of it is the page's to choose.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

from ingest.normalise.page_tree import Element

_MAX_JSON_CHARS = 2_000_000
_MAX_NODES = 20_000
_MAX_FIELD_CHARS = 5_000
_MAX_LIST = 50
_ARTICLE_TYPES = re.compile(r"(?:Article|BlogPosting|Report|LiveBlogPosting|Review)$")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_SPACE = re.compile(r"\s+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_COMMENT = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*$")

Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMetadata:
    """The page's own claims. URLs are absolute; dates are the page's strings."""

    headline: str | None = None
    headlines: tuple[str, ...] = ()  # every form in which the page gives it
    description: str | None = None
    descriptions: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    published_raw: str | None = None
    modified_raw: str | None = None
    language: str | None = None
    canonical_url: str | None = None
    syndication_source: str | None = None
    image_url: str | None = None
    image_caption: str | None = None
    image_credit: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    article_body: str | None = None  # JSON-LD articleBody, perhaps with markup


def read_metadata(root: Element, url: str) -> PageMetadata:
    """All that the page under `root`, fetched from `url`, says about itself. Never raises."""
    meta = _meta(root)
    article = _article(root)
    image = _first_object(article.get("image"))
    page_headlines = (
        _text(article.get("headline")),
        *meta("og:title", "twitter:title"),
        *(_plain(" ".join(h.itertext())) for h in root.findall(".//h1")[:5]),
        _plain(root.findtext(".//title")),
    )
    headlines = tuple(dict.fromkeys(h for h in page_headlines if h))
    descriptions = tuple(
        dict.fromkeys(
            d
            for d in (
                _text(article.get("description")),
                _text(article.get("alternativeHeadline")),
                *meta("og:description", "description", "twitter:description"),
            )
            if d
        )
    )
    canonical = _links(root, "canonical") or _links(root, "syndication-source")
    return PageMetadata(
        headline=headlines[0] if headlines else None,
        headlines=headlines,
        description=descriptions[0] if descriptions else None,
        descriptions=descriptions,
        authors=_authors(article, meta),
        published_raw=_first(
            _text(article.get("datePublished")),
            *meta("article:published_time", "datepublished", "parsely-pub-date", "sailthru.date"),
            *meta("dc.date.issued", "dcterms.created", "dc.date", "pubdate", "date"),
        ),
        modified_raw=_first(
            _text(article.get("dateModified")),
            *meta("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified"),
        ),
        language=_language(
            root.get("lang"),
            _text(article.get("inLanguage")),
            *meta("og:locale", "content-language", "language"),
        ),
        canonical_url=_absolute(
            url, *canonical, *meta("og:url"), _text(article.get("mainEntityOfPage"))
        ),
        syndication_source=_absolute(
            url,
            *meta("syndication-source", "original-source"),
            *_links(root, "syndication-source"),
            _text(_first_object(article.get("isBasedOn")).get("url")),
        ),
        image_url=_absolute(
            url, *meta("og:image", "og:image:url", "twitter:image"), _text(image.get("url"))
        ),
        image_caption=_first(_text(image.get("caption"))),
        image_credit=_first(
            _text(image.get("creditText")),
            _text(_first_object(image.get("creator")).get("name")),
            _text(_first_object(image.get("copyrightHolder")).get("name")),
        ),
        section=_first(_text(article.get("articleSection")), *meta("article:section")),
        tags=_tags(article, meta),
        article_body=_body(article.get("articleBody")),
    )


class _Meta:
    """The meta elements by lower-case name; called with names, gives their contents in order."""

    def __init__(self) -> None:
        self._contents: dict[str, list[str]] = {}

    def add(self, name: str, content: str) -> None:
        kept = self._contents.setdefault(name.strip().lower(), [])
        if len(kept) < _MAX_LIST and (text := _plain(content)):
            kept.append(text)

    def __call__(self, *names: str) -> tuple[str, ...]:
        return tuple(text for name in names for text in self._contents.get(name, ()))


def _meta(root: Element) -> _Meta:
    meta = _Meta()
    for element in root.iter("meta"):
        content = element.get("content")
        if not content:
            continue
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            if name := element.get(attribute):
                meta.add(name, content)
    return meta


def _links(root: Element, rel: str) -> tuple[str, ...]:
    return tuple(
        href
        for link in root.iter("link")
        if rel in (link.get("rel") or "").lower().split() and (href := link.get("href"))
    )[:_MAX_LIST]


def _article(root: Element) -> Json:
    """The JSON-LD object of the article; where there are several, the fullest one."""
    best: Json = {}
    budget = _MAX_JSON_CHARS
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower() or not script.text:
            continue
        budget -= len(script.text)
        if budget < 0:
            break
        for found in _objects(_load(script.text)):
            if _is_article(found) and _fullness(found) > _fullness(best):
                best = found
    return best


def _load(text: str) -> object:
    text = _COMMENT.sub("", text).strip().rstrip(";")
    try:
        return json.loads(text, strict=False)  # raw line breaks inside strings are common
    except (ValueError, RecursionError):
        return None


def _objects(value: object) -> Iterator[Json]:
    """Every object in a JSON value, breadth first, bounded."""
    queue: list[object] = [value]
    for count, item in enumerate(queue):
        if count > _MAX_NODES:
            return
        if isinstance(item, dict):
            yield item
            queue.extend(v for v in item.values() if isinstance(v, dict | list))
        elif isinstance(item, list):
            queue.extend(v for v in item if isinstance(v, dict | list))


def _is_article(found: Json) -> bool:
    types = found.get("@type")
    return any(
        isinstance(t, str) and _ARTICLE_TYPES.search(t)
        for t in (types if isinstance(types, list) else [types])
    )


def _fullness(found: Json) -> tuple[int, int]:
    body = found.get("articleBody")
    return (len(body) if isinstance(body, str) else 0, len(found))


def _first_object(value: object) -> Json:
    """An object out of what may be an object, a list of them, or a bare string (its url)."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        return {"url": value, "name": value}
    return value if isinstance(value, dict) else {}


def _plain(text: str | None) -> str | None:
    """One line of plain text: entities and tags gone. Titles are often escaped twice."""
    if not text:
        return None
    text = unescape(text[:_MAX_FIELD_CHARS])
    if "<" in text:
        text = _TAG.sub(" ", text)
    return _SPACE.sub(" ", text).strip() or None


def _text(value: object) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("@id") or value.get("name") or value.get("@value")
    return _plain(value) if isinstance(value, str) else None


def _body(value: object) -> str | None:
    if isinstance(value, list):
        value = "\n\n".join(v for v in value if isinstance(v, str))
    return value if isinstance(value, str) and value.strip() else None


def _first(*values: str | None) -> str | None:
    return next((value for value in values if value), None)


def _absolute(base: str, *urls: str | None) -> str | None:
    for url in urls:
        if not url:
            continue
        try:
            absolute = urljoin(base, url.strip())
            parts = urlsplit(absolute)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.hostname:
            return absolute
    return None


def _language(*claims: str | None) -> str | None:
    """The first claim that is a language tag, with hyphens (BCP 47)."""
    for claim in claims:
        if claim and (match := _LANGUAGE.fullmatch(claim.strip())):
            return match[0].replace("_", "-")
    return None


def _authors(article: Json, meta: _Meta) -> tuple[str, ...]:
    said = article.get("author")
    people: Iterable[object] = said if isinstance(said, list) else [said]
    names = [_text(person) for person in people][:_MAX_LIST]
    if not any(names):
        names = [
            *meta("author", "article:author", "parsely-author", "sailthru.author", "dc.creator")
        ]
    kept = (n for n in names if n and not n.startswith(("http://", "https://", "@", "/")))
    return tuple(dict.fromkeys(kept))


def _tags(article: Json, meta: _Meta) -> tuple[str, ...]:
    said = article.get("keywords")
    words: list[str] = []
    for value in said if isinstance(said, list) else [said]:
        if text := _text(value):
            words.extend(text.split(",") if not isinstance(said, list) else [text])
    if not words:
        words = [*meta("article:tag")]
    if not words:
        words = [word for line in meta("news_keywords", "keywords") for word in line.split(",")]
    return tuple(dict.fromkeys(w for word in words if (w := word.strip())))[:_MAX_LIST]
