"""The lead image of an article page with caption, credit and alternative text.

Its address is what the page claims (OpenGraph, JSON-LD); the words are those of the `<figure>` that
shows it, or of the page's first figure with a caption.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from ingest.normalise.images import LeadImage, spelled_credit, split_caption
from ingest.normalise.page_blocks import tokens_of
from ingest.normalise.page_metadata import PageMetadata
from ingest.normalise.page_tree import Element

_CREDIT_TOKENS = frozenset(
    ("credit", "credits", "copyright", "photographer", "attribution", "source")
)
_MAX_FIGURES = 30
_MAX_CHARS = 1_000


def lead_image(root: Element, url: str, metadata: PageMetadata) -> LeadImage:
    """The image the page shows first or claims as its own. Never raises."""
    found = _figure(root, url, metadata.image_url)
    if found is None:
        caption, credit = _split(metadata.image_caption)
        return LeadImage(metadata.image_url, caption, metadata.image_credit or credit)
    figure, image_url, alt = found
    caption, credit = _caption(figure)
    claimed_caption, claimed_credit = _split(metadata.image_caption)
    return LeadImage(
        url=metadata.image_url or image_url,
        caption=caption or claimed_caption,
        credit=credit or metadata.image_credit or claimed_credit,
        alt=alt,
    )


def _split(text: str | None) -> tuple[str | None, str | None]:
    if not text:
        return None, None
    parted = split_caption(text)
    return parted.caption, parted.credit


def _figure(
    root: Element, base: str, claimed: str | None
) -> tuple[Element, str | None, str | None] | None:
    first = None
    for count, figure in enumerate(root.iter("figure")):
        if count >= _MAX_FIGURES:
            break
        image = figure.find(".//img")
        if image is None:
            continue
        source = _source(image, base)
        alt = " ".join((image.get("alt") or "").split())[:_MAX_CHARS] or None
        if claimed and source and _file_name(source) == _file_name(claimed):
            return figure, source, alt
        if first is None and figure.find(".//figcaption") is not None:
            first = (figure, source, alt)
    # Another picture's words are worse than none: without a match only where nothing is claimed.
    return None if claimed else first


def _source(image: Element, base: str) -> str | None:
    for name in ("src", "data-src", "data-original"):
        value = (image.get(name) or "").strip()
        if value and not value.startswith("data:"):
            try:
                absolute = urljoin(base, value)
                scheme = urlsplit(absolute).scheme
            except ValueError:
                continue
            return absolute if scheme in ("http", "https") else None
    return None


def _file_name(url: str) -> str:
    try:
        return urlsplit(url).path.rsplit("/", 1)[-1].lower()
    except ValueError:
        return url


def _caption(figure: Element) -> tuple[str | None, str | None]:
    caption = figure.find(".//figcaption")
    if caption is None:
        return None, None
    credits = [
        text
        for element in caption.iter()
        if isinstance(element.tag, str)
        and element is not caption
        and tokens_of(element) & _CREDIT_TOKENS
        and (text := " ".join("".join(element.itertext()).split())[:_MAX_CHARS])
    ]
    whole = " ".join(" ".join("".join(caption.itertext()).split()).split())[:_MAX_CHARS]
    if not credits:
        return _split(whole or None)
    for credit in credits:
        whole = whole.replace(credit, " ")
    return " ".join(whole.split()).strip(" |,;") or None, spelled_credit(credits[0])
