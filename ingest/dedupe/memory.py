"""The whole stage in memory: what the database does, for tests and for bulk work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ingest.dedupe.answers import Answers, Lookup, once
from ingest.dedupe.candidates import choose
from ingest.dedupe.decide import decide
from ingest.dedupe.decision import MAX_POSTINGS, Decision, Document, Frequencies
from ingest.dedupe.meetings import Asked
from ingest.dedupe.rules import RULES, Rules


class MemoryIndex:
    """A `CandidateIndex` of dictionaries."""

    def __init__(self) -> None:
        self._articles: defaultdict[int, list[int]] = defaultdict(list)

    def add(self, article_id: int, postings: Sequence[int]) -> None:
        """Index an article; articles are added in order of their ids."""
        for posting in postings:
            self._articles[posting].append(article_id)

    def articles_with(self, hashes: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """The newest articles of each hash, oldest of them first."""
        found = {}
        for one in hashes:
            articles = self._articles.get(one)
            if articles:
                found[one] = articles[-MAX_POSTINGS - 1 :]
        return found


class MemoryStories:
    """Stories of articles added one after the other. A story's id is its first article's.

    One that had to leave it gets a negative id: its own number is taken by the story it founded.
    """

    def __init__(self, rules: Rules = RULES) -> None:
        self.index = MemoryIndex()
        self.documents: dict[int, Document] = {}
        self.story_of: dict[int, int] = {}
        self.members: dict[int, list[int]] = {}
        self._shingles_of: dict[int, int] = {}
        self._rules = rules

    def add(self, document: Document) -> Decision:
        """Decide about one article and put it into its story."""
        asked = Asked(document.article_id, document.reading.question)
        postings: dict[int, Sequence[int]] = dict.fromkeys(asked.hashes.tolist(), ())
        postings.update(self.index.articles_with([*postings]))
        answers = Answers.of(postings)
        met = once(answers.articles)
        lengths = Lookup(met, np.array([self._shingles_of[one] for one in met.tolist()], np.int64))
        chosen = choose(asked, answers, self.story_of, lengths)
        for reading in [document.reading, *(self.documents[x.article_id].reading for x in chosen)]:
            postings.update(self.index.articles_with(reading.sampled))
        frequencies = Frequencies(postings, self.story_of)
        candidates = [
            replace(
                self.documents[one.article_id],
                story_id=one.story_id,
                story_size=len(self.members[one.story_id]),
                story_support=one.support,
            )
            for one in chosen
        ]
        decision = decide(document, candidates, frequencies, self._rules)
        self._apply(document, decision)
        self._shingles_of[document.article_id] = asked.shingles
        reading = document.reading
        self.index.add(document.article_id, sorted({*reading.sampled, *reading.title_postings}))
        return decision

    def _free_id(self, article: int) -> int:
        return article if article not in self.members else -article

    def _apply(self, document: Document, decision: Decision) -> None:
        story = document.article_id
        if decision.join_story is not None:
            together = (decision.join_story, *decision.merge_stories)
            story = min(together)
            for other in together:
                if other != story:
                    moved = self.members.pop(other)
                    self.members[story] += moved
                    self.story_of.update(dict.fromkeys(moved, story))
        for article in decision.leaves:
            left = self.story_of[article]
            if len(self.members[left]) > 1:
                self.members[left].remove(article)
                self.story_of[article] = self._free_id(article)
                self.members[self.story_of[article]] = [article]
        self.documents[document.article_id] = document
        self.story_of[document.article_id] = story
        self.members.setdefault(story, []).append(document.article_id)
