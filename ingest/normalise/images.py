"""The lead image with its caption, credit and alternative text, out of markup, media and lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ingest.model import Media
from ingest.model.filling import filling
from ingest.normalise.blocks import Picture
from ingest.normalise.headline import folded
from ingest.normalise.plaintext import plain_line
from ingest.normalise.wire import photo_agencies

_LABELS = (
    r"photo(?:graph|graphy|s)?(?: credits?)?|image(?: credits?)?|"
    r"picture(?: credits?)?|pic|credits?|"
    r"photo d['’]illustration|photo illustration|illustration|archive photo|"
    r"file photo|video|screengrab|screenshot|"
    r"foto(?:s|grafie|grafía|grafia)?|bild(?:quelle|er)?|cr[ée]dits?(?: photos?)?|cr[ée]dito|"
    r"imagen|imagem|immagine|"
    r"фото|світлина|изображение|иллюстрация|скриншот|zdj[ęe]cie|fot|kuva|fotó|foto/ilustrace|φωτο(?:γραφία)?|φωτ|"
    r"写真|撮影|图|图片来源|图片|圖|사진|صورة|görsel|fotoğraf|hình ảnh|ảnh"
)
_LABELLED = re.compile(
    rf"(?P<before>[\s(\[|/–—-]*)(?<!\w)(?:(?P<agency>AP|AFP|EPA|Reuters|UPI|PTI)\s)?(?P<label>{_LABELS})\s*"
    r"(?P<sign>[:：]|\bby\b|\bcourtesy(?: of)?\b|\bvia\b|/|"
    r"\bvon\b|\bdi\b|\bpor\b|\bpar\b|\bde\b|\bcredit:|©)\s*"
    r"(?P<credit>[^.:!?]{2,90}(?:\.(?![ ][A-Z]\w+ \w+ \w)[^.:!?]{0,40})?)[)\].\s]*$",
    re.I | re.S,
)
_BRACKETED = re.compile(r"^(?P<caption>.*?)\s*[(\[](?P<credit>[^()\[\]]{2,90}?)[)\]]\s*\.?$", re.S)
_SIGN = re.compile(r"^(?P<caption>.*?)\s*(?:©|\(c\)|&copy;)\s*(?P<credit>[^.!?]{2,80})\.?$", re.S)
_BARE = re.compile(
    r"^(?P<caption>.*?[.!?…\"”]?)\s*[|–—-]?\s*(?P<credit>(?:[^\W\d_a-z][\w.'’-]*\s){0,4}[^\W\d_a-z][\w.'’-]*\s?"
    r"/\s?[^\W\d_a-z][\w .'’/-]{1,50})$",
    re.S,
)
# "… in Tokyo, Japan, August 18, 2026. REUTERS/Jane Doe": no other line ends so.
_SLUG = re.compile(
    r"(?:^|(?<=[.!?\"”’)] ))(REUTERS|AFP|EPA|AP|UPI|PTI)/"
    r"([A-Z][\w.'’-]+(?: [A-Z][\w.'’-]*){0,3})\.?$"
)
_AGENCY_PHOTO = re.compile(
    r"^(AP|AFP|EPA|REUTERS|Reuters|UPI|PTI)\s*(?:Photo|PHOTO|Images?)?$", re.I
)
_PHOTO_BY = re.compile(
    r"^(?:photo(?:graph)?s?|image|picture|illustration|foto|фото)\s*(?:credits?)?\s*"
    r"(?:by|courtesy of|von|di|por|par|:)\s*",
    re.I,
)
_SIGN_OF_LABEL = re.compile(r"[:：/©]|\b(?:by|courtesy|via|von|di|por|par|de|credit)\b")
_CREDIT_SPLIT = re.compile(r"\s*[/|,，、]\s*")
_NOBODY = frozenset(("none", "null", "n/a", "na", "unknown", "undefined", "nan", "no credit"))
_SPOKEN_SIGNS = frozenset(("by", "via", "von", "di", "por", "par", "de"))
_BRACKETS = (")", "]", ").", "].")
_MOST_CAPTION_WORDS = 90
_LONGEST_CAPTION = 600  # characters
_LONGEST_LABEL = 80  # characters of a label with the separators before it and its sign
_MOST_CREDIT = 150  # characters of a credit with its label
_HINT_WORDS = (
    "photo image picture credit crédit foto bild illustration video фото світлина зображ иллюстр "
    "zdjęcie kuva fotó φωτ 写真 撮影 图 圖 사진 صورة görsel ảnh pic screen immagin imagen imagem "
    "скриншот fot."
)
_HINTS = tuple(_HINT_WORDS.split())
_ASCII_HINTS = tuple(hint for hint in _HINTS if hint.isascii())
_IMAGE_SUFFIX = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:$|[?!:])", re.I)


@dataclass(frozen=True, slots=True)
class Captioned:
    """A caption line taken apart."""

    caption: str | None
    credit: str | None


@dataclass(frozen=True, slots=True)
class LeadImage:
    """The image of an article."""

    url: str | None = None
    caption: str | None = None
    credit: str | None = None
    alt: str | None = None


make_captioned, make_lead = filling(Captioned), filling(LeadImage)
NO_IMAGE = LeadImage()


def split_caption(text: str) -> Captioned:
    """What is known to be a caption, parted from its credit."""
    return caption_in(text, known=True) or make_captioned(text or None, None)


def caption_in(text: str, *, known: bool = False, near_picture: bool = False) -> Captioned | None:
    """The caption and credit a line consists of, or None where it does not read as a caption.

    A line of running text must name a photo ("Photo: …", "(AP Photo/Name)"). One that is `known`
    to be a caption, or stands `near_picture`, may credit more loosely ("Name/AFP", "(Reuters)").
    """
    loose = known or near_picture
    has_sign = loose or _has_sign(text[-_MOST_CREDIT:])
    if not has_sign and not text.endswith(_BRACKETS):
        return None  # as nearly every line
    return _caption_in(text, loose, has_sign)


@lru_cache(maxsize=256)  # a first paragraph is asked about twice
def _caption_in(text: str, loose: bool, has_sign: bool) -> Captioned | None:
    start = max(0, len(text) - _MOST_CREDIT)
    tail = text[start:]
    if len(text) > 1_000 or text.count(" ") >= _MOST_CAPTION_WORDS:
        return None
    if has_sign and _has_label(tail[(earliest := _earliest_label(tail)) :]):
        match = _LABELLED.search(tail, earliest)
        if match is not None:
            caption = text[: start + match.start()]
            credit = match["credit"]
            if loose or _is_apart(caption, match["before"], match["sign"], credit):
                agency = match["agency"]
                if agency:
                    credit = f"{credit.rstrip(' )].')}/{agency}"
                return _captioned(caption, credit)
    if text.endswith(_BRACKETS):
        match = _BRACKETED.match(text)
        if match is not None and (
            _names_photo(match["credit"]) or (loose and _is_credit(match["credit"]))
        ):
            return _captioned(match["caption"], match["credit"])
    slug = _SLUG.search(tail) if "/" in tail else None
    if slug is not None:
        return _captioned(text[: start + slug.start()], f"{slug[2]}/{slug[1]}")
    if loose:
        match = _SIGN.match(text) if _has_copyright_sign(text) else None
        if match is not None:
            return _captioned(match["caption"], match["credit"])
        match = _BARE.match(text) if "/" in text else None
        if match is not None and _is_credit(match["credit"]):
            return _captioned(match["caption"], match["credit"])
        if folded(text) in photo_agencies():
            return make_captioned(None, spelled_credit(text))
    return None


def spelled_credit(credit: str) -> str | None:
    """A credit in one spelling: names before agencies, parted by " / "."""
    credit = _PHOTO_BY.sub("", plain_line(credit)).strip(" ()[].,;:|/©–—-")
    if not credit or credit.lower() in _NOBODY:
        return None
    people: list[str] = []
    agencies: list[str] = []
    for part in _CREDIT_SPLIT.split(credit):
        part = part.strip(" .;:©")
        if not part:
            continue
        agency = _AGENCY_PHOTO.match(part)
        if agency is not None:
            name = agency[1].upper()
            agencies.append("Reuters" if name == "REUTERS" else name)
        elif folded(part) in photo_agencies():
            agencies.append(part)
        else:
            people.append(_PHOTO_BY.sub("", part))
    return " / ".join(dict.fromkeys((*people, *agencies))) or None


def choose_image(
    media: Sequence[Media], pictures: Sequence[Picture], from_lines: LeadImage
) -> LeadImage:
    """The article's image: the largest that Media RSS offers, else the first in the text."""
    best: Media | None = None
    for item in media:
        if not _is_image(item):
            continue
        if best is None or (item.width or 0, item.role != "thumbnail") > (
            best.width or 0,
            best.role != "thumbnail",
        ):
            best = item
    picture = _same_picture(best, pictures)
    parts: list[LeadImage] = []
    if best is not None:
        credit = spelled_credit(best.credit) if best.credit else None
        described = plain_line(best.caption) if best.caption else ""
        # Video feeds put the whole text there, which is no caption.
        caption = split_caption(described) if 0 < len(described) <= _LONGEST_CAPTION else None
        parts.append(
            make_lead(
                best.url,
                caption.caption if caption else None,
                credit or (caption.credit if caption else None),
                plain_line(best.alt) or None if best.alt else None,
            )
        )
    if picture is not None:
        caption = split_caption(picture.caption) if picture.caption else None
        parts.append(
            make_lead(
                picture.url,
                caption.caption if caption else None,
                caption.credit if caption else None,
                picture.alt,
            )
        )
    parts.append(from_lines)
    return make_lead(
        next((part.url for part in parts if part.url), None),
        next((part.caption for part in parts if part.caption), None),
        next((part.credit for part in parts if part.credit), None),
        next((part.alt for part in parts if part.alt), None),
    )


def _same_picture(best: Media | None, pictures: Sequence[Picture]) -> Picture | None:
    if not pictures:
        return None
    if best is None:
        return pictures[0]
    stem = best.url.partition("?")[0].rsplit("/", 1)[-1]
    for picture in pictures:
        if picture.url.partition("?")[0].rsplit("/", 1)[-1] == stem:
            return picture
    # Another size of it under another name, most likely, if it opens the text.
    return pictures[0] if pictures[0].before_block <= 1 else None


def _is_image(item: Media) -> bool:
    if item.medium is not None:
        return item.medium == "image"
    if item.type is not None:
        return item.type.startswith("image")
    return item.role in ("thumbnail", "image") or _IMAGE_SUFFIX.search(item.url) is not None


def _captioned(caption: str, credit: str) -> Captioned | None:
    caption = caption.strip(" \t|/([–—-©")
    spelled = spelled_credit(credit)
    if spelled is None or len(spelled) > 100:
        return None
    return make_captioned(caption or None, spelled)


def _is_apart(caption: str, before: str, sign: str, credit: str) -> bool:
    """Whether a credit inside running text is set off from it and names somebody."""
    if sign.lower() in _SPOKEN_SIGNS and not _is_credit(credit):
        return False
    if caption and not before.strip() and caption[-1] not in '.!?…)"”’»]':
        return False
    words = [word for word in credit.split() if len(word) > 3]
    small = sum(1 for word in words if word[0].islower())
    return len(words) <= 10 and small * 2 <= len(words)


def _earliest_label(tail: str) -> int:
    """Before this position no label of a credit stands that reaches to the end of `tail`.

    Behind its sign a credit holds none of `:!?` and one full stop at most (see `_LABELLED`, which
    is slow where it finds nothing).
    """
    end = tail.rstrip(")]. ")
    stop = end.rfind(".")
    if stop > 0:
        stop = end.rfind(".", 0, stop)
    last = max(end.rfind(":"), end.rfind("!"), end.rfind("?"), stop)
    return max(0, last - _LONGEST_LABEL)


def _has_sign(tail: str) -> bool:
    return ":" in tail or "/" in tail or "©" in tail or " by " in tail or "：" in tail


def _has_copyright_sign(text: str) -> bool:
    return "©" in text or "(c)" in text or "&copy;" in text


def _has_label(tail: str) -> bool:
    low = tail.lower()
    for hint in _ASCII_HINTS if low.isascii() else _HINTS:
        found = low.find(hint)
        while found >= 0:
            found += len(hint)
            if _SIGN_OF_LABEL.search(low, found, found + _LONGEST_LABEL) is not None:
                return True
            found = low.find(hint, found)
    return False


def _names_photo(credit: str) -> bool:
    return re.search(r"\b(?:photo|photograph|foto|фото|getty|image)", credit, re.I) is not None


def _is_credit(credit: str) -> bool:
    known = photo_agencies()
    parts = re.split(r"\s*(?:[/|,]|\bvia\b|\bfor\b)\s*", credit)
    return any(
        folded(part) in known or _AGENCY_PHOTO.match(part.strip()) is not None for part in parts
    )
