"""Markup and plain text to a flat list of blocks: sanitised HTML and clean text side by side.

nh3 (ammonia, the HTML5 parsing algorithm) sanitises first, so what the scanner below reads is
balanced, lower-case, attribute-quoted HTML in which nothing dangerous is left. The scanner only
cuts it at block borders and writes each block anew with fewer attributes; it is no parser of wild
HTML and needs to be none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from html import escape, unescape
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from ingest.model import Text

if TYPE_CHECKING:
    import nh3

_INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "cite",
        "code",
        "del",
        "dfn",
        "em",
        "i",
        "ins",
        "kbd",
        "mark",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "strong",
        "sub",
        "sup",
        "time",
        "u",
        "var",
        "wbr",
    ]
)
_KEPT_KINDS = frozenset(("p", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "pre", "caption"))
_BREAKING = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "caption",
        "center",
        "dd",
        "details",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "td",
        "th",
        "ul",
    ]
)
_GONE = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "object",
        "embed",
        "applet",
        "svg",
        "math",
        "audio",
        "video",
        "canvas",
        "button",
        "select",
        "textarea",
        "title",
    ]
)
_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9-]*)((?: [^=>\s]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([^=>\s]+)="([^"]*)"')
_MARKUP = re.compile(r"<[a-zA-Z/!]|&[#a-zA-Z]")
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--.*?--|![^<>]*)>", re.S)
_BREAKING_TAG = re.compile(r"<(?:br|/?p|/?div|/?li|/?h\d|/?tr|/?td)\b", re.I)
_ENTITY = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[a-zA-Z]{2,8});")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u2060\ufeff\u00ad]")
_SCHEMES = frozenset(("http", "https", "mailto", "tel"))
_PIXEL_URL = re.compile(
    r"feedburner\.com/~r/|feeds\.feedburner|pixel\.wp\.com|/pixel(?:[./?]|$)|doubleclick\.net|"
    r"feedsportal\.com|google-analytics|scorecardresearch|quantserve|stats\.wordpress|"
    r"/(?:1x1|spacer|blank|clear|transparent)\.(?:gif|png)|counter|/(?:beacon|track(?:ing|er)?)[./?]|"
    r"pheedo\.com|res\.feed|feedblitz|mf\.gif$|emoji|gravatar\.com|share-buttons|/smilies/",
    re.I,
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


def read(text: Text | None, base_url: str | None = None) -> Reading:
    """The blocks and pictures of a feed's text; relative URLs resolved against `base_url`."""
    if text is None or not text.value.strip():
        return Reading()
    value = text.value
    if text.is_html and _MARKUP.search(value):
        if "<" in value:
            if _BREAKING_TAG.search(value) is None and "\n" in value.strip():
                # Plain text that was declared to be HTML: its lines are its paragraphs.
                value = "<br>".join(_plain_lines(value))
            return read_html(value, base_url)
        value = unescape(value)
    return Reading(tuple(_plain_blocks(value)))


def read_html(html: str, base_url: str | None = None) -> Reading:
    """The blocks and pictures of a piece of HTML, sanitised."""
    return _Scanner(base_url).scan(cleaner().clean(html))


def plain(text: Text | None) -> str:
    """`text` as one line without markup: for titles, names and captions."""
    if text is None:
        return ""
    return plain_line(text.value, is_html=text.is_html)


def plain_line(value: str, *, is_html: bool = True) -> str:
    """One clean line: tags gone where they are tags, entities read, also doubly escaped ones."""
    if "&" in value or "<" in value:
        if is_html and "<" in value:
            value = _TAG.sub(" " if _BREAKING_TAG.search(value) else "", value)
        for _ in range(2):
            if _ENTITY.search(value):
                value = unescape(value)
        if is_html and "<" in value and "</" in value:
            value = _TAG.sub("", value)
    return _clean_text(value)


def without_tail(block: Block, kept: str) -> Block:
    """`block` with its text cut to `kept`, with which it begins, and its markup cut likewise."""
    wanted = len("".join(kept.split()))
    out: list[str] = []
    open_tags: list[str] = []
    position = 0
    markup = block.html
    for match in (*_TOKEN.finditer(markup), None):
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
    return replace(block, text=kept, html=_tidy(html), linked=min(block.linked, len(kept)))


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
            tag = tag if tag in _KEPT_KINDS and tag != "caption" else "p"
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


@cache
def cleaner() -> nh3.Cleaner:
    """The sanitising policy. Imported on first use: nh3 is of no use to `ingest --version`."""
    import nh3

    return nh3.Cleaner(
        tags=set(_INLINE | _BREAKING | {"img", "br", "picture", "span"}),
        clean_content_tags=set(_GONE),
        attributes={
            "*": {"class", "id", "style"},
            "a": {"href", "title"},
            "abbr": {"title"},
            "img": {"src", "alt", "title", "width", "height", "data-src", "data-lazy-src"},
            "time": {"datetime"},
        },
        filter_style_properties={"display", "visibility", "width", "height"},
        url_schemes=set(_SCHEMES),
        link_rel=None,
    )


def _clean_text(value: str) -> str:
    if not value.isprintable() or "\u00ad" in value:
        value = _CONTROL.sub("", value)
    return " ".join(value.split())


class _Scanner:
    """Cuts nh3's output into blocks. One use, one text."""

    def __init__(self, base_url: str | None) -> None:
        self.base_url = base_url
        self.blocks: list[Block] = []
        self.pictures: list[Picture] = []
        self.html: list[str] = []
        self.text: list[str] = []
        self.linked = 0
        self.inline: list[str] = []  # open inline elements, as their start tags
        self.around: list[tuple[str, str]] = []  # open block elements: tag, hint
        self.soft = False
        self.picture = -1  # the picture this block follows, until a block of text came
        self.figure_start = -1

    def scan(self, html: str) -> Reading:
        position = 0
        for match in _TOKEN.finditer(html):
            start = match.start()
            if start > position:
                self._characters(html[position:start])
            position = match.end()
            closing, tag, attributes = match.groups()
            if tag in _INLINE:
                self._inline(tag, bool(closing), attributes)
            elif tag in _BREAKING:
                self._breaking(tag, bool(closing), attributes)
            elif tag == "br":
                self._flush()
                self.soft = True
            elif tag == "img":
                self._image(attributes)
        if position < len(html):
            self._characters(html[position:])
        self._flush()
        return Reading(tuple(self._joined_breaks()), tuple(self.pictures))

    def _characters(self, characters: str) -> None:
        self.html.append(characters)
        if "&" in characters:
            characters = unescape(characters)
        self.text.append(characters)
        if self.inline and any(start.startswith("<a") for start in self.inline):
            self.linked += len(characters)

    def _inline(self, tag: str, closing: bool, attributes: str) -> None:
        if closing:
            for index in range(len(self.inline) - 1, -1, -1):
                if self.inline[index][1:].startswith((f"{tag}>", f"{tag} ")):
                    del self.inline[index]
                    self.html.append(f"</{tag}>")
                    return
            return
        start = f"<{tag}>"
        if attributes:
            if tag == "a":
                start = self._link(attributes)
            elif tag == "time":
                found = _ATTRIBUTE.search(attributes)
                if found is not None and found[1] == "datetime":
                    start = f'<time datetime="{found[2]}">'
        if tag == "wbr":
            self.html.append("<wbr>")
            return
        self.inline.append(start)
        self.html.append(start)

    def _link(self, attributes: str) -> str:
        for name, value in _ATTRIBUTE.findall(attributes):
            if name == "href":
                address = self._absolute(unescape(value))
                if address is not None:
                    return f'<a href="{escape(address)}" rel="noopener noreferrer">'
        return "<a>"

    def _absolute(self, url: str) -> str | None:
        url = url.strip()
        if not url[:8].lower().startswith(("http://", "https://")):
            if self.base_url is None and not url.lower().startswith(("mailto:", "tel:")):
                return None
            try:
                url = urljoin(self.base_url or "", url)
            except ValueError:
                return None
            if url.partition(":")[0].lower() not in _SCHEMES:
                return None
        return url

    def _breaking(self, tag: str, closing: bool, attributes: str) -> None:
        self._flush()
        if tag in ("td", "th"):
            self.soft = bool(closing)
        else:
            self.soft = False
        if tag == "hr":
            return
        if closing:
            for index in range(len(self.around) - 1, -1, -1):
                if self.around[index][0] == tag:
                    del self.around[index:]
                    break
            if tag in ("figure", "picture"):
                self.figure_start = -1
            return
        hint = ""
        if attributes:
            hint = " ".join(
                value for name, value in _ATTRIBUTE.findall(attributes) if name in ("class", "id")
            )
            if "style" in attributes and re.search(
                r"display:\s*none|visibility:\s*hidden", attributes
            ):
                hint += " hidden"
        self.around.append((tag, hint))

    def _image(self, attributes: str) -> None:
        named = dict(_ATTRIBUTE.findall(attributes))
        source = named.get("data-src") or named.get("data-lazy-src") or named.get("src") or ""
        url = self._absolute(unescape(source)) if source else None
        if url is None or not url.startswith("http"):
            return
        width, height = _pixels(named.get("width")), _pixels(named.get("height"))
        if (width is not None and width <= 2) or (height is not None and height <= 2):
            return
        if _PIXEL_URL.search(url):
            return
        alt = plain_line(named.get("alt", "")) or None
        title = plain_line(named.get("title", "")) or None
        self._flush()
        self.picture = len(self.pictures)
        self.pictures.append(
            Picture(url, alt, title, None, width, height, before_block=len(self.blocks))
        )

    def _flush(self) -> None:
        """Ends the block that is being gathered."""
        if not self.text and not self.html:
            return
        text = _clean_text("".join(self.text))
        if text:
            html = "".join(self.html) + "".join(
                f"</{_name(start)}>" for start in reversed(self.inline)
            )
            hint = " ".join(hint for _, hint in self.around if hint)
            self.blocks.append(
                Block(
                    text=text,
                    html=_tidy(html),
                    kind=self._kind(),
                    hint=hint,
                    linked=self.linked,
                    soft=self.soft and bool(self.blocks),
                    after_figure=self.picture,
                )
            )
            self.picture = -1
            self.soft = False
        self.text.clear()
        self.html = list(self.inline)
        self.linked = 0

    def _kind(self) -> str:
        kind = "p"
        for tag, hint in self.around:
            if tag in ("figcaption", "caption") or (tag == "figure" and kind != "blockquote"):
                return "caption"
            if tag in ("li", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"):
                kind = tag
            elif tag == "dd":
                kind = "p"
            if hint and "caption" in hint and ("wp-caption" in hint or "image" in hint):
                return "caption"
        return kind

    def _joined_breaks(self) -> list[Block]:
        """A line break after a finished sentence parts paragraphs; verse and addresses stay."""
        return [
            replace(block, soft=False)
            if block.soft and _ends_paragraph(self.blocks[index - 1])
            else block
            for index, block in enumerate(self.blocks)
        ]


def _ends_paragraph(block: Block) -> bool:
    return len(block.text) >= 80 and block.text.endswith(_SENTENCE_ENDS)


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


def _tidy(html: str) -> str:
    html = " ".join(html.split())
    for tag in ("a", "b", "i", "em", "strong", "small", "u"):
        if f"<{tag}></{tag}>" in html:
            html = html.replace(f"<{tag}></{tag}>", "")
    return html.strip()


def _name(start: str) -> str:
    return start[1:].partition(" ")[0].rstrip(">")


def _pixels(text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.removesuffix("px")
    return int(digits) if digits.isdecimal() and len(digits) < 6 else None


def _plain_lines(value: str) -> list[str]:
    """The lines of a plain text, an empty one between paragraphs; hard-wrapped ones joined."""
    lines = [line.strip() for line in value.splitlines()]
    out: list[str] = []
    chunk: list[str] = []
    for line in [*lines, ""]:
        if line:
            chunk.append(line)
        elif chunk:
            out.extend([" ".join(chunk)] if _is_wrapped(chunk) else chunk)
            out.append("")
            chunk = []
    return out[:-1]


def _plain_blocks(value: str) -> Iterable[Block]:
    soft = False
    for line in _plain_lines(value):
        text = _clean_text(line)
        if not text:
            soft = False
            continue
        yield Block(text, escape(text, quote=False), soft=soft)
        soft = not (len(text) >= 80 and text.endswith(_SENTENCE_ENDS))


def _is_wrapped(lines: list[str]) -> bool:
    """Whether the lines of a chunk were broken by a program at a column, not by an author."""
    if len(lines) < 2:
        return False
    inner = lines[:-1]
    lengths = [len(line) for line in inner]
    return (
        max(lengths) <= 100
        and min(lengths) >= 40
        and len(lines[-1]) <= max(lengths) + 10
        and max(lengths) - min(lengths) <= 20
        and sum(line.endswith((".", "!", "?", ":")) for line in inner) <= len(inner) / 2
    )
