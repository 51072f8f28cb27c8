"""The constants of the verifier; `python -m benchmarks.dedupe --sensitivity` moves each of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All lengths in words, weights in words of full rarity, shares between 0 and 1.

    Where a reason names a figure, it was read off the `dev` set (2026-11), in halves by cluster.
    """

    min_shared: int = 3  # below three shingles only a phrase is shared
    min_plain: float = 0.25  # less than a quarter is never a copy; saves weighing
    min_contained: float = 0.35  # below it not even misprints explain what is not there
    same_words: float = 6.0  # an exact copy of fewer words is a label
    same_title: float = 0.3  # equal short texts under other headlines are notes
    tiny_words: float = 12.0  # a teaser
    short_words: float = 30.0  # one sentence
    summary_words: float = 60.0  # what one boilerplate sentence can fill
    medium_words: float = 150.0  # above it chance overlap is small
    tiny_containment: float = 0.9  # a tiny text must be there whole
    tiny_title: float = 0.6  # and its headline must agree
    short_containment: float = 0.7  # templates of one sentence share up to .7
    short_title: float = 0.3  # generic headline words agree in a quarter
    whole: float = 0.8  # so nearly whole that the headline may differ
    whole_weight: float = 9.0  # as many rare words: more than a set phrase
    medium_containment: float = 0.5  # half of its own text
    long_containment: float = 0.42  # OCR at 5 % leaves .42-.5 of the shingles
    passage_words: float = 10.0  # half a sentence: shared passages are shorter in rewritten texts
    rewritten_containment: float = 0.62  # copy-editing of 9 words in 100 leaves .65 and more
    misread_share: float = 0.03  # spellings (direct, indirect) differ less often, OCR more often
    min_weight: float = 6.0  # six words that no other story has
    rare: float = 0.34  # in at most three other stories
    lead_shingles: int = 40  # an opening paragraph
    lead_min: int = 8  # of fewer rare ones nothing can be said
    lead_share: float = 0.3  # OCR leaves a third
    lead_containment: float = 0.8  # nearly whole texts need no lead
    sure_weight: float = 80.0  # longer than boilerplate paragraphs
    sure_title: float = 0.6  # as for tiny texts
    numbers_changed_share: float = (
        0.015  # true copies: 99 of 100 below .02; templates: half above .06
    )
    exchanged_share: float = 0.06  # with the names; copy-editing of 9 words in 100 leaves .05
    quote_coverage: float = 0.37  # above it the text is about the other one
    quote_words: float = 30.0  # a byline or a caption may stand before it
    compilation_words: float = 200.0  # a whole article, no summary
    compilation_least_words: float = 150.0  # a short article; excerpts and summaries stay below
    compilation_coverage: float = 0.38  # round-ups of three stories and more
    compilation_containment: float = 0.85  # it must be retold whole, not in part
    digest_words: float = 250.0  # shorter ones are no round-ups
    digest_part_words: float = 45.0  # two sentences: a passage, not a phrase
    digest_part_free: float = 0.5  # of a part's shingles; those of one passage told twice overlap
    digest_coverage: float = 0.4  # as for quotes, of a part
    same_passage: float = 0.5  # two candidates share the same part, or they are two stories
    foreign_story: int = 3  # with two members there is no majority
    foreign_coverage: float = 0.7  # nearly all of it: then it is that text
    quote_early: float = 0.15  # a stray phrase is not the beginning
    apart_days: float = 2.0  # news is copied within hours
    apart_words: float = 80.0  # later ones must be long
    apart_containment: float = 0.8  # and nearly whole


RULES = Rules()
