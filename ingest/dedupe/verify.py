"""Is it the same text? Rules over a `Comparison`, each with a name that `ingest why` prints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ingest.dedupe.compare import Comparison, SlotCounts, count_slots
from ingest.dedupe.rules import Rules


@dataclass(frozen=True, slots=True)
class Verdict:
    rule: str | None
    quotes: bool = False
    is_compilation: bool = False
    missing: str | None = None
    vetoes: tuple[str, ...] = ()


def verify(pair: Comparison, rules: Rules, days: float = 0.0) -> Verdict:
    n = pair.words
    shared = int(min((pair.in_a & pair.a.first).sum(), (pair.in_b & pair.b.first).sum()))
    if not shared:
        return Verdict(None, missing="no shared passage")
    ua, ub = int(pair.a.first.sum()), int(pair.b.first.sum())
    if shared == ua == ub and n >= 6 and pair.title_overlap >= 0.3:
        if n >= 12 or (pair.title_overlap >= 0.6 and not pair.titles_differ_in_numbers):
            return Verdict("same_text")
    if shared < rules.min_shared or shared < rules.min_plain * min(ua, ub):
        return Verdict(None, missing="too little shared")
    c = pair.containment
    if n < rules.tiny_words:
        if (
            pair.titles_differ_in_numbers
            or c < rules.tiny_containment
            or pair.title_overlap < rules.tiny_title
        ):
            return Verdict(None, missing="tiny")
        rule = "tiny"
    elif n < rules.short_words:
        if c < rules.short_containment or pair.shared < min(rules.min_weight, n / 2):
            return Verdict(None, missing="short containment")
        if pair.title_overlap < rules.short_title and c < rules.whole:
            return Verdict(None, missing="short titles")
        rule = "short"
    else:
        need = rules.medium_containment if n < rules.medium_words else rules.long_containment
        if c < need or pair.shared < rules.min_weight:
            return Verdict(None, missing="containment")
        rule = "medium" if n < rules.medium_words else "long"
    vetoes = []
    if c < rules.lead_containment and n >= rules.short_words:
        a, b = (
            lead_share(pair.weights_a, pair.in_a, rules),
            lead_share(pair.weights_b, pair.in_b, rules),
        )
        if max(a, b) < rules.lead_share:
            vetoes.append("lead")
    s = count_slots(pair.a, pair.b)
    vetoes += slot_vetoes(s, pair)
    if vetoes:
        return Verdict(None, vetoes=tuple(vetoes))
    if pair.coverage < rules.quote_coverage:
        if pair.weight_a > pair.weight_b:
            w, m, t = pair.weights_a, pair.in_a, pair.weight_a
        else:
            w, m, t = pair.weights_b, pair.in_b, pair.weight_b
        hit = np.flatnonzero(m & (w > rules.lead_rare))
        before = float(w[: hit[0]].sum()) if len(hit) else t
        if n >= rules.compilation_words and pair.coverage < rules.compilation_coverage:
            return Verdict(rule, quotes=True, is_compilation=True)
        if before > max(rules.quote_words, rules.quote_share * t):
            return Verdict(rule, quotes=True)
    return Verdict(rule)


def lead_share(weights, shared, rules):
    w, m = weights[: rules.lead_shingles], shared[: rules.lead_shingles]
    rare = w > rules.lead_rare
    return float(m[rare].mean()) if rare.sum() >= rules.lead_min else 1.0


def slot_vetoes(s: SlotCounts, pair: Comparison) -> list[str]:
    out = []
    numbers = s.numbers_same + s.numbers_changed
    words = s.words_same + s.words_changed
    ns, ws = s.numbers_changed, s.words_changed
    nr = ns / numbers if numbers else 0.0
    wr = ws / words if words else 0.0
    contexts = numbers + words
    if (ns >= 3 and nr >= 0.4) or (ns >= 2 and nr >= 0.6):
        out.append("numbers")
    if ns >= 1 and s.numbers_same == 0 and contexts < 60:
        out.append("only number")
    if ws >= 4 and wr >= 0.15 and nr >= 0.25:
        out.append("words and numbers")
    share = max(pair.a.shape.tokens.is_number.mean(), pair.b.shape.tokens.is_number.mean())
    if share > 0.4 and ns >= 1:
        out.append("table")
    return out
