"""Which blocks of a page are the article.

Two independent readings are brought together. trafilatura's text *votes* for the blocks it
contains; our own reading finds the *container*, the deepest element that holds nearly all the
evidence (prose, counted double where it was voted for). Inside the container a block of prose that
stands in the tree like the body's paragraphs do (the same `shape`) is body too: this is what brings
back the halves of an article that an advertisement splits. What is short is judged by its
neighbours, and what the page itself calls something else (related, newsletter …) is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ingest.normalise.data import table
from ingest.normalise.page_blocks import Block, tokens_of
from ingest.normalise.page_names import Names, PageNames, is_cross_reference
from ingest.normalise.page_phrases import foreign_phrase
from ingest.normalise.page_tree import Element
from ingest.normalise.page_votes import Votes, elect

_NOT_BODY = frozenset(table("page_tree")["surroundings"]["not_body"])
_LISTS = frozenset(("ul", "ol", "li", "dl", "table", "tbody", "thead", "tfoot", "tr", "blockquote"))
_NO_NAMES = PageNames()
# The next four were chosen on one half of article-pages. They are not delicate: with 2 to 4, .7 to
# .9, .2 to .5 and .03 to .5 neither half's F1 moves by more than .002 (docs/pages.md).
_VOTE = 3.0  # how much more a voted block's prose weighs
_CONTAINER_SHARE = 0.8  # of all evidence; the rest is comments, boxes and teasers
_GUARD = 0.3  # of all evidence: an element with more is no side matter whatever it is called
_FLOOR = 0.1  # of the voted prose: shapes with more are the body's own


def _evidence(block: Block) -> float:
    if block.is_prose:
        weight = len(block.text) - block.link_chars
        return weight * (_VOTE if block.voted else 1.0)
    return 0.3 * len(block.text) if block.voted and block.link_share < 0.5 else 0.0


def _weigh(blocks: Iterable[Block]) -> tuple[dict[Element, float], float]:
    """The evidence under each element, and in all."""
    under: dict[Element, float] = {}
    total = 0.0
    for block in blocks:
        own = _evidence(block) * (0.2 if block.hint else 1.0)
        total += own
        for element in block.ancestors:
            under[element] = under.get(element, 0.0) + own
    return under, total


def _mark_hints(blocks: list[Block]) -> None:
    """Give each block the word by which an ancestor says that it is not body.

    A word on an element that holds most of the evidence says nothing: "has-sidebar" on <body>.
    """
    under, total = _weigh(blocks)
    hints: dict[Element, str | None] = {}
    for element, evidence in under.items():
        hint = None
        if evidence < _GUARD * total:
            if element.tag in ("footer", "aside"):
                hint = element.tag
            else:
                found = tokens_of(element) & _NOT_BODY
                hint = min(found) if found else None
        hints[element] = hint
    for block in blocks:
        hint = next((h for e in block.ancestors if (h := hints[e])), None)
        if hint in ("social", "widget", "share") and any(
            e.tag == "blockquote" for e in block.ancestors
        ):
            hint = None  # a post that the article quotes
        block.hint = hint


def _container(blocks: list[Block]) -> Element | None:
    under, total = _weigh(blocks)
    best: tuple[int, Element] | None = None
    for block in blocks:
        for depth, element in enumerate(block.ancestors):
            if under[element] >= _CONTAINER_SHARE * total and (best is None or depth > best[0]):
                best = (depth, element)
    return best[1] if best and total else None


@dataclass(frozen=True, slots=True)
class Choice:
    """The body's blocks in order, and what stood among them and was left out, with the reason."""

    blocks: tuple[Block, ...] = ()
    removed: tuple[tuple[str, Block], ...] = ()


def choose_body(
    blocks: list[Block], *, voted_texts: Iterable[str] = (), names: PageNames = _NO_NAMES
) -> Choice:
    """Which of a page's blocks are the article's body; none where there is no article.

    `voted_texts` are other extractors' results for the same page. Marks the blocks.
    """
    elected = elect(voted_texts)
    if elected:
        votes = Votes(elected)
        for block in blocks:
            block.voted = votes.holds(block)
    _mark_hints(blocks)
    container = _container(blocks)
    if container is None:
        return Choice()
    inside = [b for b in blocks if container in b.ancestors]
    core = _core(inside)
    if not core:
        return Choice()
    homes = {b.element.getparent() for b in core} | {b.element for b in core}
    shapes = {b.shape for b in core}
    anchors = [
        place
        for place, block in enumerate(inside)
        if block in core or (block.voted and not block.hint and _is_at_home(block, homes))
    ]
    first_prose = next(place for place, block in enumerate(inside) if block in core)
    called = Names(names)
    chosen: list[Block] = []
    removed: list[tuple[str, Block]] = []
    for place, block in enumerate(inside):
        if block not in core:
            if anchors[0] <= place <= anchors[-1]:
                fits = (
                    block.voted
                    or _is_at_home(block, homes)
                    or block.shape in shapes
                    or any(e.tag == "blockquote" for e in block.ancestors)
                    or (block.is_heading and block.link_share < 0.5)
                )
            else:
                fits = block.voted and block.link_share < 0.5
            if not fits:
                continue
        reason = (
            block.hint
            or called.reason_against(
                block, opening=place <= first_prose + 1, leading=place <= first_prose
            )
            or ("cross_reference" if is_cross_reference(block, names.host) else None)
            or foreign_phrase(block.text, block.words)
        )
        if reason:
            removed.append((reason, block))
        else:
            chosen.append(block)
    while chosen and chosen[-1].is_heading:
        removed.append(("heading of what was removed", chosen.pop()))
    return Choice(tuple(chosen), tuple(removed))


def _is_at_home(block: Block, homes: set[Element]) -> bool:
    """Beside the body's paragraphs, or an item of a list or a row of a table beside them."""
    if block.element in homes:
        return True
    parent = block.element.getparent()
    while parent is not None and parent not in homes and parent.tag in _LISTS:
        parent = parent.getparent()
    return parent in homes


def _core(inside: list[Block]) -> set[Block]:
    """The prose that stands as the voted prose does, and in the same articles."""
    shapes: dict[tuple[str, ...], int] = {}
    articles: set[Element | None] = set()
    for block in inside:
        if block.voted and block.is_prose and not block.hint:
            shapes[block.shape] = shapes.get(block.shape, 0) + len(block.text)
            articles.add(_article_of(block))
    floor = _FLOOR * sum(shapes.values())
    core = set()
    for block in inside:
        if not block.is_prose or block.hint or block.is_heading:
            continue
        weight = shapes.get(block.shape, 0)
        if (
            not shapes
            or (block.voted and weight)
            or (weight > floor and _article_of(block) in articles)
        ):
            core.add(block)
    return core


def _article_of(block: Block) -> Element | None:
    """The nearest <article>: pages that scroll on without end hold several alike."""
    return next((e for e in reversed(block.ancestors) if e.tag == "article"), None)
