"""What a feed says about itself, and how often it wants to be asked."""

from __future__ import annotations

from ingest.parse.mended.core import Attributes, Core


class HeadHandlers(Core):
    """Handlers for the channel."""

    def _end_language(self) -> None:
        value = self.pop("language")
        if not value:
            return
        self.lang = value
        if self._entry is not None:
            self._entry.language = value.replace("_", "-")
        elif self._is_head:
            self.feed_draft.language = value.replace("_", "-")

    _end_dc_language = _end_language

    def _end_generator(self) -> None:
        value = self.pop("generator")
        if value and self._is_head:
            self.feed_draft.generator = self.feed_draft.generator or value

    def _start_ttl(self, _attrs: Attributes) -> None:
        self.push("x_ttl", 1)

    def _end_ttl(self) -> None:
        value = self.pop("x_ttl")
        if self._is_head and value:
            self.feed_draft.ttl = value

    def _start_sy_updateperiod(self, _attrs: Attributes) -> None:
        self.push("x_period", 1)

    def _end_sy_updateperiod(self) -> None:
        value = self.pop("x_period")
        if self._is_head and value:
            self.feed_draft.update_period = value

    def _start_sy_updatefrequency(self, _attrs: Attributes) -> None:
        self.push("x_frequency", 1)

    def _end_sy_updatefrequency(self) -> None:
        value = self.pop("x_frequency")
        if self._is_head and value:
            self.feed_draft.update_frequency = value

    def _start_hour(self, _attrs: Attributes) -> None:
        self.push("x_hour", 1)

    def _end_hour(self) -> None:
        value = self.pop("x_hour")
        if self._is_head and value:
            self.feed_draft.skip_hours.append(value)

    def _start_day(self, _attrs: Attributes) -> None:
        self.push("x_day", 1)

    def _end_day(self) -> None:
        value = self.pop("x_day")
        if self._is_head and value:
            self.feed_draft.skip_days.append(value)
