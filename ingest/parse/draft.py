"""What a reader gathers while it reads, and how that becomes an `Entry`.

Both lanes fill the same drafts, so that every choice (which of several links, which of several
texts) is made in one place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.model import CadenceHints, Entry, FeedDocument, Media, Text
from ingest.model.filling import filling

make_entry, make_media, make_text = filling(Entry), filling(Media), filling(Text)


@dataclass(slots=True)
class DraftLink:
    """A link with an absolute, non-empty `href`. `is_text`: RSS, the element's text is it."""

    href: str
    rel: str = "alternate"
    type: str | None = None
    is_text: bool = False
    title: str | None = None
    length: str | None = None


@dataclass(slots=True)
class DraftMedia:
    """A Media RSS item, or (without `url`) what a group or an entry says about all of its items."""

    url: str | None = None
    role: str = "content"
    type: str | None = None
    medium: str | None = None
    width: str | None = None
    height: str | None = None
    length: str | None = None
    duration: str | None = None
    title: str | None = None
    caption: str | None = None
    credits: list[str] = field(default_factory=list)
    alt: str | None = None
    parent: DraftMedia | None = None
    is_group: bool = False
    link: DraftLink | None = None  # the link element it stands in

    def finished(self) -> Media | None:
        """Add what its group and entry say about it; None without an address."""
        if not self.url:
            return None
        title, caption, credits, alt = self.title, self.caption, self.credits, self.alt
        above = self.parent
        while above is not None:
            title = title or above.title
            caption = caption or above.caption
            credits = credits or above.credits
            above = above.parent
        return make_media(
            url=self.url,
            role=self.role,
            type=self.type or None,
            medium=self.medium or None,
            width=_whole(self.width),
            height=_whole(self.height),
            length_bytes=_whole(self.length),
            duration_seconds=_seconds(self.duration),
            title=title or None,
            caption=caption or None,
            credit=", ".join(dict.fromkeys(credits)) or None,
            alt=alt or None,
        )


class DraftEntry:
    """One entry while it is read. Texts that are empty count as absent.

    Most fields of most entries are never filled: they stay the class's own, which costs nothing.
    """

    guid: str | None = None
    guid_depth: int = 1_000_000
    guid_is_link: bool | None = None  # None: not said
    about: str | None = None  # rdf:about
    title: Text | None = None
    title_depth: int = 1_000_000
    other_title: Text | None = None  # dc:title, itunes:title
    description: Text | None = None
    description_depth: int = 1_000_000
    other_summary: Text | None = None  # dc:description
    itunes_summary: Text | None = None
    itunes_subtitle: Text | None = None
    group_caption: Text | None = None  # media:description of a group: what a film is about
    published: str | None = None
    dc_date: str | None = None
    created: str | None = None
    updated: str | None = None
    about_all_media: DraftMedia | None = None
    duration: str | None = None  # itunes:duration, of the enclosure
    comments: str | None = None
    original_link: str | None = None
    language: str | None = None
    base_url: str | None = None
    source_title: str | None = None
    source_url: str | None = None
    rights: str | None = None

    def __init__(self) -> None:
        self.links: list[DraftLink] = []
        self.contents: list[Text] = []
        self.authors: list[str] = []
        self.categories: list[str] = []
        self.media: list[DraftMedia] = []

    @property
    def about_media(self) -> DraftMedia:
        """What the entry says about all of its media."""
        if self.about_all_media is None:
            self.about_all_media = DraftMedia()
        return self.about_all_media

    def finished(self, position: int) -> Entry:
        """Make the choices."""
        content = self.contents[0] if self.contents else None
        summary = (
            self.description or self.other_summary or self.itunes_summary or self.itunes_subtitle
        )
        if summary is None and content is None:
            summary = self.group_caption
        title = self.title or self.other_title
        if title is None and self.about_all_media is not None and self.about_all_media.title:
            title = Text(self.about_all_media.title)
        notes = self.itunes_summary if content is None else None
        if notes is not None and summary is not None and len(notes.value) > len(summary.value):
            content = notes  # a podcast's show notes beside a one-line description
        link = self._link()
        has_more = len(self.links) > 1 or link is None  # than the one link
        return make_entry(
            position=position,
            guid=self.guid or self.about,
            link=link or self._linked_by_id(),
            title=title,
            summary=summary,
            content=content,
            authors=tuple(dict.fromkeys(self.authors)) if self.authors else (),
            # dc:date is "a point associated with the resource", and feeds mean its publication
            published_raw=self.published or self.dc_date or self.created,
            updated_raw=self.updated,
            categories=tuple(dict.fromkeys(self.categories)) if self.categories else (),
            media=self._media(link) if has_more or self.media else (),
            related=self._related(link) if has_more or self.comments else (),
            canonical_link=self.original_link or (self._canonical() if has_more else None),
            language=self.language,
            base_url=self.base_url,
            source_title=self.source_title,
            source_url=self.source_url,
            rights=self.rights,
        )

    def _link(self) -> str | None:
        """RSS <link> text, else an alternate that is HTML, else any alternate."""
        if len(self.links) == 1 and self.links[0].rel == "alternate":  # whatever else it is
            return self.links[0].href
        html = other = None
        for link in self.links:
            if link.is_text:
                return link.href
            if link.rel == "alternate":
                if link.type in _HTML:
                    html = html or link.href
                else:
                    other = other or link.href
        return html or other

    def _linked_by_id(self) -> str | None:
        """A guid that is an address and does not deny being a link; rdf:about."""
        if self.guid_is_link is not False and self.guid and self.guid.startswith(_WEB):
            return self.guid
        return self.about if self.about and self.about.startswith(_WEB) else None

    def _canonical(self) -> str | None:
        return next((link.href for link in self.links if link.rel == "canonical"), None)

    def _related(self, chosen: str | None) -> tuple[str, ...]:
        # El País puts other stories into atom:link without a rel, beside RSS <link>
        has_text = any(link.is_text for link in self.links)
        found = [
            link.href
            for link in self.links
            if link.rel in _RELATED
            or (has_text and link.rel == "alternate" and link.href != chosen)
        ]
        if self.comments:
            found.append(self.comments)
        return _unique(found)

    def _media(self, chosen: str | None) -> tuple[Media, ...]:
        found = [
            make_media(
                url=link.href,
                role="enclosure",
                type=link.type or None,
                length_bytes=_whole(link.length),
                duration_seconds=_seconds(self.duration),
                title=link.title or None,
            )
            for link in self.links
            if link.rel == "enclosure"
        ]
        for media in self.media:
            if media.link is None or media.link.href == chosen:
                item = media.finished()
                if item is not None:
                    found.append(item)
        return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


@dataclass(slots=True)
class DraftFeed:
    """The head of a feed while it is read."""

    title: str | None = None
    title_depth: int = 1_000_000
    links: list[DraftLink] = field(default_factory=list)
    description: str | None = None
    itunes_description: str | None = None
    language: str | None = None
    generator: str | None = None
    image_url: str | None = None
    rights: str | None = None
    published: str | None = None
    updated: str | None = None
    ttl: str | None = None
    update_period: str | None = None
    update_frequency: str | None = None
    skip_hours: list[str] = field(default_factory=list)
    skip_days: list[str] = field(default_factory=list)

    def finished(
        self,
        *,
        format: str,
        lane: str,
        encoding: str | None,
        faults: tuple[str, ...],
        entries: tuple[Entry, ...],
    ) -> FeedDocument:
        """Make the choices."""
        text = next((link.href for link in self.links if link.is_text), None)
        alternates = [link for link in self.links if link.rel == "alternate"]
        html = next((link.href for link in alternates if link.type in _HTML), None)
        return FeedDocument(
            format=format,
            lane=lane,
            title=self.title or None,
            site_url=text or html or (alternates[0].href if alternates else None),
            self_url=self._first("self"),
            hub_urls=tuple(dict.fromkeys(link.href for link in self.links if link.rel == "hub")),
            next_url=self._first("next"),
            description=self.description or self.itunes_description or None,
            language=self.language or None,
            generator=self.generator or None,
            image_url=self.image_url or None,
            rights=self.rights or None,
            published_raw=self.published or None,
            updated_raw=self.updated or None,
            hints=CadenceHints(
                ttl_minutes=_whole(self.ttl),
                update_period=(self.update_period or "").lower() or None,
                update_frequency=_whole(self.update_frequency),
                skip_hours=tuple(
                    sorted({h % 24 for h in map(_whole, self.skip_hours) if h is not None})
                ),
                skip_days=tuple(dict.fromkeys(day.capitalize() for day in self.skip_days if day)),
            ),
            encoding=encoding,
            faults=faults,
            entries=entries,
        )

    def _first(self, rel: str) -> str | None:
        return next((link.href for link in self.links if link.rel == rel), None)


_HTML = frozenset({None, "", "text/html", "application/xhtml+xml", "html"})
_WEB = ("http://", "https://")
_RELATED = frozenset({"related", "via", "comments"})


def _unique(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names)) if len(names) > 1 else tuple(names)


def _whole(text: str | None) -> int | None:
    """Return a non-negative whole number as feeds write it ("640", "640px", "640.0"), or None."""
    if not text:
        return None
    if not text.isdecimal():
        text = text.strip().split(".")[0].removesuffix("px")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _seconds(text: str | None) -> int | None:
    """Return the seconds of "754", "12:34" or "1:02:03" (itunes:duration), or None."""
    if not text:
        return None
    parts = text.strip().split(":")
    numbers = [_whole(part) for part in parts]
    if len(parts) > 3 or None in numbers:
        return None
    total = 0
    for number in numbers:
        total = total * 60 + (number or 0)
    return total
