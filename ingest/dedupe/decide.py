"""One new article against its candidates: which match, and which story follows from that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ingest.dedupe.candidates import Chosen
from ingest.dedupe.compare import Comparison, common, compare
from ingest.dedupe.decision import Decision, Document, Frequencies, NearMiss
from ingest.dedupe.digest import longer_of, tells_of_others
from ingest.dedupe.fingerprint import VERSION
from ingest.dedupe.reading import Reading
from ingest.dedupe.rules import RULES, Rules
from ingest.dedupe.verify import LITTLE, Verdict, is_same_headline, lead_share, too_little, verify
from ingest.model import Match, Relation

_DAY_SECONDS = 86_400.0
SAME_HEADLINE = "same_headline"  # the one rule that looks at no text


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """A candidate that shares the text, or part of it."""

    candidate: Document
    pair: Comparison
    verdict: Verdict


def examine(
    document: Document,
    candidate: Document,
    frequencies: Frequencies,
    rules: Rules = RULES,
) -> tuple[Comparison | None, Verdict]:
    """Compare two articles and judge; None where they share too little to be weighed."""
    a, b = document.reading, candidate.reading
    days = abs((document.at - candidate.at).total_seconds()) / _DAY_SECONDS
    if is_label(document, candidate):
        return None, Verdict(None, missing="one outlet's headline twice, and no text of either")
    # A headline that two stories have already is a label, or a coincidence, and joins nothing.
    by_headline = (
        is_same_headline(a, b, days, rules)
        and max(map(frequencies.stories_with, a.title_postings), default=0) <= 1
    )
    shared = common(a, b)
    missing = too_little(shared.count, (a.count, b.count), rules)
    if missing is not None and not by_headline:
        return None, Verdict(None, missing=missing)
    pair = compare(a, b, shared, frequencies.weights(a), frequencies.weights(b))
    if by_headline:
        return pair, Verdict(SAME_HEADLINE)
    return pair, verify(pair, rules, days)


def is_label(one: Document, other: Document) -> bool:
    """Whether all that is known of both is one publisher's headline, outlet's name and all.

    Nobody republishes his own piece without its text. What comes under one headline again is a
    page ("News by … on …", a price, a gallery), or so short that nothing speaks for a copy.
    """
    a, b = one.reading.shape, other.reading.shape
    return (
        one.publisher_id == other.publisher_id
        and a.is_headline_only
        and b.is_headline_only
        and np.array_equal(a.headline.tokens.hashes, b.headline.tokens.hashes)
    )


def hashes_to_count(pairs: Sequence[tuple[Reading, Reading]], rules: Rules = RULES) -> set[int]:
    """The hashes of which it matters in how many stories they are when these are compared.

    Those of both texts, which nearly always share enough where outlines did not tell them apart;
    those of the headline where it may be all there is.
    """
    texts = {id(one): one for pair in pairs for one in pair}
    headlines = {id(a): a for a, b in pairs if is_same_headline(a, b, 0.0, rules)}
    return {
        *chain.from_iterable(one.sampled for one in texts.values()),
        *chain.from_iterable(one.title_postings for one in headlines.values()),
    }


def decide(
    document: Document,
    candidates: Sequence[Document],
    frequencies: Frequencies,
    rules: Rules = RULES,
    apart: Sequence[Chosen] = (),
) -> Decision:
    """Compare `document` with `candidates` (decided ones, of any number of stories).

    `apart` are those whose texts are known to share too little with it.
    """
    hits: list[Hit] = []
    misses = [NearMiss(document.article_id, one.article_id, LITTLE) for one in apart]
    for candidate in candidates:
        pair, verdict = examine(document, candidate, frequencies, rules)
        if pair is not None and verdict.rule is not None:
            hits.append(Hit(candidate, pair, verdict))
        else:
            misses.append(
                NearMiss(document.article_id, candidate.article_id, verdict.missing, verdict.vetoes)
            )
    hits, others = _texts_decide(document, hits, candidates, apart)
    misses += others
    hits.sort(key=lambda hit: (-hit.pair.resemblance, hit.candidate.article_id))
    digest = _is_digest(document, hits, rules)
    # Stories of which this article retells a whole text among others: it joins none of them.
    retold = {
        hit.candidate.story_id
        for hit in hits
        if hit.verdict.is_compilation and document.reading.words >= hit.candidate.reading.words
    }
    matches, stories = [], []
    best: Hit | None = None
    for hit in hits:
        story = hit.candidate.story_id
        merges = not (digest or hit.verdict.quotes or story in retold or is_foreign(hit, rules))
        merges = merges and not tells_of_several(document, hit, frequencies, rules)
        if merges and best is not None and story not in stories:
            merges = shares_passage(best, hit, rules)
        matches.append(_match(document, hit, _relation(hit, merges=merges, digest=digest)))
        if merges and story is not None and story not in stories:
            stories.append(story)
            best = best or hit
    # A compilation that came first may have gathered the story's short members around it.
    leaves = [
        hit.candidate.article_id
        for hit in hits
        if (hit.verdict.is_compilation and hit.candidate.story_id in stories)
        or is_out_of_place(hit, frequencies, rules)
    ]
    return Decision(
        document.article_id,
        tuple(matches),
        stories[0] if stories else None,
        tuple(stories[1:]),
        tuple(leaves),
        tuple(misses),
    )


def _texts_decide(
    document: Document,
    hits: list[Hit],
    candidates: Sequence[Document],
    apart: Sequence[Chosen],
) -> tuple[list[Hit], list[NearMiss]]:
    """Leave out equal headlines where a story's text was read and is another one.

    A newsletter and a report have run under one headline; an entry without text of its own, which
    joined the report, does not make the newsletter a copy of it.
    """
    if document.reading.shape.is_headline_only:
        return hits, []
    same = {hit.candidate.article_id for hit in hits}
    differs = {
        one.story_id
        for one in candidates
        if one.article_id not in same and not one.reading.shape.is_headline_only
    }
    differs |= {one.story_id for one in apart}
    kept, others = [], []
    for hit in hits:
        if hit.verdict.rule == SAME_HEADLINE and hit.candidate.story_id in differs:
            missing = "the headline is the same, but the text of its story is another"
            others.append(NearMiss(document.article_id, hit.candidate.article_id, missing))
        else:
            kept.append(hit)
    return kept, others


def tells_of_several(document: Document, hit: Hit, frequencies: Frequencies, rules: Rules) -> bool:
    """Whether the longer text is a round-up, of which the shorter one is a part."""
    if hit.verdict.rule == SAME_HEADLINE or hit.pair.coverage >= rules.digest_coverage:
        return False
    longer, shared = longer_of(document, hit.candidate, hit.pair)
    return tells_of_others(longer, hit.candidate.story_id, frequencies, rules, shared)


def is_out_of_place(hit: Hit, frequencies: Frequencies, rules: Rules) -> bool:
    """Whether a candidate that is in a story turns out to tell more of others."""
    candidate, pair = hit.candidate, hit.pair
    if candidate.story_size < 2 or hit.verdict.rule == SAME_HEADLINE:
        return False
    if pair.coverage >= rules.digest_coverage or pair.weight_a > pair.weight_b:
        return False
    if lead_share(pair.weights_a, pair.in_a, rules) < rules.lead_share:
        return False  # it is the other way round: the new text is the one that gathers passages
    return tells_of_others(candidate, candidate.story_id, frequencies, rules, beside=pair.in_b)


def shares_passage(one: Hit, other: Hit, rules: Rules) -> bool:
    """Whether two candidates share the same part of the new article.

    If they do not, they are two stories of which it tells both, and it merges neither into the
    other.
    """
    pair = one.pair
    both = pair.in_a & other.pair.in_a
    common = float(pair.weights_a[both].sum())
    return common >= rules.same_passage * min(pair.shared, other.pair.shared)


def is_foreign(hit: Hit, rules: Rules) -> bool:
    """The shared part is in one member of the story only, and is not the best part of it.

    A text that was put into one outlet's copy (an update, a related report) is not what the other
    members republish.
    """
    candidate = hit.candidate
    return (
        hit.verdict.rule != SAME_HEADLINE
        and candidate.story_size >= rules.foreign_story
        and candidate.story_support < 2
        and hit.pair.coverage < rules.foreign_coverage
    )


def _is_digest(document: Document, hits: Sequence[Hit], rules: Rules) -> bool:
    """A long text that partly overlaps several stories tells them all and republishes none."""
    if document.reading.words <= rules.digest_words or not hits:
        return False
    parts = {
        hit.candidate.story_id
        for hit in hits
        if hit.candidate.reading.words >= rules.digest_part_words
    }
    return len(parts) >= 2 and all(hit.pair.coverage < rules.digest_coverage for hit in hits)


def _relation(hit: Hit, *, merges: bool, digest: bool) -> Relation:
    if digest:
        return Relation.DIGEST
    if not merges:
        return Relation.QUOTES
    pair = hit.pair
    if hit.verdict.rule == "same_text":
        return Relation.IDENTICAL
    # A copy that was only shortened keeps nearly all of its own words in the original, and the
    # original keeps fewer than nine tenths of its own in the copy.
    if pair.containment_a >= 0.9 > pair.containment_b:
        return Relation.ABRIDGED
    if pair.containment_b >= 0.9 > pair.containment_a:
        return Relation.EXTENDED
    if pair.words < 0.7 * max(pair.a.words, pair.b.words):
        return Relation.ABRIDGED if pair.a.words < pair.b.words else Relation.EXTENDED
    return Relation.EDITED


def _match(document: Document, hit: Hit, relation: Relation) -> Match:
    pair = hit.pair
    return Match(
        article_id=document.article_id,
        of_article_id=hit.candidate.article_id,
        relation=relation,
        resemblance=round(pair.resemblance, 4),
        containment=round(min(1.0, pair.containment_a), 4),
        containment_of=round(min(1.0, pair.containment_b), 4),
        shared_weight=round(pair.shared, 2),
        rule=hit.verdict.rule or "",
        gap_seconds=int((document.at - hit.candidate.at).total_seconds()),
        fingerprint_version=VERSION,
    )
