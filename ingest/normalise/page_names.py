"""What a page calls itself, and the lines in which it does: no part of the article's body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from ingest.normalise.page_blocks import Block
from ingest.normalise.page_votes import squeeze

# A year with a day beside it, or a time of day.
_DATED = re.compile(
    r"\b\d{1,2}:\d\d\b|\b(?:19|20)\d\d\b.*?\b\d{1,2}\b|(?<![.,\d])\b\d{1,2}\b.*?\b(?:19|20)\d\d\b"
)


@dataclass(frozen=True, slots=True)
class PageNames:
    """What a page calls itself: strings that stand on the page and are not body."""

    headlines: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    host: str | None = None  # to tell inward links from outward ones


class Names:
    """The same strings, ready to be compared with blocks."""

    def __init__(self, names: PageNames) -> None:
        self._headlines = [squeezed for h in names.headlines if (squeezed := squeeze(h))]
        self._descriptions = {squeeze(d) for d in names.descriptions} - {""}

    def reason_against(self, block: Block, *, opening: bool, leading: bool) -> str | None:
        """Whether the block is the headline or the deck, standing where those stand."""
        if opening and (block.tag == "h1" or self._is_headline(block)):
            return "headline"
        if block.words >= 4 and squeeze(block.text) in self._headlines:
            return "headline"
        if leading and (
            (block.is_heading and block.words >= 20)
            or (not block.is_prose and squeeze(block.text) in self._descriptions)
        ):
            return "deck"
        if (
            leading
            and not block.is_prose
            and not block.is_heading
            and block.words <= 20
            and _DATED.search(block.text)
        ):
            return "about"
        return None

    def _is_headline(self, block: Block) -> bool:
        squeezed = squeeze(block.text)
        return len(squeezed) > 8 and any(
            squeezed == h or (len(squeezed) > 0.5 * len(h) and squeezed in h)
            for h in self._headlines
        )


def host_of(url: str) -> str | None:
    """The host of a URL, None where it has none or is none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _same_site(one: str, other: str) -> bool:
    one, other = one.removeprefix("www."), other.removeprefix("www.")
    return one == other or one.endswith("." + other) or other.endswith("." + one)


def is_cross_reference(block: Block, host: str | None) -> bool:
    """A line that is nothing but a link to another page of the same site."""
    if not block.targets or block.link_share < 0.85 or block.words < 4:
        return False
    hosts = [host_of(target) for target in block.targets]
    return all(h is None or (host is not None and _same_site(h, host)) for h in hosts)
