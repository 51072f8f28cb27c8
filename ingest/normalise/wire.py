"""Where a text says it comes from: the dateline, and the wire agency with where it was found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ingest.model.filling import filling
from ingest.normalise.data import table
from ingest.normalise.headline import folded

_HEAD = 140  # characters of a first paragraph in which a dateline is looked for
_PLACE = r"[^\W\d_a-zа-яёіїє][\w.'’/ -]{1,40}?(?:, [^\W\d_a-zа-я][\w. ]{1,24}?)?"
_DATE = (
    r"[,.]?\s+(?:[^\W\d_]{3,10}\.? \d{1,2}|\d{1,2}\.? ?[^\W\d_]{3,10}\.?)(?:,? \d{4})?(?: г)?\.?"
)
_INITIALS = re.compile(r"\b[A-Z]\.[A-Z]\.?$")
_LAST_DATE = re.compile(_DATE + "$")
_DASH = r"(?:\s*[-–—―]{1,2}\s+|\s*\.\s?[-–—]\s*|\s*:\s+|\s*[-–—―]{2}\s*|[.]\s+|\s*[-–—]\s*)"
_WITH_AGENCY = re.compile(
    rf"^(?P<place>{_PLACE})?(?:{_DATE})?[,.]?\s*[(/\[]\s*(?P<agency>[^()/\[\]]{{2,40}}?(?:/[^()/\[\]]{{2,20}})?)\s*[)/\]]{_DASH}"
)
_CAPITALS = re.compile(
    r"^(?P<place>(?:[^\W\d_a-zа-яёіїєґ]{2,}|St\.)(?:[ .'’/-]{1,2}[^\W\d_a-zа-яёіїєґ]{2,}){0,4}"
    rf"(?:, (?:[A-Z][\w.]+ ?){{1,3}})?)(?:{_DATE})?\s*(?:[-–—―]{{1,2}}|:)\s+(?=\S)"
)
_RUSSIAN = re.compile(
    r"^(?P<place>[А-ЯЁІЇЄ][А-ЯЁІЇЄ-]{2,}(?: [А-ЯЁІЇЄ-]{2,})?)[,.] "
    r"\d{1,2} [а-яё]{3,9}\.?\s*[-–—.]+\s*/?"
    r"(?P<agency>[А-ЯЁІЇЄA-Z][\w -]{1,24}?)/?\.\s"
)
# ［ワシントン ２１日 ロイター］, 【ソウル共同】, （ブルームバーグ）: and 新华社北京8月21日电.
_EAST_ASIAN = re.compile(
    r"^(?:[［\[【（(](?P<place>[^\W\d_a-zA-Z]{2,12}?)?\s?(?:\d{1,2}日\s?)?"
    r"(?P<agency>ロイター|ブルームバーグ|共同|時事|新華社|ＡＦＰ|AFP|ＡＰ|AP)(?:通信)?(?:＝[^］\])）】]{2,12})?[］\]】）)]"
    r"|(?P<wire>新华社|新華社|中新社|中新网|路透社|法新社)(?P<site>[^\W\d_]{2,8}?)\s?(?:\d{1,2}月)?\d{1,2}日[电電讯])"
)
_ANSA = re.compile(
    r"^\((?P<agency>[A-Za-z]{3,12})\)\s*-\s*(?P<place>[A-ZÀ-Ý' ]{3,30}), \d{1,2} [A-Z]{3}\s*-\s"
)
_END = re.compile(
    r"(?:[(\[]|[-–—]\s?|(?:source|quelle|fuente|fonte|źródło|источник|"
    r"джерело|källa|bron)\s?:\s?)([\w.,&'/ -]{2,40}?)[)\].]*$",
    re.I,
)
_BEFORE_END = re.compile(r"[(\[:–—-]").search  # what _END, a slow one, needs
_SIGN_OFF = re.compile(
    r"^\(?(?:additional )?(?:reporting|writing|editing|"
    r"with (?:inputs?|reporting|files|agency inputs) (?:from|by)|avec|"
    r"con información de|com informações d[aeo]|mit material von|mit)\b",
    re.I,
)
_SPLIT = re.compile(r"\s*(?:[/,;|&+]|\band\b|\bund\b|\bet\b|\by\b|\bwith\b|\bvia\b)\s*")


@dataclass(frozen=True, slots=True)
class Dateline:
    """A dateline: the place it names, and the agency in it."""

    place: str | None
    agency: str | None


make_dateline = filling(Dateline)


def agency_named(name: str, *, exact: bool = True) -> str | None:
    """The agency that `name` spells, or None. Not `exact`: short ambiguous spellings count not."""
    spellings, ambiguous = _spellings()
    key = folded(name)
    if not exact and key in ambiguous:
        return None
    return spellings.get(key)


def read_dateline(text: str) -> Dateline | None:
    """The dateline with which a first paragraph opens: `KYIV, Oct 25 (Reuters) -`."""
    head = text[:_HEAD]
    has_bracket = "(" in head or "/" in head or "[" in head
    for pattern in (_ANSA, _WITH_AGENCY, _RUSSIAN) if has_bracket else (_RUSSIAN,):
        match = pattern.match(head)
        if match is not None:
            agency = _first_agency(match["agency"])
            if agency is not None:
                return make_dateline(_place(match["place"]), agency)
    match = _EAST_ASIAN.match(head)
    if match is not None:
        return make_dateline(
            match["place"] or match["site"], _first_agency(match["agency"] or match["wire"])
        )
    match = _CAPITALS.match(head)
    if match is not None:
        place = _place(match["place"])
        if (
            place is not None
            and place.isupper()  # which scripts without capitals never are
            and agency_named(place) is None
            and len(place) > 2
        ):
            return make_dateline(place, None)
    return None


def agency_in_byline(byline: str) -> str | None:
    """The agency a byline names: "Reuters", "Jane Doe, Associated Press", "dpa/AFP"."""
    named = agency_named(byline)
    return named if named is not None else _first_agency(byline)


def agency_at_end(texts: Sequence[str]) -> str | None:
    """The agency the last lines sign with: "(Reuters)", "— AFP", "With inputs from AP"."""
    for text in reversed(texts[-3:]):
        if _SIGN_OFF.match(text) and len(text) < 200:
            for part in re.split(r"[\s(),;/.:]+", text):
                agency = agency_named(part) if part[:1].isupper() else None
                if agency is not None:
                    return agency
        end = text[-48:]
        match = _END.search(end) if _BEFORE_END(end) is not None else None
        if match is not None:
            agency = _first_agency(match[1])
            if agency is not None:
                return agency
    return None


def _first_agency(text: str) -> str | None:
    named = agency_named(text)
    if named is not None:
        return named
    for part in _SPLIT.split(text):
        agency = agency_named(part)
        if agency is not None:
            return agency
    return None


def _place(text: str | None) -> str | None:
    if text is None:
        return None
    place = _LAST_DATE.sub("", text).strip(" ,-–—")
    if _INITIALS.search(place) is not None:
        return place if place.endswith(".") else f"{place}."
    return place.rstrip(".") or None


@cache
def _spellings() -> tuple[Mapping[str, str], frozenset[str]]:
    data = table("agencies")
    spellings = {
        folded(spelling): name for name, written in data["agencies"].items() for spelling in written
    }
    return spellings, frozenset(data["ambiguous"])


@cache
def photo_agencies() -> frozenset[str]:
    """The folded names of all who are credited for pictures."""
    return frozenset((*map(folded, table("agencies")["photo_agencies"]), *_spellings()[0]))
