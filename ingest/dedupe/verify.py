"""Is it the same text? Rules over a `Comparison`, each with a name that `ingest why` prints.

enough in common? -> same text? -> contained enough, for its length?
  -> vetoes: another lead, exchanged numbers, exchanged names
  -> only a part of something longer? then it is quoted, not republished
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ingest.dedupe.changes import Changes, changes
from ingest.dedupe.compare import Comparison, healed
from ingest.dedupe.fingerprint import Shape
from ingest.dedupe.outline import Outline, bounds
from ingest.dedupe.reading import Reading
from ingest.dedupe.rules import Rules
from ingest.dedupe.tokenise import Flags, Floats

LITTLE = "less than a quarter of the shorter text shared"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say about a pair.

    `rule` is the rule by which the texts match, None if they do not; then `missing` says what was
    not there, or `vetoes` what spoke against it. `quotes`: the shorter is a part of the longer,
    which is another article. `is_compilation`: the longer retells the whole shorter one among
    others.
    """

    rule: str | None
    quotes: bool = False
    is_compilation: bool = False
    missing: str | None = None
    vetoes: tuple[str, ...] = ()


def verify(pair: Comparison, rules: Rules, days: float = 0.0) -> Verdict:
    """Judge two texts that are `days` apart."""
    if is_same_text(pair, rules):
        return Verdict("same_text")
    if pair.containment < rules.min_contained:
        return Verdict(None, missing=containment_rule(pair, rules)[1])
    changed = changes_of(pair)
    pair = healed(pair, changed)
    rule, missing = containment_rule(pair, rules)
    if rule is None:
        return Verdict(None, missing=missing)
    vetoes = tuple(vetoes_on(pair, changed, rules, days))
    if vetoes:
        return Verdict(None, vetoes=vetoes)
    if is_compilation(pair, rules):
        return Verdict(rule, quotes=True, is_compilation=True)
    return Verdict(rule, quotes=is_quoted(pair, rules))


def too_little(shared: int, counts: tuple[int, int], rules: Rules) -> str | None:
    """What is missing before two texts are worth weighing; None: nothing.

    `shared` of their `counts` different shingles are common to both.
    """
    if not shared:
        return "no shared passage"
    if shared < min(rules.min_shared, *counts):
        return "fewer than three shared passages"
    if shared < rules.min_plain * min(counts):
        return LITTLE
    return None


def share_too_little(
    pairs: Sequence[tuple[Outline | None, Outline | None]], rules: Rules
) -> list[bool]:
    """Of each pair of texts, whether its outlines are enough to tell that `too_little` is shared.

    False says nothing. A text that is no more than its headline has no outline, so that headlines
    do not come into it.
    """
    told = [False] * len(pairs)
    known = [(one, other) for one, other in pairs if one is not None and other is not None]
    places = [place for place, pair in enumerate(pairs) if None not in pair]
    if known:
        shared, counts = bounds(known)
        for place, most, least in zip(places, shared.tolist(), counts.tolist(), strict=True):
            told[place] = too_little(most, (least, least), rules) is not None
    return told


def is_same_headline(a: Reading, b: Reading, days: float, rules: Rules) -> bool:
    """The same headline, where one side has no text of its own to say otherwise.

    Google News gives the headline again and the outlet's name. Where both have texts these decide:
    a newsletter and a report have run under one headline. A headline of fewer than five words has
    no keys.
    """
    left, right = a.shape, b.shape
    if not (left.is_headline_only or right.is_headline_only) or days >= rules.apart_days:
        return False
    return bool(set(left.headline.keys) & set(right.headline.keys))


def is_same_text(pair: Comparison, rules: Rules) -> bool:
    """The same words in the same order, or so nearly that no shingle differs."""
    if not pair.shared_count == pair.counts[0] == pair.counts[1]:
        return False
    if pair.words >= rules.tiny_words:
        return pair.title_overlap >= rules.same_title or pair.words >= rules.medium_words
    return (
        pair.words >= rules.same_words
        and pair.title_overlap >= rules.tiny_title
        and not pair.titles_differ_in_numbers
    )


def containment_rule(pair: Comparison, rules: Rules) -> tuple[str | None, str | None]:
    """The rule by which enough of the shorter text is in the longer one, or what is missing."""
    contained, words = pair.containment, pair.words
    if is_headline_in_text(pair) and pair.title_overlap < rules.tiny_title:
        return None, "a headline in a text under another one"
    if words < rules.tiny_words:
        if contained < rules.tiny_containment:
            return None, f"{contained:.2f} contained, {rules.tiny_containment:.2f} needed"
        if pair.title_overlap < rules.tiny_title or pair.titles_differ_in_numbers:
            return None, "a text this short needs agreeing headlines"
        return "tiny", None
    if words < rules.short_words:
        least, weight = rules.short_containment, min(rules.min_weight, words / 2)
    elif words < rules.medium_words:
        least, weight = rules.medium_containment, rules.min_weight
    else:
        least, weight = rules.long_containment, rules.min_weight
    if words >= rules.short_words and pair.passage_length < rules.passage_words:
        # Nowhere a sentence as it was: another hand wrote it, about this or about the like of it.
        least = rules.rewritten_containment
    if contained < least:
        return None, f"{contained:.2f} contained, {least:.2f} needed"
    if pair.shared < weight:
        return None, f"shared weight {pair.shared:.1f}, {weight:.1f} needed: common phrases only"
    if words < rules.summary_words:
        # So little text may be one sentence of boilerplate, or two reports of one event.
        sure = contained >= rules.whole and pair.shared >= rules.whole_weight
        if pair.title_overlap < rules.short_title and not sure:
            return None, "a text this short needs agreeing headlines"
    if words < rules.short_words:
        return "short", None
    return ("medium" if words < rules.medium_words else "long"), None


def is_headline_in_text(pair: Comparison) -> bool:
    """Whether of one of the two there is only the headline.

    Pages and round-ups carry the headlines of other reports, as links or above their parts.
    """
    return pair.a.shape.is_headline_only != pair.b.shape.is_headline_only


def vetoes_on(pair: Comparison, changed: Changes, rules: Rules, days: float) -> list[str]:
    """What speaks against a match although enough is contained."""
    found = []
    doubtful = pair.containment < rules.lead_containment and pair.words >= rules.short_words
    if doubtful and not pair.same_titles and not has_lead(pair, rules):
        found.append("lead: the opening of neither text is in the other")
    found += template_vetoes(changed, rules)
    if tells_of_another(pair):
        found.append("subject: each headline names what only its own text tells of")
    whole = pair.words >= rules.apart_words and pair.containment >= rules.apart_containment
    if days >= rules.apart_days and not whole:
        found.append(f"time: {days:.0f} days apart, and not a long whole text")
    return found


def tells_of_another(pair: Comparison) -> bool:
    """Whether each headline has a word that its own text has and the other article nowhere.

    Templates and running stories repeat the text and exchange what it is about. A copy may have
    another headline, but what this takes from the text is in the original too, or was cut from it:
    then one of the two has nothing of its own.
    """
    a, b = pair.a.shape, pair.b.shape
    return _has_own_subject(a, b) and _has_own_subject(b, a)


def _has_own_subject(one: Shape, other: Shape) -> bool:
    said = other.headline.words | other.headline.numbers
    own = (one.headline.words | one.headline.numbers) - said
    if not own:
        return False
    told = own.intersection(one.tokens.hashes.tolist())
    return len(told) > 0 and not told.issubset(other.tokens.hashes.tolist())


def changes_of(pair: Comparison) -> Changes:
    """What the two texts exchange in equal places."""
    a, b = pair.a, pair.b
    return changes(a.shape.tokens, b.shape.tokens, a.skeleton, b.skeleton, pair.in_a, pair.in_b)


def template_vetoes(changed: Changes, rules: Rules) -> list[str]:
    """Vetoes on texts that say the same about other things."""
    found = []
    numbers, words = changed.numbers_changed, changed.words_changed
    # A text with many misspelt words was read by a machine, which misreads numbers as often.
    is_misread = changed.misspelt >= rules.misread_share * changed.places
    noise = changed.misspelt if is_misread else 0
    if numbers > rules.numbers_changed_share * changed.places + noise:
        found.append(f"numbers: {numbers} exchanged in {changed.places} equal places")
    elif numbers and numbers + words > rules.exchanged_share * changed.places + noise:
        found.append(
            f"names: {words} words and {numbers} numbers exchanged in {changed.places} equal places"
        )
    return found


def has_lead(pair: Comparison, rules: Rules) -> bool:
    """Whether the opening of one text is in the other.

    That of the lighter text settles it. That of the heavier one counts where much is shared or the
    headlines agree: an outlet may put other matter in front of its copy.
    """
    shares = (
        lead_share(pair.weights_a, pair.in_a, rules),
        lead_share(pair.weights_b, pair.in_b, rules),
    )
    lighter, heavier = shares if pair.weight_a <= pair.weight_b else shares[::-1]
    sure = pair.shared >= rules.sure_weight or pair.title_overlap >= rules.sure_title
    return lighter >= rules.lead_share or (sure and heavier >= rules.lead_share)


def lead_share(weights: Floats, shared: Flags, rules: Rules) -> float:
    """The share of the rare shingles of a text's opening that are shared; 1 if they are too few."""
    rare = weights[: rules.lead_shingles] > rules.rare
    if rare.sum() < rules.lead_min:
        return 1.0
    return float(shared[: rules.lead_shingles][rare].mean())


def is_compilation(pair: Comparison, rules: Rules) -> bool:
    """A whole article, not a summary, is a small part of the longer text."""
    # The shorter the retold text, the smaller the share at which it can only be one of several.
    # Its boilerplate does not count.
    length = min(pair.weight_a, pair.weight_b)
    share = rules.compilation_coverage * min(1.0, length / rules.compilation_words)
    return (
        length >= rules.compilation_least_words
        and pair.coverage < share
        and pair.containment >= rules.compilation_containment
    )


def is_quoted(pair: Comparison, rules: Rules) -> bool:
    """The shared part is small and begins far from the opening of the longer text."""
    if pair.coverage >= rules.quote_coverage or pair.same_titles:
        return False  # under the same headline it is a copy with other matter in front
    if pair.weight_a > pair.weight_b:
        weights, shared = pair.weights_a, pair.in_a
    else:
        weights, shared = pair.weights_b, pair.in_b
    # Where the shared part begins in earnest: a stray phrase before it is not its beginning.
    found = np.cumsum(np.where(shared, weights, 0.0))
    begins = int(np.searchsorted(found, rules.quote_early * pair.shared))
    if begins >= len(weights):
        return True
    return float(weights[:begins].sum() - found[begins]) > rules.quote_words
