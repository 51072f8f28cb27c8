"""Feed texts to blocks: sanitised HTML and clean text side by side.

nh3 (ammonia, the HTML5 parsing algorithm) sanitises first, so what the scanner below reads is
balanced, lower-case, attribute-quoted HTML in which nothing dangerous is left. The scanner only
cuts it at block borders; it is no parser of wild HTML and needs to be none.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from html import escape, unescape
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from ingest.model import Text
from ingest.normalise.blocks import (
    Block,
    Picture,
    Reading,
    ends_paragraph,
    html_tidied,
    make_block,
    make_picture,
    make_reading,
)
from ingest.normalise.plaintext import cleaned, plain_blocks, plain_line, plain_lines
from ingest.normalise.tangle import is_tangled, without_tags

if TYPE_CHECKING:
    import nh3

_INLINE = (
    "a abbr b bdi bdo cite code del dfn em i ins kbd mark q rp rt ruby s samp small strong sub sup "
    "time u var"
)
_BREAKING = (
    "address article aside blockquote caption center dd details dir div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hr li main menu nav ol p pre section summary "
    "table tbody tfoot thead tr td th ul"
)
_GONE = (
    "script style noscript template iframe object embed applet svg math audio video canvas button "
    "select textarea title"
)
_SCHEMES = ("http", "https", "mailto", "tel")
# What the sanitiser leaves is of these; `[^>]*` is safe because it escapes `>` in attributes.
_TOKEN = re.compile(rf"<(/?)({'|'.join(_BREAKING.split())}|br|img)( [^>]*)?>")
# What is embedded and no text; the hint is quicker than the pattern, and seldom wrong.
_EMBEDDED_HINT = re.compile(
    r"<(?:[iI][fF][rR]|[oO][bB]|[vV][iI]|[aA][uUpP]|[cC][aA][nN]|[nN][oO]|[sS][vV])"
)
_EMBEDDED = re.compile(
    r"<(iframe|object|applet|video|audio|canvas|noscript|svg)\b[^<>]{0,4000}?(/?)>", re.I
)
_INLINE_TAG = re.compile(r"<(/?)([a-z]+)[^>]*>")
_TAGS = re.compile(r"<[^>]*>")
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_LINK = re.compile(r"<a [^>]*>(.*?)</a>")
_RELATIVE = re.compile(r' href="(?!https?:|mailto:|tel:)([^"]*)"')
# A path of a picture on the site of its page, as most are given that are not absolute, without
# anything that `urljoin` would change; and what stands before such a path.
_FROM_ROOT = re.compile(
    r"(?:/[A-Za-z0-9_~%-][A-Za-z0-9._~%-]*)+/?(?:\?[A-Za-z0-9._~%/=&,+-]+)?"
).fullmatch
_SITE = re.compile(r"https?://[A-Za-z0-9.:-]+(?=[/?#]|\Z)").match
_MARKUP = re.compile(r"<[a-zA-Z/!]|&[#a-zA-Z]")
_ESCAPED = re.compile(r"(?:<|&lt;)/(?:p|div|ul|h[1-6])(?:>|&gt;)|(?:<|&lt;)br ?/?(?:>|&gt;)", re.I)
_BREAKING_TAG = re.compile(r"<(?:br|/?p|/?div|/?li|/?h\d|/?tr|/?td)\b", re.I)
_CAPTION_HINT = re.compile(
    r"caption(?!ed|s-)|img-?credit|image-?credit|photo-?credit|picture-?desc|img-?desc", re.I
)
_NO_CAPTION_HINT = re.compile(r"table|embed|quote|code|video|audio|instagram|twitter", re.I)
_PIXEL_URL = re.compile(
    r"feedburner\.com/~r/|feeds\.feedburner|pixel\.wp\.com|/pixel(?:[./?]|$)|doubleclick\.net|"
    r"feedsportal\.com|google-analytics|scorecardresearch|quantserve|stats\.wordpress|"
    r"/(?:1x1|spacer|blank|clear|transparent)\.(?:gif|png)|counter|/(?:beacon|track(?:ing|er)?)[./?]|"
    r"pheedo\.com|res\.feed|feedblitz|mf\.gif$|emoji|gravatar\.com|share-buttons|/smilies/",
    re.I,
)
# One of these is in every address that the pattern above finds, and in hardly any other.
_PIXEL_WORDS = (
    *("feedburner", "pixel", "doubleclick.net", "feedsportal.com", "google-analytics"),
    *("scorecardresearch", "quantserve", "stats.wordpress", "1x1.", "spacer.", "blank.", "clear."),
    *("transparent.", "counter", "/beacon", "/track", "pheedo.com", "res.feed", "feedblitz"),
    *("mf.gif", "emoji", "gravatar.com", "share-buttons", "/smilies/"),
)


def read(text: Text | None, base_url: str | None = None) -> Reading:
    """The blocks and pictures of a feed's text; relative URLs resolved against `base_url`."""
    if text is None or not text.value.strip():
        return Reading()
    value = text.value
    is_html = text.is_html
    if (
        (not is_html or "&lt;" in value[:40])
        and value.lstrip()[:4].lower().startswith(("<", "&lt;"))
        and _ESCAPED.search(value) is not None
    ):
        # Markup that says it is plain text, or that was escaped once more than it says.
        value, is_html = unescape(value) if "&lt;" in value[:40] else value, True
    if is_html and _MARKUP.search(value):
        if "<" in value:
            if "\n" in value and _BREAKING_TAG.search(value) is None:
                # Plain text that was declared to be HTML: its lines are its paragraphs.
                value = "<br>".join(plain_lines(value))
            return read_html(value, base_url)
        value = unescape(value)
    return make_reading(tuple(plain_blocks(value)))


def read_html(html: str, base_url: str | None = None) -> Reading:
    """The blocks and pictures of a piece of HTML, sanitised.

    Of markup that is nested absurdly deep only the text is read.
    """
    html = _without_swallowing(html)
    if is_tangled(html):
        return make_reading(tuple(plain_blocks(unescape(without_tags(html)))))
    try:
        clean = cleaner().clean(html)
    except UnicodeEncodeError:  # a lone surrogate, which no encoding holds
        clean = cleaner().clean(html.encode("utf-8", "replace").decode("utf-8"))
    return _Scanner(base_url).scan(clean)


def _without_swallowing(html: str) -> str:
    """`html` without the tags of embedded things that are not closed and would hide what follows.

    Feeds write `<iframe …/>` as if HTML were XML, and forget `</object>`; a browser takes all that
    follows for the inside of the frame (WHATWG HTML, 13.2.5), and with it the text would go.
    """
    if _EMBEDDED_HINT.search(html) is None:
        return html
    low = html.lower()
    kept: list[str] = []
    position = 0
    for match in _EMBEDDED.finditer(html):
        if match[2] or low.find(f"</{match[1].lower()}", match.end()) < 0:
            kept.append(html[position : match.start()])
            position = match.end()
    kept.append(html[position:])
    return "".join(kept)


@cache
def cleaner() -> nh3.Cleaner:
    """The sanitising policy. Imported on first use: nh3 is of no use to `ingest --version`."""
    import nh3

    attributes = {tag: {"class", "id"} for tag in _BREAKING.split()}
    attributes |= {
        "*": set(),  # not the sanitiser's own "lang" and "title"
        "a": {"href"},
        "time": {"datetime"},
        "img": {"src", "alt", "title", "width", "height", "data-src", "data-lazy-src"},
    }
    return nh3.Cleaner(
        tags={*_INLINE.split(), *_BREAKING.split(), "img", "br"},
        clean_content_tags=set(_GONE.split()),
        attributes=attributes,
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer",
    )


class _Scanner:
    """Cuts the sanitiser's output into blocks. One use, one text."""

    def __init__(self, base_url: str | None) -> None:
        self.base_url = base_url
        self.blocks: list[Block] = []
        self.pictures: list[Picture] = []
        self.parts: list[str] = []  # inline markup of the block that is being gathered
        self.carried: list[str] = []  # inline elements opened in an earlier block
        self.around: list[tuple[str, str, str]] = []  # open elements: tag, kind, hints
        self.kind = "p"
        self.hint = ""
        self.breaks = 0  # line breaks since the block before; two of them part paragraphs
        self.picture = -1  # the picture this block follows, until a block of text came

    def scan(self, html: str) -> Reading:
        # Text, and then for each token its three groups and the text behind it.
        pieces = iter(_TOKEN.split(html))
        piece, parts = next(pieces), self.parts
        for closing, tag, attributes, following in zip(*[pieces] * 4, strict=True):
            # Most pieces are the line breaks between one paragraph and the next.
            if piece and (parts or tag == "img" or not piece.isspace()):
                parts.append(piece)
            piece = following
            if tag == "img":
                self._image(attributes or "")
                continue
            if parts:
                self._flush()
            if tag == "br":
                self.breaks += 1
            elif closing:
                self._close(tag)
            elif tag != "hr":
                self._open(tag, attributes)
        if piece:
            parts.append(piece)
        self._flush()
        return make_reading(tuple(self.blocks), tuple(self.pictures))

    def _open(self, tag: str, attributes: str | None) -> None:
        kind, hint = self.kind, self.hint
        if tag == "p" and attributes is None:
            self.around.append((tag, kind, hint))
            self.breaks = 0
            return
        if attributes:
            own, is_caption = _hints(attributes)
            hint = f"{hint} {own}" if hint else own
            if is_caption:
                kind = "caption"
        if tag in ("figcaption", "caption"):
            kind = "caption"
        elif tag == "figure":
            kind = "p" if _NO_CAPTION_HINT.search(hint) is not None else "caption"
        elif tag in ("li", "blockquote", "pre") or (tag[0] == "h" and tag[1:].isdigit()):
            kind = tag
        elif tag == "table" and kind == "caption":
            kind = "p"
        self.around.append((tag, self.kind, self.hint))
        self.kind, self.hint = kind, hint
        self.breaks = int(tag in ("td", "th") and self.breaks == 1)

    def _close(self, tag: str) -> None:
        for index in range(len(self.around) - 1, -1, -1):
            if self.around[index][0] == tag:
                _, self.kind, self.hint = self.around[index]
                del self.around[index:]
                break
        self.breaks = int(tag in ("td", "th"))

    def _image(self, attributes: str) -> None:
        named = dict(_ATTRIBUTE.findall(attributes))
        source = named.get("data-src") or named.get("data-lazy-src") or named.get("src") or ""
        url = self._absolute(unescape(source)) if source else None
        if url is None or not url.startswith("http") or is_tracking_pixel(url):
            return
        width, height = _pixels(named.get("width")), _pixels(named.get("height"))
        if (width is not None and width <= 2) or (height is not None and height <= 2):
            return
        if self.parts:
            self._flush()
        self.picture = len(self.pictures)
        self.pictures.append(
            make_picture(
                url,
                plain_line(named.get("alt", "")) or None,
                plain_line(named.get("title", "")) or None,
                None,
                width,
                height,
                before_block=len(self.blocks),
            )
        )

    def _absolute(self, url: str) -> str | None:
        url = url.strip()
        if url[:8].lower().startswith(("http://", "https://")):
            return url
        if self.base_url is None:
            return None
        try:
            # Urljoin is slow, and all of a text's pictures have one base.
            if _FROM_ROOT(url) is not None and (site := _SITE(self.base_url)) is not None:
                return site[0] + url
            url = urljoin(self.base_url, url)
        except ValueError:
            return None
        return url if url.partition(":")[0].lower() in _SCHEMES else None

    def _flush(self) -> None:
        """Ends the block that is being gathered."""
        html = "".join(self.parts)
        self.parts.clear()
        linked = 0
        text = html
        if "<" in html:
            if self.carried or html.count("<") != 2 * html.count("</"):
                html = self._balanced(html)
            if "<a" in html:
                linked = sum(len(_TAGS.sub("", inner)) for inner in _LINK.findall(html))
                if _RELATIVE.search(html) is not None:
                    html = _RELATIVE.sub(self._resolved, html)
            text = _TAGS.sub("", html)
        if "&" in text:
            text = unescape(text)
        line = cleaned(text)
        if not line:
            return
        soft = self.breaks == 1 and bool(self.blocks) and not ends_paragraph(self.blocks[-1].text)
        if line is not html:  # nearly every second block is one tidy line without markup
            html = html_tidied(html)
        self.blocks.append(make_block(line, html, self.kind, self.hint, linked, soft, self.picture))
        self.picture = -1
        self.breaks = 0

    def _resolved(self, match: re.Match[str]) -> str:
        url = self._absolute(unescape(match[1]))
        return f' href="{escape(url)}"' if url is not None else ""

    def _balanced(self, html: str) -> str:
        """`html` with the inline elements it is in opened and closed inside it."""
        opened = list(self.carried)
        for match in _INLINE_TAG.finditer(html):
            if not match[1]:
                opened.append(match.group())
            else:
                for index in range(len(opened) - 1, -1, -1):
                    if _name(opened[index]) == match[2]:
                        del opened[index]
                        break
        whole = "".join(self.carried) + html
        whole += "".join(f"</{_name(start)}>" for start in reversed(opened))
        self.carried = opened
        return whole


def is_tracking_pixel(url: str) -> bool:
    """Whether an image counts readers or decorates, and shows nothing of the article."""
    low = url.lower()
    return any(map(low.__contains__, _PIXEL_WORDS)) and _PIXEL_URL.search(url) is not None


@lru_cache(maxsize=4096)
def _hints(attributes: str) -> tuple[str, bool]:
    """Classes and ids in one string, and whether they say that this is a caption."""
    own = " ".join(value for _, value in _ATTRIBUTE.findall(attributes))
    return own, _CAPTION_HINT.search(own) is not None and "wp-caption" not in own.split()


def _name(start: str) -> str:
    return start[1:-1].partition(" ")[0]


def _pixels(text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.removesuffix("px")
    return int(digits) if digits.isdecimal() and len(digits) < 6 else None
