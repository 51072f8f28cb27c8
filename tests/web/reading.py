"""Pages as a browser's parser sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit


@dataclass
class Seen(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def links(self, page: str) -> set[str]:
        """Paths on this site that the page at `page` leads to, with their queries."""
        found = set()
        for tag, attributes in self.elements:
            target = attributes.get("href") or attributes.get("src")
            if target is None or tag not in ("a", "link", "iframe"):
                continue
            parts = urlsplit(urljoin(page, target))
            if parts.netloc == urlsplit(page).netloc:
                found.add(parts.path + (f"?{parts.query}" if parts.query else ""))
        return found


def seen(html: str) -> Seen:
    """Parse a page."""
    parser = Seen()
    parser.feed(html)
    parser.close()
    return parser
