"""Which lines of a text belong to the publisher's page: by structure, by phrase, and as learned.

Every line gets a reason or none; what has one goes to `Article.removed`. Three things make a wrong
removal unlikely: phrases weigh more in short lines and at the end of a text than in its middle, a
structural rule that would take most of a text takes nothing, and what was taken can be seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ingest.model import Removed
from ingest.normalise import phrases
from ingest.normalise.blocks import Block, without_tail
from ingest.normalise.headline import folded
from ingest.normalise.identity import signed_hash
from ingest.normalise.phrases import Saying

_HINT = re.compile(
    r"(?:^|[\s_-])(?:"
    r"share|sharing|sharedaddy|sharethis|social|addtoany|a2a|addthis|"
    r"related|jp-relatedposts|yarpp|crp|outbrain|taboola|recommended|recirc|"
    r"newsletter|subscribe|subscription|signup|sign-up|promo|advert|advertisement|adsbygoogle|"
    r"sponsor|sponsored|donat\w*|comments?|feedflare|breadcrumbs?|readmore|read-more|more-link|"
    r"paywall|hidden|visually-hidden|screen-reader-text|sr-only|cookie|popup|toolbar|"
    r"post-tags|tags-links|post-meta|entry-meta|author-box|authorbox|author-bio|wp-post-navigation|"
    r"footer|copyright|disclaimer|rss-?footer|post-footer|syndication|widget"
    r")(?:$|[\s_-]|s\b|\d)"
)
_ENDS_A_SENTENCE = re.compile(r"[.!?…。！？।؟][\"'”’»)\]」』]*$")
_SENTENCE_BREAK = re.compile(r"(?<=[.!?…])\s+(?=\S)")
_BY_PLEA = frozenset(
    ("plea", "newsletter", "donation", "adblock", "cookies", "contact", "comments")
)
_PLEA_SHARE = 0.4  # of a long paragraph's sentences say something of the kind
_NO_LETTERS = re.compile(r"[\W\d_]*")
_LINK_LINE_WORDS = 25
_MOST_LINKS_OF_A_TEASER = 5
_SHORT_LINE_WORDS = 60
_TEASER_WORDS = 40
_LABEL_WORDS = 8
_LEAD_IN_WORDS = 14
_MOST_LABELS = 3
_MOST_OF_A_TEXT = 0.5
_LEAST_LEARNED_CHARACTERS = 3

Reasons = list[str | None]


def block_hash(text: str) -> int:
    """The hash by which a recurring block is learned: case and the form of quotes aside."""
    return signed_hash(phrases.lowered(text))


def block_hashes(blocks: Sequence[Block], lows: Sequence[str] | None = None) -> tuple[int, ...]:
    """The hashes of the blocks from which a publisher's boilerplate is learned.

    `lows` are their texts in lower case (`phrases.lowered`), where they are known already.
    """
    if lows is None:
        lows = [phrases.lowered(block.text) for block in blocks]
    return tuple(
        [
            signed_hash(low)
            for block, low in zip(blocks, lows, strict=True)
            if len(block.text) >= _LEAST_LEARNED_CHARACTERS
        ]
    )


def reasons_of(
    blocks: Sequence[Block],
    lows: Sequence[str],
    counts: Sequence[int],
    *,
    outlets: frozenset[str],
    learned: frozenset[int],
) -> Reasons:
    """For each block the reason to remove it, or None.

    `lows` are the blocks' texts, `phrases.lowered`, and `counts` how many words they have.
    """
    total = sum(counts) or 1
    sayings = phrases.said_in(lows)
    reasons: Reasons = [
        _by_phrase(block, low, words, outlets, sayings, len(blocks) == 1)
        for block, low, words in zip(blocks, lows, counts, strict=True)
    ]
    if learned:
        for index, low in enumerate(lows):
            if reasons[index] is None and signed_hash(low) in learned:
                reasons[index] = "learned"
    _by_hint(blocks, reasons, counts, total)
    if len(blocks) > 1:
        _sections(reasons, counts, total)
        _link_lines(blocks, reasons, counts)
        _tail(blocks, lows, reasons, counts, sayings)
        _orphans(blocks, reasons, counts)
    return reasons


def is_plea(reason: str) -> bool:
    """Whether a reason was found in what a line says, so that part of it may be news."""
    return reason in _BY_PLEA


def without_call(block: Block) -> tuple[Block, Removed | None]:
    """`block` without a bracketed call to read on at its end, and the call."""
    cut = phrases.without_bracketed_call(block.text)
    if cut is None:
        return block, None
    return without_tail(block, cut[0]), Removed("read_more", cut[1])


def cut_endings(block: Block) -> tuple[Block | None, list[Removed]]:
    """`block` without the boilerplate its last sentence holds, and what was cut."""
    removed: list[Removed] = []
    for _ in range(3):
        cut = phrases.without_ending(block.text)
        if cut is None:
            break
        kept, reason, gone = cut
        removed.append(Removed(reason, gone))
        if not kept:
            return None, removed
        block = without_tail(block, kept)
    return block, removed


def spared(block: Block) -> tuple[Block, Removed] | None:
    """`block` without the sentences at its end that are no news, where its others are.

    A podcast's description closes with "Subscribe now", in the paragraph that tells its story.
    None where the whole block is boilerplate.
    """
    sentences = _SENTENCE_BREAK.split(block.text)
    if len(sentences) < 2:
        return None
    lows = [phrases.lowered(sentence) for sentence in sentences]
    sayings = phrases.said_in(lows)
    clean = [
        phrases.said(low, sayings) is None and phrases.beginning(low, low.count(" ") + 1) is None
        for low in lows
    ]
    kept = len(sentences)
    while kept and not clean[kept - 1]:
        kept -= 1
    letters = sum(len(sentence) for sentence in sentences[:kept])
    if kept in (0, len(sentences)) or not all(clean[:kept]) or letters < len(block.text) * 0.5:
        return None
    text = " ".join(sentences[:kept])
    return without_tail(block, text), Removed("plea", " ".join(sentences[kept:]))


def _by_phrase(
    block: Block,
    low: str,
    words: int,
    outlets: frozenset[str],
    sayings: tuple[Saying, ...],
    alone: bool,
) -> str | None:
    """`alone`: the line is all there is, so how it begins says less."""
    if words <= 10:
        reason = phrases.whole_line(low)
        if reason is not None:
            return reason
        if words <= 6 and folded(block.text) in outlets:
            return "outlet"
        if _NO_LETTERS.fullmatch(low) is not None:
            return "ornament" if not any(letter.isdigit() for letter in low) else None
    if words <= 80 and not alone:
        reason = phrases.beginning(low, words)
        if reason is not None:
            return reason
    found = phrases.said(low, sayings)
    if found is not None:
        enough = 2 if words <= 25 else 3 if words <= _SHORT_LINE_WORDS else 4
        if (
            found.strong
            and found.weight >= enough
            and not _is_quotation(low)
            and (words <= _SHORT_LINE_WORDS or _pleads_throughout(low, sayings))
        ):
            return found.reason
    return None


def _pleads_throughout(low: str, sayings: tuple[Saying, ...]) -> bool:
    """Whether so many of a long paragraph's sentences plead that it is no news."""
    sentences = _SENTENCE_BREAK.split(low)
    hits = sum(1 for sentence in sentences if phrases.said(sentence, sayings) is not None)
    return hits >= len(sentences) * _PLEA_SHARE


def _is_quotation(low: str) -> bool:
    """A line somebody is quoted in speaks for itself, not for the outlet."""
    return low[0] in '"„«' and '"' in low[1:]


@lru_cache(maxsize=4096)
def _hint_says(hint: str) -> bool:
    return _HINT.search(hint.lower()) is not None


def _by_hint(blocks: Sequence[Block], reasons: Reasons, counts: Sequence[int], total: int) -> None:
    hinted = [
        index
        for index, block in enumerate(blocks)
        if block.hint and reasons[index] is None and _hint_says(block.hint)
    ]
    if sum(counts[index] for index in hinted) <= total * _MOST_OF_A_TEXT:
        for index in hinted:
            reasons[index] = "structure"


def _sections(reasons: Reasons, counts: Sequence[int], total: int) -> None:
    """Under "More news", late in a text, short lines to the end are teasers of other articles."""
    if "related" not in reasons:
        return
    before = 0
    for index, reason in enumerate(reasons):
        if reason == "related" and counts[index] <= 5 and before >= total * _MOST_OF_A_TEXT:
            if max(counts[index:]) <= _TEASER_WORDS:
                for later in range(index + 1, len(reasons)):
                    reasons[later] = reasons[later] or "related"
            return
        before += counts[index]


def _link_lines(blocks: Sequence[Block], reasons: Reasons, counts: Sequence[int]) -> None:
    """Lines that are nothing but a link lead away from the article, unless links are what it is."""
    lines = [
        index
        for index, block in enumerate(blocks)
        if reasons[index] is None
        and block.linked
        and block.linked >= len(block.text) * 0.85
        and counts[index] <= _LINK_LINE_WORDS
    ]
    if not lines:
        return
    prose = sum(
        1
        for index, block in enumerate(blocks)
        if reasons[index] is None and not block.linked * 2 > len(block.text) and counts[index] >= 12
    )
    # After the only paragraph of a teaser a few links to the end are others' articles.
    ends_in_links = (
        prose == 1
        and len(lines) <= _MOST_LINKS_OF_A_TEASER
        and lines[0] > 0
        and not _leads_in(blocks[lines[0] - 1])
        and all(
            index in lines or reasons[index] is not None for index in range(lines[0], len(blocks))
        )
    )
    if prose >= max(2, len(lines)) or ends_in_links:
        for index in lines:
            if blocks[index].kind[0] != "h" or index == len(blocks) - 1:
                reasons[index] = "link"


def _tail(
    blocks: Sequence[Block],
    lows: Sequence[str],
    reasons: Reasons,
    counts: Sequence[int],
    sayings: tuple[Saying, ...],
) -> None:
    """From the end backwards: after the last paragraph one cue is enough, and labels go too."""
    if None not in reasons:
        return
    pending: list[int] = []
    seen = False
    for index in range(len(blocks) - 1, 0, -1):
        block, low = blocks[index], lows[index]
        if reasons[index] is None and counts[index] <= _SHORT_LINE_WORDS:
            found = phrases.said(low, sayings)
            if found is not None and found.weight >= 2 and not _is_quotation(low):
                reasons[index] = found.reason
        if reasons[index] is not None:
            seen = True
            for label in pending:
                reasons[label] = "tail"
            pending.clear()
        elif (
            len(pending) < _MOST_LABELS
            and counts[index]
            <= (_LEAD_IN_WORDS if _leads_away(index, block, reasons) else _LABEL_WORDS)
            and block.kind != "li"
            and _ENDS_A_SENTENCE.search(block.text) is None
        ):
            pending.append(index)
        else:
            break
    # What stands right above the first of them is its heading, or else the article's last line.
    for label in pending:
        if seen and (blocks[label].kind[0] == "h" or _leads_in(blocks[label])):
            reasons[label] = "tail"


def _leads_away(index: int, block: Block, reasons: Reasons) -> bool:
    """Whether a line announces links to other articles, however many words it has for that."""
    return _leads_in(block) and reasons[index + 1 : index + 2] in (["link"], ["related"])


def _leads_in(block: Block) -> bool:
    """Whether a line announces what follows it."""
    return block.text.endswith((":", "："))


def _orphans(blocks: Sequence[Block], reasons: Reasons, counts: Sequence[int]) -> None:
    """A heading under which nothing is left goes with what stood under it."""
    following_is_gone = True
    for index in range(len(blocks) - 1, 0, -1):
        if reasons[index] is not None:
            continue
        if following_is_gone and blocks[index].kind[0] == "h" and counts[index] <= 15:
            reasons[index] = "orphan"
            continue
        following_is_gone = False
