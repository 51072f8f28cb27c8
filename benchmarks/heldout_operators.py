"""What outlets do to a text that they republish, by chance of a seed.

Those of `../dedup/README.md` again, in words of our own, and others: a caption and a date in front,
key points, a foreign opening, sentences left out here and there, leads of other reports behind,
nothing but the headline. Each takes a text and gives a headline and a text.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.heldout_texts import Text, length_in_words
from benchmarks.heldout_words import BOILERPLATE, CITIES, NAMES, OUTLETS

_SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=\S)|(?<=[。！？।])")
# A republication has text of its source: what is shorter is a label, or none at all.
MIN_WORDS = 20.0
MIN_HEADLINE_WORDS = 6.0
MIN_SENTENCES = 8  # to exchange the first of fewer leaves another text
_CONFUSED = dict(zip("elhiorstncbua", "clbIo7f+rne6vo", strict=False))


@dataclass(frozen=True, slots=True)
class Desk:
    """What an outlet has at hand: chance, other reports of the same language, their words."""

    chance: random.Random
    others: Sequence[Text]
    words: Sequence[str]

    def outlet(self) -> str:
        """A name."""
        return self.chance.choice(OUTLETS)

    def boilerplate(self, language: str, outlet: str) -> str:
        """A block of the outlet's page."""
        blocks = BOILERPLATE.get(language) or BOILERPLATE["en"]
        return self.chance.choice(blocks).format(
            outlet=outlet, site=outlet.lower().replace(" ", "") + ".example"
        )


Operator = Callable[[Text, Desk], tuple[str, str]]


def paragraphs(text: str) -> list[str]:
    """Its paragraphs; a text in one block is cut after every third sentence."""
    found = [one.strip() for one in re.split(r"\n+", text) if one.strip()]
    if len(found) > 2:
        return found
    said = sentences(text)
    glue = "" if said and re.search(r"[。！？]$", said[0]) else " "
    return [glue.join(said[at : at + 3]) for at in range(0, len(said), 3)]


def sentences(text: str) -> list[str]:
    """Its sentences, roughly."""
    return [one.strip() for one in _SENTENCE.split(text.replace("\n", " ")) if one.strip()]


def _glue(one: Text) -> str:
    return "" if one.is_spaceless else " "


def _join(parts: Sequence[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def _enough(parts: Sequence[str], wanted: int) -> Sequence[str]:
    """The first parts, more of them where these are a date or a name alone."""
    while wanted < len(parts) and length_in_words(" ".join(parts[:wanted])) < MIN_WORDS:
        wanted += 1
    return parts[:wanted]


def other_headline(one: Text, desk: Desk) -> str:
    """The headline rewritten: marked, cut, turned round, or the first words of the text."""
    chance, headline = desk.chance, one.headline
    way = chance.randrange(4)
    if way == 0:
        return chance.choice(("UPDATE 1-", "Exclusive: ", "LIVE: ", "WATCH: ")) + headline
    if one.is_spaceless:
        return one.text[: chance.randint(12, 24)] if way < 3 else headline[: len(headline) * 2 // 3]
    words = headline.split()
    if way == 1 and len(words) > 5:
        cut = chance.randint(2, len(words) - 3)
        return " ".join([*words[cut:], "-", *words[:cut]])
    if way == 2:
        return " ".join(one.text.split()[: chance.randint(6, 10)])
    return " ".join(word for word in words if chance.random() < 0.7) or headline


def _same(one: Text, desk: Desk) -> str:
    """Half of the outlets keep the headline."""
    return one.headline if desk.chance.random() < 0.5 else other_headline(one, desk)


def headline(one: Text, desk: Desk) -> tuple[str, str]:
    return other_headline(one, desk), one.text


def headline_only(one: Text, desk: Desk) -> tuple[str, str]:
    if length_in_words(one.headline) < MIN_HEADLINE_WORDS:
        return headline(one, desk)
    return f"{one.headline} - {desk.outlet()}", ""


def first_paragraphs(one: Text, desk: Desk) -> tuple[str, str]:
    parts = paragraphs(one.text)
    return _same(one, desk), _join(_enough(parts, len(parts) // desk.chance.randint(2, 3)))


def drop_last(one: Text, desk: Desk) -> tuple[str, str]:
    parts = paragraphs(one.text)
    return _same(one, desk), _join(parts[: max(1, round(len(parts) * 0.65))])


def drop_middle(one: Text, desk: Desk) -> tuple[str, str]:
    parts = paragraphs(one.text)
    third = max(1, len(parts) // 3)
    return _same(one, desk), _join([*parts[:third], *parts[2 * third :]])


def drop_sentences(one: Text, desk: Desk) -> tuple[str, str]:
    said = sentences(one.text)
    kept = [said[0], *(each for each in said[1:] if desk.chance.random() < 0.7)]
    return _same(one, desk), _glue(one).join(kept)


def reorder(one: Text, desk: Desk) -> tuple[str, str]:
    first, *rest = paragraphs(one.text)
    desk.chance.shuffle(rest)
    return _same(one, desk), _join([first, *rest])


def summary(one: Text, desk: Desk) -> tuple[str, str]:
    said = _enough(sentences(one.text), desk.chance.randint(1, 3))
    return _same(one, desk), _glue(one).join(said)


def summary_boiler(one: Text, desk: Desk) -> tuple[str, str]:
    title, text = summary(one, desk)
    return title, _join([text, desk.boilerplate(one.language, desk.outlet())])


def teaser(one: Text, desk: Desk) -> tuple[str, str]:
    length = desk.chance.randint(70, 110) if one.is_spaceless else desk.chance.randint(140, 260)
    tail = desk.chance.choice(("...", "…", " [...]", " Read more"))
    return _same(one, desk), one.text.replace("\n", " ")[:length] + tail


def boiler(one: Text, desk: Desk) -> tuple[str, str]:
    outlet = desk.outlet()
    before, behind = (desk.boilerplate(one.language, outlet) for _ in range(2))
    return _same(one, desk), _join([before, one.text, behind])


def inserted(one: Text, desk: Desk) -> tuple[str, str]:
    """Adverts and links to other reports between the paragraphs."""
    parts: list[str] = []
    for number, part in enumerate(paragraphs(one.text)):
        parts.append(part)
        if number % 3 == 1:
            parts.append(f"Advertisement\n\nRead more: {desk.chance.choice(desk.others).headline}")
    return _same(one, desk), _join(parts)


def wrapped(one: Text, desk: Desk) -> tuple[str, str]:
    """A caption and a date in front, who wrote it behind."""
    chance = desk.chance
    name, city = chance.choice(NAMES), chance.choice(CITIES)
    front = (
        f"FILE PHOTO: A view of {city}, {chance.randint(1, 28)} May 2025. {desk.outlet()}/{name}"
    )
    dated = f"{chance.randint(1, 28)} Aug 2026 {chance.randint(1, 11):02}:{chance.randint(10, 59)}"
    behind = f"(Reporting by {name} in {city}; editing by {chance.choice(NAMES)})"
    return _same(one, desk), _join([front, dated, f"{city.upper()}: {one.text}", behind])


def key_points(one: Text, desk: Desk) -> tuple[str, str]:
    """Two sentences of it in front, as points, then all of it."""
    points = desk.chance.sample(said := sentences(one.text), min(2, len(said)))
    return _same(one, desk), _join(["Key points:", *points, one.text])


def byline(one: Text, desk: Desk) -> tuple[str, str]:
    name, city = desk.chance.choice(NAMES), desk.chance.choice(CITIES)
    front = f"By {name}, Staff Writer\n\n{city.upper()} ({desk.outlet()}) - "
    return _same(one, desk), front + one.text


def foreign_lead(one: Text, desk: Desk) -> tuple[str, str]:
    """The first sentence is another hand's."""
    said = sentences(one.text)
    if len(said) < MIN_SENTENCES:
        return headline(one, desk)
    other = sentences(desk.chance.choice(desk.others).text)[0]
    return one.headline, _glue(one).join([other, *said[1:]])


def update(one: Text, desk: Desk) -> tuple[str, str]:
    """What happened since in front of it or behind."""
    news = _join(paragraphs(desk.chance.choice(desk.others).text)[:2])
    parts = [f"UPDATE: {news}", one.text] if desk.chance.random() < 0.5 else [one.text, news]
    return _same(one, desk), _join(parts)


def related(one: Text, desk: Desk) -> tuple[str, str]:
    """The leads of two other reports behind."""
    leads = [sentences(desk.chance.choice(desk.others).text)[0] for _ in range(2)]
    return _same(one, desk), _join([one.text, "More stories", *leads])


def trim_update_boiler(one: Text, desk: Desk) -> tuple[str, str]:
    parts, outlet = paragraphs(one.text), desk.outlet()
    news = _join(paragraphs(desk.chance.choice(desk.others).text)[:1])
    trimmed = _join(_enough(parts, len(parts) // 2))
    blocks = [trimmed, news, desk.boilerplate(one.language, outlet)]
    if desk.chance.random() < 0.5:
        blocks.insert(0, desk.boilerplate(one.language, outlet))
    return _same(one, desk), _join(blocks)


def numfix(one: Text, desk: Desk) -> tuple[str, str]:
    """One number in ten is corrected, two at most."""
    places = [found.span() for found in re.finditer(r"\d+", one.text)]
    text = one.text
    for start, end in sorted(
        desk.chance.sample(places, min(2, len(places) // 10 + 1, len(places))), reverse=True
    ):
        text = f"{text[:start]}{desk.chance.randint(1, 99)}{text[end:]}"
    return _same(one, desk), f"CORRECTED: {text}"


def copyedit(one: Text, desk: Desk) -> tuple[str, str]:
    """Nine words in a hundred are others, left out or have a neighbour more; no number is."""
    units = re.findall(r"..|.$", one.text) if one.is_spaceless else one.text.split(" ")
    made: list[str] = []
    for unit in units:
        way = 1.0 if re.search(r"\d", unit) else desk.chance.random()
        if way < 0.05:
            made.append(desk.chance.choice(desk.words))
        elif way < 0.07:
            made += [unit, desk.chance.choice(desk.words)]
        elif way >= 0.09:
            made.append(unit)
    return _same(one, desk), _glue(one).join(made)


def typography(one: Text, desk: Desk) -> tuple[str, str]:
    """Other quotes, dashes and spaces; figures of full width, soft hyphens."""
    text = one.text.replace("…", "...").translate(str.maketrans("\"'“-", '”’"–'))
    if one.is_spaceless:
        text = text.translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    else:
        words = text.split(" ")
        text = "\u00a0".join(
            f"{word[:4]}\u00ad{word[4:]}" if len(word) > 8 and desk.chance.random() < 0.2 else word
            for word in words
        )
    return _same(one, desk), text


def _misread(text: str, share: float, chance: random.Random) -> str:
    made = []
    for letter in text:
        if chance.random() >= share:
            made.append(letter)
        elif chance.random() < 0.3:
            made.append(chance.choice(("", letter + " ")))
        else:
            made.append(_CONFUSED.get(letter, letter))
    return "".join(made)


def ocr2(one: Text, desk: Desk) -> tuple[str, str]:
    return _same(one, desk), _misread(one.text, 0.02, desk.chance)


def ocr5(one: Text, desk: Desk) -> tuple[str, str]:
    return _same(one, desk), _misread(one.text, 0.05, desk.chance)


OPERATORS: dict[str, Operator] = {
    "headline": headline,
    "headline_only": headline_only,
    "first_k": first_paragraphs,
    "drop_last": drop_last,
    "drop_middle": drop_middle,
    "drop_sentences": drop_sentences,
    "reorder": reorder,
    "summary": summary,
    "summary+boiler": summary_boiler,
    "teaser": teaser,
    "boiler": boiler,
    "inserted": inserted,
    "wrapped": wrapped,
    "key_points": key_points,
    "byline": byline,
    "foreign_lead": foreign_lead,
    "update": update,
    "related": related,
    "trim+update+boiler": trim_update_boiler,
    "numfix": numfix,
    "copyedit9": copyedit,
    "typography": typography,
    "ocr2": ocr2,
    "ocr5": ocr5,
}
# Misreadings are of alphabets.
ALPHABETIC = ("ocr2", "ocr5")
