"""Pictures, sound and film: Media RSS, itunes, RSS <image>."""

from __future__ import annotations

from ingest.parse.draft import DraftMedia
from ingest.parse.mended.core import Attributes, Core


class MediaHandlers(Core):
    """Handlers for what is seen and heard."""

    def _about(self) -> DraftMedia | None:
        """Return what a media:title here speaks of: the item, its group, or the whole entry."""
        if self._entry is None:
            return None
        return self._item or self._group or self._entry.about_media

    def _start_media_group(self, _attrs: Attributes) -> None:
        if self._entry is not None:
            self._group = DraftMedia(parent=self._entry.about_media, is_group=True)

    def _end_media_group(self) -> None:
        self._group = self._item = None

    def _start_media_content(self, attrs: Attributes) -> None:
        entry = self._entry
        if entry is None:
            return
        self._item = DraftMedia(
            url=self._absolute(attrs.get("url")) or None,
            type=attrs.get("type"),
            medium=attrs.get("medium"),
            width=attrs.get("width"),
            height=attrs.get("height"),
            length=attrs.get("filesize"),
            duration=attrs.get("duration"),
            parent=self._group or entry.about_media,
            link=self._open_link,
        )
        entry.media.append(self._item)

    def _end_media_content(self) -> None:
        self._item = None

    def _start_media_thumbnail(self, attrs: Attributes) -> None:
        self.push("x_thumbnail", 1)
        self._add_picture(attrs, "thumbnail")

    def _end_media_thumbnail(self) -> None:
        url = self._absolute(self.pop("x_thumbnail"))
        if url:
            self._add_picture({"url": url}, "thumbnail")

    def _start_media_player(self, attrs: Attributes) -> None:
        self.push("x_player", 0)
        self._add_picture(attrs, "player")

    def _end_media_player(self) -> None:
        self.pop("x_player")

    def _add_picture(self, attrs: Attributes, role: str) -> None:
        url = self._absolute(attrs.get("url") or attrs.get("href"))
        entry = self._entry
        if url and entry is not None:
            is_ours = role in ("thumbnail", "player")
            entry.media.append(
                DraftMedia(
                    url=url,
                    role=role,
                    width=attrs.get("width"),
                    height=attrs.get("height"),
                    parent=self._about() if is_ours else entry.about_media,
                    link=self._open_link,
                )
            )

    def _start_media_title(self, attrs: Attributes) -> None:
        self.push_content("x_media_title", attrs, "text/plain", 1)

    def _end_media_title(self) -> None:
        value = self.pop_content("x_media_title")
        about = self._about()
        if value and about is not None:
            about.title = about.title or value

    def _start_media_description(self, attrs: Attributes) -> None:
        self.push_content("x_media_caption", attrs, "text/plain", 1)

    def _end_media_description(self) -> None:
        value = self.pop_content("x_media_caption")
        about = self._about()
        if value and about is not None:
            about.caption = about.caption or value
            if about.is_group and self._entry is not None:
                self._entry.group_caption = self._entry.group_caption or self._take()

    def _start_media_credit(self, _attrs: Attributes) -> None:
        self.push("x_credit", 1)

    def _end_media_credit(self) -> None:
        value = self.pop("x_credit")
        about = self._about()
        if value and about is not None:
            about.credits.append(value)

    def _start_image(self, attrs: Attributes) -> None:
        # RSS <image> of the channel; some feeds put one into every item, with or without <url>
        self.inimage = 1
        self.title_depth = -1
        self.push("x_image", 1)
        if self._entry is not None:
            self._add_picture(attrs, "image")
        elif self._get_attribute(attrs, "rdf:resource") and not self.feed_draft.image_url:
            self.feed_draft.image_url = self._absolute(self._get_attribute(attrs, "rdf:resource"))

    def _end_image(self) -> None:
        value = self.pop("x_image")
        self.inimage = 0
        if value and value.startswith(("http://", "https://")) and self._entry is not None:
            self._add_picture({"url": value}, "image")

    def _start_url(self, _attrs: Attributes) -> None:
        self.push("x_url", 1)

    _start_homepage = _start_uri = _start_url

    def _end_url(self) -> None:
        value = self._absolute(self.pop("x_url"))
        if not value or self.inauthor or not self.inimage:
            return
        if self._entry is not None:
            self._add_picture({"url": value}, "image")
        elif not self.feed_draft.image_url:
            self.feed_draft.image_url = value

    _end_homepage = _end_uri = _end_url

    def _start_logo(self, _attrs: Attributes) -> None:
        self.push("x_logo", 1)

    def _end_logo(self) -> None:
        value = self._absolute(self.pop("x_logo"))
        if value and self._is_head and not self.feed_draft.image_url:
            self.feed_draft.image_url = value

    def _start_itunes_image(self, attrs: Attributes) -> None:
        self.push("x_itunes_image", 0)
        url = self._absolute(attrs.get("href") or attrs.get("url"))
        if not url:
            return
        if self._entry is not None:
            self._add_picture({"url": url}, "image")
        elif self._is_head and not self.feed_draft.image_url:
            self.feed_draft.image_url = url

    _start_itunes_link = _start_itunes_image

    def _end_itunes_image(self) -> None:
        self.pop("x_itunes_image")

    _end_itunes_link = _end_itunes_image

    def _start_itunes_duration(self, _attrs: Attributes) -> None:
        self.push("x_duration", 1)

    def _end_itunes_duration(self) -> None:
        value = self.pop("x_duration")
        if value and self._entry is not None:
            self._entry.duration = value
