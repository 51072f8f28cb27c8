"""A page as blocks of running text, in the order of the document.

A block is what a reader sees as one paragraph, heading, list item or table cell: the text between
two block-level tags, or between two line breaks. It remembers where it stands, how much of it is
link, and which words its surroundings carry in class, id and role, since those are where a page
says "related", "newsletter" or "caption".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice

from ingest.normalise.data import table
from ingest.normalise.page_tree import MAX_DEPTH, Element

_BLOCK_LEVEL = frozenset(table("page_tree")["tags"]["block_level"])
_CELLS = frozenset(("td", "th"))
_SKIPPED = frozenset(table("page_tree")["tags"]["skipped"])
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_MAX_BLOCKS = 5_000  # the fullest of 181 real pages has 384
_MAX_BLOCK_CHARS = 100_000
_MAX_DROP_DOWN = 60  # elements
_SPACE = re.compile(r"\s+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[a-z0-9]+")
_WORDS_IN_TEXT = re.compile(r"\w+")
# Scripts written without spaces between words: a character counts as half a word.
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_SENTENCE_END = re.compile(r"[.!?…。！？।؟:;][\"'”’»)\]\s]*$")


def count_words(text: str) -> int:
    """Words, also in scripts that write none."""
    return max(len(_WORDS_IN_TEXT.findall(text)), len(_UNSPACED.findall(text)) // 2)


@dataclass(slots=True, eq=False)
class Block:
    """One block. `path` is the tags with classes from the root down: alike for like blocks."""

    text: str
    element: Element  # the block-level element that holds the text directly
    tag: str
    link_chars: int
    opening_link_words: int  # words of the link with which it opens
    targets: tuple[str, ...]  # where its links lead, as written
    ancestors: tuple[Element, ...]  # from the root to `element`
    shape: tuple[str, ...]  # tag and first class of each of them
    words: int = 0
    voted: bool = False
    hint: str | None = field(default=None)

    def __post_init__(self) -> None:
        self.words = count_words(self.text)

    @property
    def link_share(self) -> float:
        """How much of the text is link, 0 to 1."""
        return min(1.0, self.link_chars / max(1, len(self.text)))

    @property
    def is_heading(self) -> bool:
        """An h1 to h6."""
        return self.tag in ("h1", "h2", "h3", "h4", "h5", "h6")

    @property
    def ends_as_sentence(self) -> bool:
        """With a full stop or its like, perhaps inside quotation marks."""
        return _SENTENCE_END.search(self.text) is not None

    @property
    def is_prose(self) -> bool:
        """Long enough and little enough linked to be a paragraph of a text."""
        if self.tag == "li" and self.opening_link_words >= 4:
            return False  # a linked headline with its first sentence: a teaser
        if self.link_share > (0.6 if self.words >= 15 and self.ends_as_sentence else 0.4):
            return False
        return self.words >= 20 or (self.words >= 8 and self.ends_as_sentence)


def tokens_of(element: Element) -> frozenset[str]:
    """The words in class, id, role and the like: "ArticleRelated-box" gives article related box."""
    said = " ".join(
        value
        for name in (
            "class",
            "id",
            "itemprop",
            "role",
            "data-testid",
            "data-component",
            "data-type",
        )
        if (value := element.get(name))
    )
    if not said:
        return frozenset()
    return frozenset(_WORD.findall(_CAMEL.sub(" ", said[:500]).lower()))


def _is_hidden(element: Element) -> bool:
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    style = element.get("style")
    return style is not None and _HIDDEN_STYLE.search(style) is not None


def _is_simple_row(row: Element) -> bool:
    """A row of a data table: short cells without paragraphs of their own. It is one block."""
    if len(row) > 40:
        return False
    for inner in row.iterdescendants():
        if inner.tag in _BLOCK_LEVEL and inner.tag not in _CELLS:
            return False
    return all(len("".join(cell.itertext())) <= 120 for cell in row)


def _is_link_list(element: Element) -> bool:
    """Inside a paragraph, three links and nothing else: a drop-down that a script would show."""
    inner = list(islice(element.iter(), _MAX_DROP_DOWN + 1))
    links = [each for each in inner if each.tag == "a"]
    if len(links) < 3 or len(inner) > _MAX_DROP_DOWN:
        return False
    linked = sum(len("".join(link.itertext()).strip()) for link in links)
    if linked < 0.9 * len("".join(element.itertext()).strip()):
        return False
    # The innermost such element: a name may stand before its own drop-down.
    return not any(child.tag != "a" and _is_link_list(child) for child in element)


class _Segmenter:
    """Walks the tree once. Recursion is bounded by the depth of the tree (`MAX_DEPTH`)."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._pieces: list[str] = []
        self._link_chars = 0
        self._targets: list[str] = []
        self._opening: list[str] = []  # the text of a link before any other text
        self._is_opening = True
        self._in_link = 0
        self._breaks = 0
        self._simple_rows: list[bool] = []  # of the tr elements on the path
        self._path: list[Element] = []
        self._shape: list[str] = []
        self._owner: list[int] = []  # depths of the block-level elements on the path

    def _text(self, text: str | None) -> None:
        if not text:
            return
        if self._breaks and not text.isspace():
            self._breaks = 0
        if self._in_link:
            self._link_chars += len(_SPACE.sub(" ", text))
            if self._is_opening:
                self._opening.append(text)
        elif not text.isspace():
            self._is_opening = False
        self._pieces.append(text)

    def _flush(self) -> None:
        text = _SPACE.sub(" ", "".join(self._pieces)).strip()[:_MAX_BLOCK_CHARS]
        if text and self._owner and len(self.blocks) < _MAX_BLOCKS and _WORDS_IN_TEXT.search(text):
            depth = self._owner[-1]
            path = tuple(self._path[: depth + 1])
            self.blocks.append(
                Block(
                    text=text,
                    element=path[-1],
                    tag=path[-1].tag,
                    link_chars=self._link_chars,
                    opening_link_words=len(_WORDS_IN_TEXT.findall("".join(self._opening))),
                    targets=tuple(self._targets),
                    ancestors=path,
                    shape=tuple(self._shape[: depth + 1]),
                )
            )
        self._pieces.clear()
        self._targets.clear()
        self._opening.clear()
        self._is_opening = True
        self._link_chars = self._breaks = 0

    def walk(self, element: Element) -> None:
        tag = element.tag
        if not isinstance(tag, str) or tag in _SKIPPED or _is_hidden(element):
            return
        if len(self._path) >= MAX_DEPTH:
            return
        if tag == "br":
            self._breaks += 1
            if self._breaks >= 2:
                self._flush()
            else:
                self._pieces.append(" ")
            return
        if tag == "hr":
            self._flush()
            return
        if tag == "tr":
            self._simple_rows.append(_is_simple_row(element))
        if tag in _CELLS and self._simple_rows and self._simple_rows[-1]:
            self._pieces.append(" ")
            is_block = False
        else:
            is_block = tag in _BLOCK_LEVEL
            if not is_block and self._pieces and _is_link_list(element):
                return
        classes = (element.get("class") or "").split(None, 1)
        self._path.append(element)
        self._shape.append(f"{tag}.{classes[0]}" if classes else tag)
        if is_block:
            self._flush()
            self._owner.append(len(self._path) - 1)
        if tag == "a":
            self._in_link += 1
            if href := element.get("href"):
                self._targets.append(href)
        self._text(element.text)
        for child in element:
            self.walk(child)
            self._text(child.tail)
        if tag == "a":
            self._in_link -= 1
        if is_block:
            self._flush()
            self._owner.pop()
        if tag == "tr":
            self._simple_rows.pop()
        self._path.pop()
        self._shape.pop()


def blocks_of(root: Element) -> list[Block]:
    """The blocks under `root` in document order; hidden, scripted and navigation parts left out."""
    body = root.find("body")
    segmenter = _Segmenter()
    segmenter.walk(root if body is None else body)
    return segmenter.blocks
