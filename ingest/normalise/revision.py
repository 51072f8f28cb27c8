"""What changed between two versions of an article, sentence by sentence. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from ingest.normalise.data import table
from ingest.normalise.phrases import lowered, straight

_SENTENCE_BREAK = re.compile(
    r"(?<=[.!?…][\"'”’»)\]])\s+(?=[^\sa-z])|(?<=[.!?…])\s+(?=[^\sa-z])|(?<=[。！？])|\n+"
)
_ABBREVIATED = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Gen|Sen|Rep|Gov|Lt|Col|Capt|No|vs|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|"
    r"Nov|Dec|bzw|ca|z|B|d|h|м|г|ул|им)|\b[A-ZА-Я])\.$"
)
_ALIKE = 0.5  # ratio above which a removed and an added sentence are one sentence, edited
_MOST_COMPARED = 60  # sentences of one stretch paired by likeness; longer ones are listed apart


class ChangeKind(StrEnum):
    """What happened to a sentence."""

    ADDED = "added"
    REMOVED = "removed"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class SentenceChange:
    """One changed sentence; `before` is None for an added one, `after` for a removed one."""

    kind: ChangeKind
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class RevisionDiff:
    """What differs between two versions. Empty where only white space or quotes do."""

    headline: SentenceChange | None
    alternative_headline: SentenceChange | None
    body: tuple[SentenceChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing that is read differs."""
        return self.headline is None and self.alternative_headline is None and not self.body


@dataclass(frozen=True, slots=True)
class Version:
    """The texts of one version of an article."""

    headline: str | None
    alternative_headline: str | None = None
    body_text: str | None = None


def diff(old: Version, new: Version) -> RevisionDiff:
    """The changes that lead from `old` to `new`."""
    return RevisionDiff(
        _line_change(old.headline, new.headline),
        _line_change(old.alternative_headline, new.alternative_headline),
        tuple(_body_changes(sentences(old.body_text), sentences(new.body_text))),
    )


def correction_notice(removed: Iterable[str]) -> str | None:
    """The notice with which an outlet says that it has corrected an article, or None.

    `removed` are the texts that were taken out of the article: such a notice is none of its body.
    """
    begins = tuple(table("corrections")["notices"])
    return next((text for text in removed if lowered(text).startswith(begins)), None)


def flips_back(versions: Sequence[Version]) -> bool:
    """Whether the newest of `versions` (oldest first) says again what an earlier one said.

    The version right before does not count: that is no change at all.
    """
    if len(versions) < 3:
        return False
    newest = versions[-1]
    return not diff(versions[-2], newest).is_empty and any(
        diff(earlier, newest).is_empty for earlier in versions[:-2]
    )


def sentences(text: str | None) -> tuple[str, ...]:
    """The sentences of a text, white space squeezed."""
    found: list[str] = []
    for piece in _SENTENCE_BREAK.split(text or ""):
        sentence = " ".join(piece.split())
        if not sentence:
            continue
        if found and _ABBREVIATED.search(found[-1]) is not None:
            found[-1] = f"{found[-1]} {sentence}"
        else:
            found.append(sentence)
    return tuple(found)


def _folded(sentence: str) -> str:
    return " ".join(straight(sentence).split())


def _line_change(old: str | None, new: str | None) -> SentenceChange | None:
    if _folded(old or "") == _folded(new or ""):
        return None
    if not old:
        return SentenceChange(ChangeKind.ADDED, None, new)
    return SentenceChange(ChangeKind.EDITED if new else ChangeKind.REMOVED, old, new or None)


def _body_changes(old: Sequence[str], new: Sequence[str]) -> list[SentenceChange]:
    changes: list[SentenceChange] = []
    matcher = SequenceMatcher(
        None, [_folded(one) for one in old], [_folded(one) for one in new], autojunk=False
    )
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            changes.extend(_stretch(old[old_start:old_end], new[new_start:new_end]))
    return changes


def _stretch(old: Sequence[str], new: Sequence[str]) -> list[SentenceChange]:
    """The changes of one stretch, in the new version's order; removed ones stand before."""
    if len(old) * len(new) > _MOST_COMPARED * _MOST_COMPARED:
        old_of = {}
    else:
        old_of = _pairs(old, new)
    paired = set(old_of.values())
    changes = [
        SentenceChange(ChangeKind.REMOVED, sentence, None)
        for index, sentence in enumerate(old)
        if index not in paired
    ]
    for index, sentence in enumerate(new):
        before = old_of.get(index)
        if before is None:
            changes.append(SentenceChange(ChangeKind.ADDED, None, sentence))
        else:
            changes.append(SentenceChange(ChangeKind.EDITED, old[before], sentence))
    return changes


def _pairs(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Which new sentence is an edited old one: the likest pairs first, none twice."""
    ranked: list[tuple[float, int, int]] = []
    for new_index, new_sentence in enumerate(new):
        matcher = SequenceMatcher(None, b=new_sentence.split(), autojunk=False)
        for old_index, old_sentence in enumerate(old):
            matcher.set_seq1(old_sentence.split())
            if matcher.real_quick_ratio() > _ALIKE and matcher.quick_ratio() > _ALIKE:
                ratio = matcher.ratio()
                if ratio > _ALIKE:
                    ranked.append((-ratio, new_index, old_index))
    ranked.sort()
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, new_index, old_index in ranked:
        if new_index not in pairs and old_index not in taken:
            pairs[new_index] = old_index
            taken.add(old_index)
    return pairs
