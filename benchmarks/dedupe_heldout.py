"""A labelled set made of recorded feeds and pages, to measure on what no rule was chosen on.

    python -m benchmarks.dedupe_heldout FOLDER... --out GOLD.jsonl [--seed N]
    python -m benchmarks.dedupe GOLD.jsonl --out STORIES.jsonl

The lines are those of the shared sets (id, title, text, cluster, kind, op, ts). Real texts of every
language that the folders hold, republications of them by `heldout_operators`, and what must stay
apart: the other real texts, round-ups of the originals, real texts in one outlet's boilerplate, two
reports under one headline, and `heldout_negatives`. The same seed makes the same set; another one
takes other texts. The texts are other people's: write the set outside of the repository.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.dedupe_score import Gold
from benchmarks.heldout_negatives import notes, round_up, same_boilerplate, templates
from benchmarks.heldout_operators import ALPHABETIC, OPERATORS, Desk
from benchmarks.heldout_texts import Text, distinct, read_texts

ORIGINALS = 400
ORIGINAL_WORDS = (60.0, 1500.0)
MAX_OF_A_LANGUAGE = 180  # of the originals: English outweighs the rest ten times
VARIANTS = 6
LEAST_TOLD, MOST_TOLD = 4, 7  # originals in a round-up
BACKGROUND = 3_000
TEMPLATES_A_FAMILY = 25
NOTES = 100
SAME_BOILERPLATE = 150
SAME_HEADLINE = 60


class Builder:
    """The documents so far, each with a number of its own."""

    def __init__(self) -> None:
        self.gold: list[Gold] = []

    def add(self, title: str, text: str, kind: str, op: str, cluster: str | None = None) -> None:
        """Append a document; without a cluster it is alone."""
        number = f"h{len(self.gold)}"
        self.gold.append(Gold(number, title, text, cluster or number, kind, op, 0.0))


def build(texts: Sequence[Text], seed: int) -> list[Gold]:
    """The whole set, in a random order of time."""
    chance = random.Random(seed)
    texts = list(texts)
    chance.shuffle(texts)
    texts = distinct(texts)
    originals, rest = _originals(texts)
    by_language: defaultdict[str, list[Text]] = defaultdict(list)
    for one in rest:
        by_language[one.language].append(one)
    made = Builder()
    for number, one in enumerate(originals):
        cluster = f"c{number}"
        made.add(one.headline, one.text, "orig", "orig", cluster)
        others = [other for other in by_language[one.language] if other.words >= 20] or rest
        words = " ".join(other.text for other in others[:30])
        vocabulary = (
            [words[at : at + 2] for at in range(0, len(words), 2)]
            if one.is_spaceless
            else re.findall(r"[^\W\d]+", words)
        )
        desk = Desk(chance, others, vocabulary)
        possible = [name for name in OPERATORS if name not in ALPHABETIC or not one.is_spaceless]
        for name in chance.sample(possible, VARIANTS):
            title, text = OPERATORS[name](one, desk)
            made.add(title, text, "variant", name, cluster)
    for told in _to_be_told(originals, chance):
        title, text = round_up(told, chance)
        made.add(title, text, "roundup", "roundup")
    _add_negatives(made, rest, chance)
    order = list(range(len(made.gold)))
    chance.shuffle(order)
    fields = [asdict(one) for one in made.gold]
    return [Gold(**{**fields[place], "ts": at / len(order)}) for at, place in enumerate(order)]


def _originals(texts: Sequence[Text]) -> tuple[list[Text], list[Text]]:
    taken: list[Text] = []
    rest: list[Text] = []
    languages: Counter[str] = Counter()
    low, high = ORIGINAL_WORDS
    for one in texts:
        if (
            len(taken) < ORIGINALS
            and low <= one.words <= high
            and languages[one.language] < MAX_OF_A_LANGUAGE
        ):
            languages[one.language] += 1
            taken.append(one)
        else:
            rest.append(one)
    return taken, rest


def _to_be_told(originals: Sequence[Text], chance: random.Random) -> Iterator[list[Text]]:
    """What the round-ups tell: several originals of one language, each original in one of them."""
    by_language: defaultdict[str, list[Text]] = defaultdict(list)
    for one in originals:
        by_language[one.language].append(one)
    for told in by_language.values():
        while len(told) >= MOST_TOLD:
            count = chance.randint(LEAST_TOLD, MOST_TOLD)
            yield told[:count]
            del told[:count]


def _add_negatives(made: Builder, rest: Sequence[Text], chance: random.Random) -> None:
    for kind, title, text in templates(TEMPLATES_A_FAMILY, chance):
        made.add(title, text, "hardneg", kind)
    for title, text in notes(NOTES, chance):
        made.add(title, text, "hardneg", "note")
    long = [one for one in rest if one.words >= 60]
    desk = Desk(chance, rest, ())
    taken = chance.sample(long, min(len(long), SAME_BOILERPLATE + 2 * SAME_HEADLINE))
    for group in range(5):
        part = taken[group:SAME_BOILERPLATE:5]
        blocks = [desk.boilerplate("en", desk.outlet()) for _ in range(2)]
        for title, text in same_boilerplate(part, blocks, chance):
            made.add(title, text, "hardneg", "same_boiler")
    pairs = taken[SAME_BOILERPLATE:]
    for one, other in zip(pairs[::2], pairs[1::2], strict=False):
        for text in (one.text, other.text):
            made.add(one.headline, text, "hardneg", "same_headline")
    used = set(map(id, taken))
    for one in [one for one in rest if id(one) not in used][:BACKGROUND]:
        kind = "bg_long" if one.words >= 60 else "bg_short"
        made.add(one.headline, one.text, "background", kind)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    texts = [one for folder in arguments.folders for one in read_texts(folder)]
    gold = build(texts, arguments.seed)
    with arguments.out.open("w", encoding="utf-8") as out:
        for one in gold:
            out.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
    languages = Counter(one.language for one in texts)
    print(f"{len(texts):,} texts read ({dict(languages.most_common(12))})")
    print(f"{len(gold):,} documents: {dict(Counter(one.kind for one in gold))}")


if __name__ == "__main__":
    main()
