"""A text as a flat list of blocks: what they are, and how they are written out again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape, unescape

from ingest.model.filling import filling

_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)[^>]*>")
_EMPTY = re.compile(r"<(a|b|i|em|strong|small|u)(?: [^>]*)?></\1>")
# Below this a script is written with spaces between its words.
_FIRST_UNSPACED = "\u0e00"
_KEPT_KINDS = frozenset(("p", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "pre"))
_SENTENCE_ENDS = (
    ".",
    "!",
    "?",
    "…",
    "”",
    '"',
    "’",
    "»",
    "。",
    "！",
    "？",
    "」",
    ")",
    "।",
    "؟",
    ":",
)


@dataclass(frozen=True, slots=True)
class Block:
    """One line of text as its page showed it.

    `kind` is p, h1-h6, li, blockquote, pre or caption; `html` its sanitised inline markup; `hint`
    the classes and ids around it; `linked` how many characters of `text` are link text; `soft`
    whether only a line break parts it from the block before.
    """

    text: str
    html: str
    kind: str = "p"
    hint: str = ""
    linked: int = 0
    soft: bool = False
    after_figure: int = -1  # index of the picture right before it, -1 where there is none


@dataclass(frozen=True, slots=True)
class Picture:
    """An image inside a text, with its own figcaption where the markup has one."""

    url: str
    alt: str | None = None
    title: str | None = None
    caption: str | None = None
    width: int | None = None
    height: int | None = None
    before_block: int = 0  # index of the block it stands before


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as read: its blocks in order, its pictures, its captions among the blocks."""

    blocks: tuple[Block, ...] = ()
    pictures: tuple[Picture, ...] = ()


make_block, make_picture, make_reading = filling(Block), filling(Picture), filling(Reading)


def count_words(text: str) -> int:
    """The words of a text; where a script has no spaces, two characters count as one."""
    return count_line_words(text, text.count("\n\n"))


def count_line_words(line: str, breaks: int = 0) -> int:
    """`count_words` of a text without line breaks, as a block's is, or with so many known ones."""
    words = line.count(" ") + breaks + 1
    if len(line) > words * 8 and not line.isascii() and line[len(line) // 2] >= _FIRST_UNSPACED:
        return max(words, len(line) // 2)
    return words


def ends_paragraph(text: str) -> bool:
    """Whether a line is so long and so finished that a paragraph ends with it."""
    return len(text) >= 80 and text.endswith(_SENTENCE_ENDS)


def html_tidied(html: str) -> str:
    """Inline markup on one line, elements without content dropped."""
    if "\n" in html or "  " in html or html[:1] == " " or html[-1:] == " ":
        html = " ".join(html.split())
    if "></" in html:
        html = _EMPTY.sub("", html).strip()
    return html


def without_tail(block: Block, kept: str) -> Block:
    """`block` with its text cut to `kept`, with which it begins, and its markup cut likewise."""
    wanted = len("".join(kept.split()))
    out: list[str] = []
    open_tags: list[str] = []
    position = 0
    markup = block.html
    for match in (*_TAG.finditer(markup), None):
        characters = markup[position : match.start() if match else len(markup)]
        taken = unescape(characters)
        bare = len("".join(taken.split()))
        if bare >= wanted:
            out.append(escape(_first_letters(taken, wanted), quote=False))
            break
        wanted -= bare
        out.append(characters)
        if match is None:
            break
        out.append(match.group())
        position = match.end()
        if match[1]:
            if open_tags:
                open_tags.pop()
        elif match[2] != "wbr":
            open_tags.append(match[2])
    html = "".join(out) + "".join(f"</{tag}>" for tag in reversed(open_tags))
    return replace(block, text=kept, html=html_tidied(html), linked=min(block.linked, len(kept)))


def _first_letters(text: str, count: int) -> str:
    """The start of `text` that holds `count` characters, white space not counted."""
    for index, letter in enumerate(text):
        if count == 0:
            return text[:index].rstrip()
        if not letter.isspace():
            count -= 1
    return text


def body_html_of(blocks: Iterable[Block]) -> str:
    """The blocks as HTML of a few plain elements."""
    out: list[str] = []
    open_list = False
    for block in blocks:
        if (block.kind == "li") != open_list:
            out.append("</ul>" if open_list else "<ul>")
            open_list = not open_list
        if block.kind == "blockquote":
            out.append(f"<blockquote><p>{block.html}</p></blockquote>")
        elif block.soft and out and out[-1].endswith("</p>") and block.kind == "p":
            out[-1] = f"{out[-1][:-4]}<br>{block.html}</p>"
        else:
            tag = "h2" if block.kind == "h1" else block.kind
            tag = tag if tag in _KEPT_KINDS else "p"
            out.append(f"<{tag}>{block.html}</{tag}>")
    if open_list:
        out.append("</ul>")
    return "\n".join(out)


def body_text_of(blocks: Iterable[Block]) -> str:
    """The blocks as paragraphs with a blank line between them."""
    out: list[str] = []
    for block in blocks:
        if out:
            out.append("\n" if block.soft else "\n\n")
        out.append(block.text)
    return "".join(out)


def line_of(blocks: Iterable[Block]) -> str:
    """The blocks as one line."""
    return " ".join(block.text for block in blocks)


def letters(blocks: Iterable[Block]) -> int:
    """How much text the blocks hold, in characters."""
    return sum(len(block.text) for block in blocks)
