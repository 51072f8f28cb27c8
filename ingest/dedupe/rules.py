"""The constants of the verifier; `python -m benchmarks.dedupe --sensitivity` moves each of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All lengths in words, weights in words of full rarity, shares between 0 and 1."""

    min_shared: int = 3
    min_plain: float = 0.25
    same_words: float = 6.0
    same_title: float = 0.3
    tiny_words: float = 12.0
    short_words: float = 30.0
    summary_words: float = 60.0
    medium_words: float = 150.0
    tiny_containment: float = 0.9
    tiny_title: float = 0.6
    short_containment: float = 0.7
    short_title: float = 0.3
    whole: float = 0.8
    whole_weight: float = 9.0
    medium_containment: float = 0.5
    long_containment: float = 0.42
    min_weight: float = 6.0
    rare: float = 0.34
    lead_shingles: int = 40
    lead_min: int = 8
    lead_share: float = 0.3
    lead_containment: float = 0.8
    sure_weight: float = 80.0
    sure_title: float = 0.6
    numbers_changed_share: float = 0.02
    exchanged_share: float = 0.04
    quote_coverage: float = 0.35
    quote_words: float = 30.0
    compilation_words: float = 200.0
    compilation_least_words: float = 200.0
    compilation_coverage: float = 0.38
    compilation_containment: float = 0.75
    digest_words: float = 250.0
    digest_part_words: float = 60.0
    digest_coverage: float = 0.4
    same_passage: float = 0.5
    foreign_story: int = 3
    foreign_coverage: float = 0.7
    quote_early: float = 0.15
    apart_days: float = 2.0
    apart_words: float = 80.0
    apart_containment: float = 0.8


RULES = Rules()
