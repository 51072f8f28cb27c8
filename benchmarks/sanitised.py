"""What a text is once it has been through normalise, and what a sanitiser should have left of it.

The suite's expectations about sanitising and about addresses within texts are written in
feedparser's markup. Ours is another (we keep fewer elements, cut at paragraphs, take pictures
out), so it is their intent that is compared: nothing active is left, every word is, and links and
pictures lead to where they should.
"""

from __future__ import annotations

from html.parser import HTMLParser

from ingest.model import Text
from ingest.normalise import html
from ingest.normalise.blocks import body_html_of, body_text_of
from ingest.normalise.plaintext import plain

_ACTIVE = frozenset(
    (
        *("script", "style", "iframe", "frame", "frameset", "object", "embed", "applet", "meta"),
        *("link", "base", "form", "input", "button", "select", "textarea", "svg", "math", "video"),
        *("audio", "canvas", "noscript", "template", "body", "html", "head"),
    )
)
_ADDRESSES = frozenset(("href", "src", "action", "background", "cite", "longdesc", "usemap"))
_HARMLESS = ("http://", "https://", "mailto:", "tel:")
_SILENT = frozenset(("script", "style", "title"))


class _Markup(HTMLParser):
    """The words, addresses and dangers of a piece of HTML, by the standard library's parser."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: set[str] = set()
        self.pictures: set[str] = set()
        self.dangers: list[str] = []
        self._silent = 0
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ACTIVE:
            self.dangers.append(tag)
        self._silent += tag in _SILENT
        for name, value in attrs:
            address = (value or "").strip()
            if name.startswith("on") or name in ("style", "srcdoc", "formaction"):
                self.dangers.append(name)
            elif name in _ADDRESSES and not address.lower().startswith(_HARMLESS):
                self.dangers.append(f"{name}={address}")
            if address and name == "href" and tag == "a":
                self.links.add(address)
            elif address and name == "src" and tag == "img":
                self.pictures.add(address)

    def handle_endtag(self, tag: str) -> None:
        if self._silent and tag in _SILENT:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


class Shown(str):
    """A text as normalise leaves it: equal to markup that says the same, as long as it is harmless.

    `markup` and the text itself are two forms of it; `pictures` were taken out of it; None for a
    line, which has neither links nor pictures.
    """

    __slots__ = ("links", "markup", "pictures")

    markup: str
    links: set[str]
    pictures: set[str] | None

    def __new__(cls, text: str, markup: str = "", pictures: set[str] | None = None) -> Shown:
        """See the class."""
        made = super().__new__(cls, text)
        made.markup = markup
        made.links = _Markup(markup).links
        made.pictures = pictures
        return made

    def __eq__(self, other: object) -> bool:
        wanted = _Markup(str(other))
        if _Markup(self.markup).dangers or _letters(self) != _letters("".join(wanted.words)):
            return False
        if self.pictures is None:
            return True
        links = {link for link in wanted.links if link.lower().startswith(_HARMLESS)}
        return links <= self.links and wanted.pictures <= self.pictures

    def __hash__(self) -> int:
        return 0


def shown(text: Text | None, base_url: str | None) -> Shown | None:
    """A body or summary after sanitising; addresses are resolved against `base_url`."""
    if text is None:
        return None
    reading = html.read(text, base_url)
    markup = body_html_of(reading.blocks)
    return Shown(
        body_text_of(reading.blocks),
        markup,
        {picture.url for picture in reading.pictures},
    )


def shown_line(text: Text | None) -> Shown | None:
    """A title after sanitising: a line without markup."""
    return None if text is None else Shown(plain(text))


def _letters(text: str) -> str:
    return "".join(text.split())
