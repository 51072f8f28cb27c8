"""Which articles are worth comparing: votes of the hashes they share with a new one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.dedupe.fingerprint import as_postings
from ingest.dedupe.reading import Reading

# All shingles of a text up to this length are looked up, whatever its own sample: a summary may
# stand anywhere in a longer text, whose index rows were sampled there by a sixteenth.
LOOK_UP_WHOLE = 100
# A hash of more stories than this votes for none: it stands in boilerplate or is a common phrase.
MAX_STORIES_A_HASH = 16
MAX_STORIES = 6  # stories compared with; more changed nothing on `dev`
DOCUMENTS_A_STORY = 2  # of each, the two that share most: one may be an abridgement of its own
# One hash in common is a phrase in common, unless the text has hardly more than one.
MIN_HASHES = 2
FEW_HASHES = 8
# A member supports its story's claim if it shares a quarter of what the best member does.
SUPPORT_SHARE = 0.25
MIN_VOTE_SHARE = 0.15  # of the best story's votes: below that only common phrases are shared


def hashes_to_look_up(reading: Reading) -> tuple[int, ...]:
    """The hashes by which the index is asked about a text (signed)."""
    shingles = reading.shape.shingles
    text = reading.sampled if len(shingles) > LOOK_UP_WHOLE else as_postings(shingles)
    # That of the headline twice: it is a sentence in common, not a phrase, and where one side has
    # no text it is all that there is.
    return (*{*text, *reading.title_postings}, *reading.title_postings)


@dataclass(frozen=True, slots=True)
class Chosen:
    """An article to compare with; `support` articles of its story share hashes in plenty."""

    article_id: int
    story_id: int
    support: int


def choose(
    hashes: Sequence[int],
    postings: Mapping[int, Sequence[int]],
    story_of: Mapping[int, int],
) -> list[Chosen]:
    """The articles to compare with, best first.

    `postings` are the index's answers; articles that `story_of` does not know are not yet
    decided and are passed over. Every hash adds one over the root of its stories to the stories
    that have it, so that a phrase of fifty stories counts as much as a seventh of a rare one.
    """
    votes: defaultdict[int, float] = defaultdict(float)
    voting: list[int] = []  # the articles of the hashes that count, as often as they have one
    story_with = story_of.get
    for one in hashes:
        articles = postings.get(one)
        if not articles:
            continue
        if len(articles) == 1:
            story = story_with(articles[0])
            if story is not None:
                votes[story] += 1.0
                voting.append(articles[0])
            continue
        having = set(map(story_with, articles))
        having.discard(None)
        if not having or len(having) > MAX_STORIES_A_HASH:
            continue
        vote = len(having) ** -0.5
        for story in having:
            votes[story] += vote  # type: ignore[index]  # None was discarded
        voting += articles
    if not votes:
        return []
    enough_votes = MIN_VOTE_SHARE * max(votes.values())
    ranked = sorted((-vote, story) for story, vote in votes.items() if vote >= enough_votes)
    members: dict[int, list[tuple[int, int]]] = {story: [] for _, story in ranked[:MAX_STORIES]}
    for article, count in Counter(voting).items():
        found = members.get(story_with(article))  # type: ignore[arg-type]
        if found is not None:
            found.append((-count, article))
    least = 1 if len(hashes) <= FEW_HASHES else MIN_HASHES
    chosen: list[Chosen] = []
    for story, found in members.items():
        # Of equal ones the oldest: it is the likelier original, and the choice is deterministic.
        found.sort()
        most = -found[0][0]
        if most < least:
            continue
        enough = SUPPORT_SHARE * most
        support = sum(-count >= enough for count, _ in found)
        chosen += [Chosen(article, story, support) for _, article in found[:DOCUMENTS_A_STORY]]
    return chosen
