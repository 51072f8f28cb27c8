"""The article out of its page: `bytes -> Page`, and what an article takes over from it.

    bytes --decode, bound--> tree --+--> metadata
                                    +--> blocks --votes, container, phrases--> body

The body is our own choice of blocks (`page_body`); where that finds nothing, JSON-LD's
`articleBody`, then trafilatura's text as it is. Pure: the fetch, robots.txt and politeness are the
caller's.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape, unescape

from ingest.model import Article, KeyKind, Removed, Text
from ingest.normalise.article import content_hash, count_words, url_keys
from ingest.normalise.blocks import body_html_of, body_text_of
from ingest.normalise.boilerplate import block_hash, block_hashes
from ingest.normalise.canonical import canonical_url
from ingest.normalise.dates import believed
from ingest.normalise.html import read as read_html
from ingest.normalise.identity import is_home_page
from ingest.normalise.language import language_of
from ingest.normalise.page_blocks import Block, blocks_of
from ingest.normalise.page_blocks import count_words as count_page_words
from ingest.normalise.page_body import Choice, choose_body
from ingest.normalise.page_images import lead_image
from ingest.normalise.page_metadata import PageMetadata, read_metadata
from ingest.normalise.page_names import PageNames, host_of
from ingest.normalise.page_tree import count_elements, decode_page, parse_page
from ingest.normalise.wire import read_dateline

_MIN_FALLBACK_WORDS = 40  # less is a teaser or a notice, not an article
_JSON_LD_IS_FULLER = 2.0  # times our words: the page builds its text with a script
_FULLER = 1.1  # times the feed's text: a page that says no more is not worth its mistakes
_MAX_REMOVED = 100
# Beyond these trafilatura is not asked: its time grows faster than the page (1.5 s for 9,000
# paragraphs). The largest of 181 real pages has 1.5 MB and 1,600 elements (article-pages, 2019).
_VOTER_CHARS = 2_000_000
_VOTER_ELEMENTS = 15_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one article page holds. Unknown is None; dates are the page's own strings."""

    url: str
    body_text: str | None = None  # paragraphs with a blank line between
    body_html: str | None = None  # the same blocks in p, h2, li, blockquote; nothing else
    body_from: str | None = None  # blocks, json_ld or trafilatura
    headline: str | None = None
    authors: tuple[str, ...] = ()
    published_raw: str | None = None
    modified_raw: str | None = None
    language: str | None = None  # BCP 47, as claimed
    canonical_url: str | None = None
    syndication_source: str | None = None
    image_url: str | None = None
    image_caption: str | None = None
    image_credit: str | None = None
    image_alt: str | None = None
    description: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    removed: tuple[Removed, ...] = ()  # what stood among the body's blocks and is not body


def read_page(html: bytes, *, url: str, content_type: str | None = None) -> Page:
    """Read an article page as fetched from `url`; `content_type` is the response's header.

    Never raises: a page without an article, or beyond the bounds of `page_tree`, has no body.
    """
    text = decode_page(html, content_type)
    root = parse_page(text)
    if root is None:
        return Page(url=url)
    metadata = read_metadata(root, url)
    image = lead_image(root, url, metadata)
    blocks = blocks_of(root)
    votes = _votes(text) if count_elements(root) <= _VOTER_ELEMENTS else []
    choice = choose_body(
        blocks,
        voted_texts=votes,
        names=PageNames(metadata.headlines, metadata.descriptions, host_of(url)),
    )
    body_text, body_html, body_from = _body(choice, votes, blocks, metadata)
    removed = tuple(Removed(reason, block.text) for reason, block in choice.removed)
    return Page(
        url=url,
        body_text=body_text,
        body_html=body_html,
        body_from=body_from,
        headline=metadata.headline,
        authors=metadata.authors,
        published_raw=metadata.published_raw,
        modified_raw=metadata.modified_raw,
        language=metadata.language,
        canonical_url=metadata.canonical_url,
        syndication_source=metadata.syndication_source,
        image_url=image.url,
        image_caption=image.caption,
        image_credit=image.credit,
        image_alt=image.alt,
        description=metadata.description,
        section=metadata.section,
        tags=metadata.tags,
        removed=removed[:_MAX_REMOVED],
    )


def with_page(
    article: Article,
    page: Page,
    *,
    now: datetime | None = None,
    max_future_seconds: int = 86_400,
    learned: frozenset[int] = frozenset(),
) -> Article:
    """`article` with what the page adds: its body where that is fuller, and whatever was missing.

    The feed's own claims stay: a page fills gaps. `text_from` says whose body it is. The page's
    dates are read only where `now` is given, since a date is believed or not by the clock.
    `learned` are the hashes of blocks known to be the publisher's boilerplate: those are left out.
    """
    canonical = canonical_url(page.canonical_url) if page.canonical_url else None
    keys = article.keys
    if canonical and not is_home_page(canonical):
        keys = tuple(dict.fromkeys((*keys, *url_keys(canonical, KeyKind.CANONICAL))))
    filled = replace(
        article,
        headline=article.headline or page.headline or "",
        canonical_url=article.canonical_url or canonical,
        keys=keys,
        authors=article.authors or page.authors,
        language=article.language or page.language,
        summary=article.summary or page.description,
        sections=article.sections or ((page.section,) if page.section else ()),
        tags=article.tags or page.tags,
    )
    if not article.image_url:
        filled = replace(
            filled,
            image_url=page.image_url,
            image_caption=page.image_caption,
            image_credit=page.image_credit,
            image_alt=page.image_alt,
        )
    if now is not None and article.published_at is None:
        dated = believed(
            page.published_raw,
            page.modified_raw,
            now=now,
            max_future_seconds=max_future_seconds,
            language=filled.language,
            url=filled.canonical_url,
        )
        if dated.at is not None:
            filled = replace(
                filled,
                published_at=dated.at,
                published_quality=dated.quality,
                published_raw=page.published_raw or page.modified_raw,
            )
    blocks = read_html(Text(page.body_html or "", is_html=True), page.url).blocks
    hashes = tuple(dict.fromkeys((*article.block_hashes, *block_hashes(blocks))))
    kept = [block for block in blocks if block_hash(block.text) not in learned]
    body_text = body_text_of(kept)
    if not kept or not _is_fuller(body_text, article.body_text):
        return replace(filled, block_hashes=hashes)
    dateline = read_dateline(kept[0].text)
    agency = dateline.agency if dateline is not None else None
    language = language_of(body_text, filled.language)
    return replace(
        filled,
        dateline=article.dateline or (dateline.place if dateline is not None else None),
        source_agency=article.source_agency or agency,
        source_agency_found_in=article.source_agency_found_in or (agency and "dateline"),
        language=language,
        body_text=body_text,
        body_html=body_html_of(kept),
        word_count=count_words(body_text),
        text_from="page",
        content_hash=content_hash(filled.headline, filled.alternative_headline, None, body_text),
        removed=(
            *article.removed,
            *page.removed,
            *(Removed("learned", b.text) for b in blocks if block_hash(b.text) in learned),
        ),
        block_hashes=hashes,
    )


def _is_fuller(page_text: str, feed_text: str | None) -> bool:
    """Counted in characters, since not every script has words between spaces."""
    return len(page_text) > _FULLER * len(feed_text or "")


def _votes(text: str) -> list[str]:
    """trafilatura's readings: its own rules alone, and with its comparison of other extractors."""
    if len(text) > _VOTER_CHARS:
        return []
    import trafilatura

    votes = []
    for fast in (True, False):
        try:
            vote = trafilatura.extract(text, fast=fast, include_comments=False)
        except Exception:  # a voter that fails has no vote; lxml and it raise many kinds
            _log.debug("page_vote_failed", exc_info=True)
            continue
        if vote:
            votes.append(vote)
    return votes


def _body(
    choice: Choice, votes: list[str], blocks: list[Block], metadata: PageMetadata
) -> tuple[str | None, str | None, str | None]:
    """Body as text and HTML, and where it is from."""
    texts = [block.text for block in choice.blocks]
    claimed = _json_ld_paragraphs(metadata.article_body)
    words, claimed_words = _count(texts), _count(claimed)
    if claimed_words >= _MIN_FALLBACK_WORDS and claimed_words > _JSON_LD_IS_FULLER * words:
        return _joined(claimed, "json_ld")
    if texts:
        return "\n\n".join(texts), _html_of(choice.blocks), "blocks"
    voted = [line for vote in votes[-1:] for line in vote.split("\n") if line.strip()]
    if _count(voted) >= _MIN_FALLBACK_WORDS and not _is_mostly_links(blocks):
        return _joined(voted, "trafilatura")
    return None, None, None


def _is_mostly_links(blocks: list[Block]) -> bool:
    """Whether what was voted for is a list of links. Text our reading never saw is believed."""
    voted = [block for block in blocks if block.voted]
    return sum(b.link_chars for b in voted) > 0.5 * sum(len(b.text) for b in voted)


def _count(texts: list[str]) -> int:
    return sum(count_page_words(text) for text in texts)


def _joined(paragraphs: list[str], body_from: str) -> tuple[str, str, str]:
    html = "\n".join(f"<p>{escape(text, quote=False)}</p>" for text in paragraphs)
    return "\n\n".join(paragraphs), html, body_from


def _json_ld_paragraphs(body: str | None) -> list[str]:
    """`articleBody` as paragraphs; publishers put plain text, HTML or escaped HTML there."""
    if not body:
        return []
    if "&lt;" in body and "<" not in body:
        body = unescape(body)
    if "</" in body or "<br" in body:
        root = parse_page(body)
        return [] if root is None else [block.text for block in blocks_of(root)]
    return [" ".join(line.split()) for line in unescape(body).split("\n") if line.strip()]


def _html_of(blocks: tuple[Block, ...]) -> str:
    """The blocks as p, h2, ul/li, blockquote and pre; no attribute, so nothing to sanitise."""
    lines: list[str] = []
    in_list = False
    for block in blocks:
        is_item = block.tag == "li"
        if is_item != in_list:
            lines.append("<ul>" if is_item else "</ul>")
            in_list = is_item
        text = escape(block.text, quote=False)
        if is_item:
            lines.append(f"<li>{text}</li>")
        elif block.is_heading:
            lines.append(f"<h2>{text}</h2>")
        elif any(element.tag == "blockquote" for element in block.ancestors):
            lines.append(f"<blockquote><p>{text}</p></blockquote>")
        else:
            lines.append(f"<p>{text}</p>")
    if in_list:
        lines.append("</ul>")
    return "\n".join(lines)
