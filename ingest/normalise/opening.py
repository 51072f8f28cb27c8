"""What stands before the body: the repeated headline, deck, byline, date line, alt and caption.

A careless scraper stores all of it as text. The surest sign is the headline said again: what stands
before its last repetition is no body. Without one, only lines that say themselves what they are
(a caption with a credit, a byline, a date) are taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.normalise import images, people
from ingest.normalise.blocks import Block
from ingest.normalise.boilerplate import Reasons
from ingest.normalise.dates import read_date
from ingest.normalise.headline import folded
from ingest.normalise.images import LeadImage

_LOOK_AHEAD = 10  # blocks from the top among which the headline may come again
# "Home / Technology / " before the headline: the way to the page.
_TRAIL = re.compile(r"\w[\w &-]{1,40} ?[/>»›] ?\w")
_READING_TIME = re.compile(r"\b\d+[ -]?min(?:ute)?s? read\b", re.I)
_DECK_HINT = re.compile(
    r"(?:^|[\s_-])(?:deck|dek|standfirst|subtitle|sub-title|subhead|subheading|subheadline|excerpt|"
    r"chapo|bajada|sottotitolo|occhiello|teaser|intro|lead|lede|kicker|strapline)(?:$|[\s_-])",
    re.I,
)
_DATE_WORDS = re.compile(
    r"^(?:published|updated|posted|last updated|publié le|stand)\b[:\s]*", re.I
)
_UPDATED = re.compile(r"\s*\((?:last )?updated:?[^()]*\)$", re.I)
_DIGIT = re.compile(r"\d")
_SENTENCE = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")
_ALT_WORDS = 16
_DECK_WORDS = 80
_PARAGRAPH_WORDS = 20


@dataclass(slots=True)
class Opening:
    """What the first blocks of a text said besides the body."""

    deck: str | None = None
    byline: str | None = None
    image: LeadImage = images.NO_IMAGE


def read_opening(
    blocks: Sequence[Block],
    reasons: Reasons,
    *,
    title: str,
    summary: str | None,
    outlets: frozenset[str],
    authors: frozenset[str] = frozenset(),
) -> Opening:
    """Marks in `reasons` what is no body at the top of `blocks`, and returns what it said."""
    opening = Opening()
    last = _mark_headlines(blocks, reasons, title, outlets)
    end = last if last >= 1 else _first_paragraph(blocks, reasons)
    captions = _mark_captions(blocks, reasons, opening, end)
    for index in range(min(end, len(blocks))):
        if reasons[index] not in (None, "about"):
            continue
        block = blocks[index]
        words = block.text.count(" ") + 1
        if people.is_byline(block.text, words) or (
            words <= 4 and people.names_a_writer(block.text, authors)
        ):
            opening.byline = opening.byline or block.text
            reasons[index] = "byline"
        elif (words <= 12 and _is_date_line(block.text)) or (
            words <= 18 and _READING_TIME.search(block.text) is not None
        ):
            reasons[index] = "date"
        elif index + 1 in captions and words <= _ALT_WORDS and _lists_names(block.text):
            _set_alt(opening, block.text)
            reasons[index] = "alt"
    if last >= 0:
        _mark_deck_before_headline(blocks, reasons, opening, last, captions)
    if opening.deck is None:
        _mark_deck(blocks, reasons, opening, summary, last)
    return opening


def _mark_headlines(
    blocks: Sequence[Block], reasons: Reasons, title: str, outlets: frozenset[str]
) -> int:
    """Marks every repetition of the headline; the index of the last near the top, or -1."""
    wanted = folded(title)
    last = -1
    if not wanted:
        return last
    # A text that is nothing but its headline keeps it.
    for index, block in enumerate(blocks):
        near = index < _LOOK_AHEAD
        if not near and block.kind[0] != "h":
            continue
        if abs(len(block.text) - len(title)) > 60:
            continue
        key = folded(block.text)
        if (
            key == wanted
            or (key.startswith(wanted) and key[len(wanted) :] in outlets)
            or (near and key.endswith(wanted) and _TRAIL.match(block.text) is not None)
        ):
            reasons[index] = "headline"
            if near:
                last = index
    return last


def _first_paragraph(blocks: Sequence[Block], reasons: Reasons) -> int:
    for index, block in enumerate(blocks[:_LOOK_AHEAD]):
        if (
            reasons[index] is None
            and block.kind == "p"
            and block.text.count(" ") >= _PARAGRAPH_WORDS
            and images.caption_in(block.text, known=False, near_picture=False) is None
        ):
            return index
    return min(len(blocks), 3)


def _mark_captions(
    blocks: Sequence[Block], reasons: Reasons, opening: Opening, end: int
) -> frozenset[int]:
    """Marks captions and credits wherever they stand; the indices of those in the opening."""
    found: set[int] = set()
    for index, block in enumerate(blocks):
        is_caption = block.kind == "caption"
        if reasons[index] is not None and not (is_caption or reasons[index] == "about"):
            continue
        near = block.after_figure >= 0
        captioned = images.caption_in(block.text, known=is_caption, near_picture=near)
        if captioned is None:
            if not is_caption:
                continue
            captioned = images.Captioned(block.text, None)
        elif not is_caption and not near and index >= end + 2 and block.text.count(" ") > 60:
            # Deep in the text a caption is short; a paragraph is not.
            continue
        reasons[index] = "caption"
        if index <= end:
            found.add(index)
        image = opening.image
        if image.caption is None and image.credit is None:
            opening.image = LeadImage(image.url, captioned.caption, captioned.credit, image.alt)
        elif image.credit is None and captioned.caption is None:
            # The caption stood in one line and its credit in the next.
            opening.image = LeadImage(image.url, image.caption, captioned.credit, image.alt)
    return frozenset(found)


def _set_alt(opening: Opening, alt: str) -> None:
    image = opening.image
    if image.alt is None:
        opening.image = LeadImage(image.url, image.caption, image.credit, alt)


def _mark_deck_before_headline(
    blocks: Sequence[Block],
    reasons: Reasons,
    opening: Opening,
    last: int,
    captions: frozenset[int],
) -> None:
    """Before the headline's last repetition there is no body: the first sentence is the deck."""
    for index in range(last):
        if reasons[index] is not None:
            continue
        words = blocks[index].text.count(" ") + 1
        if opening.deck is None and 5 <= words <= _DECK_WORDS:
            opening.deck = blocks[index].text
            reasons[index] = "deck"
        elif opening.deck is not None and words <= _ALT_WORDS:
            reasons[index] = "opening"
    following = last + 1
    if (
        opening.deck is None
        and following < len(blocks) - 1
        and reasons[following] is None
        and 5 <= blocks[following].text.count(" ") + 1 <= _DECK_WORDS
        and (
            following + 1 in captions
            or following + 2 in captions
            or blocks[following + 1].after_figure >= 0
        )
    ):
        # Headline, deck, picture, body: a page's usual order.
        opening.deck = blocks[following].text
        reasons[following] = "deck"


def _mark_deck(
    blocks: Sequence[Block],
    reasons: Reasons,
    opening: Opening,
    summary: str | None,
    last: int,
) -> None:
    """The first block is a deck where it says so, or repeats the summary before a picture."""
    left = [index for index in range(min(len(blocks), 6)) if reasons[index] is None]
    if len(left) < 2:
        return
    first = left[0]
    block = blocks[first]
    words = block.text.count(" ") + 1
    if not 5 <= words <= _DECK_WORDS:
        return
    apart = left[1] > first + 1 or blocks[left[1]].after_figure >= 0
    if (
        (block.hint and _DECK_HINT.search(block.hint) is not None)
        or (block.kind[0] == "h" and first <= last + 1 and words >= 8)
        or (apart and summary is not None and _is_same(summary, block.text))
    ):
        opening.deck = block.text
        reasons[first] = "deck"


def _is_same(one: str, other: str) -> bool:
    return one == other or folded(one) == folded(other)


def _lists_names(text: str) -> bool:
    """Whether a line reads as an image's alternative text: names and no sentence."""
    if _SENTENCE.search(text) is not None:
        return False
    words = text.split()
    return len(words) <= 4 or sum(not word[0].islower() for word in words) >= len(words) * 0.6


def _is_date_line(text: str) -> bool:
    if _DIGIT.search(text) is None:
        return False
    return read_date(_UPDATED.sub("", _DATE_WORDS.sub("", text))).at is not None
