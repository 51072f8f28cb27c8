"""In how many stories hashes occur, while a batch is decided one article after the other.

Nearly all articles that have a hash were decided before the batch: their stories are counted in
arrays over all hashes at once. What the batch adds is counted before the next article needs it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from ingest.dedupe.answers import Answers, Lookup, is_among, once, runs
from ingest.dedupe.decision import Frequencies
from ingest.dedupe.tokenise import Flags, Floats, Ints

_NO_STORY = 0
_STORY_BITS = 40  # of a key of hash and story
_STORY_MASK = (1 << _STORY_BITS) - 1
_ZERO = 1 << (_STORY_BITS - 1)  # added: temporary stories have negative ids
_NO_TURN = 1 << 40


class StoryCounts:
    """The stories of the hashes of a batch; `batch` are its articles, in order of their turns."""

    def __init__(self, batch: Sequence[int]) -> None:
        self._batch = batch
        self._turn = {one: turn for turn, one in enumerate(batch)}
        self._turns = Lookup.of_pairs(np.array(batch, np.int64), np.arange(len(batch)))
        self._counted: list[_Counted] = []
        self._done = 0  # so many articles had their turn and are counted

    def unknown(self, hashes: Collection[int]) -> Ints:
        """Those of these hashes that were not counted yet, in order."""
        left = once(np.fromiter(hashes, np.int64, len(hashes)))
        for part in self._counted:
            left = left[~is_among(left, part.answers.hashes)]
        return left

    def strangers(self, answers: Answers) -> Ints:
        """The articles in the answers that are not of the batch, each once."""
        every = once(answers.articles)
        return every[~is_among(every, self._turns.keys)]

    def add(self, answers: Answers, of_strangers: Lookup, story_of: Mapping[int, int]) -> None:
        """Count hashes that were not counted yet. `story_of` are the batch's stories so far."""
        of_batch = np.array([story_of.get(one, _NO_STORY) for one in self._turns.keys.tolist()])
        of_batch = Lookup(self._turns.keys, of_batch).get(answers.articles, _NO_STORY)
        stories = of_strangers.get(answers.articles, of_batch)
        turns = self._turns.get(answers.articles, _NO_TURN)
        self._counted.append(_Counted(answers, stories, turns))

    def merge(self, one: int, into: int) -> None:
        """A story went into another one."""
        for part in self._counted:
            part.change(part.stories == one, into)

    def move(self, article: int, story: int) -> None:
        """An article went into another story."""
        for part in self._counted:
            part.change(part.answers.articles == article, story)

    def at_turn_of(self, article: int, story_of: Mapping[int, int]) -> Frequencies:
        """The frequencies when this article of the batch is decided; `story_of` as it is then."""
        turn = self._turn[article]
        passed = self._batch[self._done : turn + 1]
        stories = np.array([story_of.get(one, _NO_STORY) for one in passed], np.int64)
        for part in self._counted:
            part.take(self._done, stories)
        self._done = turn
        return _Counts(self._counted)


class _Counted:
    """Hashes that were counted together: the articles that have them, and their stories."""

    def __init__(self, answers: Answers, stories: Ints, turns: Ints) -> None:
        self.answers = answers
        self.counts = _distinct(len(answers.hashes), _of_hash(answers), stories)
        self.stories = stories
        self._of_hash = _of_hash(answers)
        of_batch = np.flatnonzero(turns != _NO_TURN)
        self._in_turn = of_batch[np.argsort(turns[of_batch], kind="stable")]
        self._turns = turns[self._in_turn]

    def take(self, first: int, stories: Ints) -> None:
        """The articles of the batch from the turn `first` on have these stories now."""
        begin, end = self._turns.searchsorted([first, first + len(stories)])
        at = self._in_turn[begin:end]
        new = stories[self._turns[begin:end] - first]
        changed = new != self.stories[at]
        self.stories[at] = new
        self._recount(at[changed])

    def change(self, which: Flags, story: int) -> None:
        """These of the articles are in that story now."""
        at = np.flatnonzero(which)
        self.stories[at] = story
        self._recount(at)

    def _recount(self, changed: Ints) -> None:
        if not len(changed):
            return
        places = once(self._of_hash[changed])
        begins, ends = self.answers.begins[places], self.answers.begins[places + 1]
        at = runs(begins, ends - begins)
        of_place = np.repeat(np.arange(len(places)), ends - begins)
        self.counts[places] = _distinct(len(places), of_place, self.stories[at])


class _Counts(Frequencies):
    """Stories as they were counted. Hashes that were not asked for have none."""

    __slots__ = ("_counted",)

    def __init__(self, counted: Sequence[_Counted]) -> None:
        super().__init__({}, {})
        self._counted = counted

    def counts_of(self, hashes: Sequence[int]) -> Floats:
        wanted = np.array(hashes, np.int64)
        found = np.zeros(len(wanted))
        for part in self._counted:
            found += Lookup(part.answers.hashes, part.counts).get(wanted, 0)
        return found

    def stories_with(self, one: int) -> int:
        return int(self.counts_of([one])[0])

    def stories_of(self, hashes: Sequence[int], besides: int) -> tuple[Ints, Ints]:
        wanted = np.array(hashes, np.int64)
        found = [np.empty(0, np.int64)]
        for part in self._counted:
            places = np.flatnonzero(is_among(wanted, part.answers.hashes))
            rows = part.answers.hashes.searchsorted(wanted[places])
            begins, counts = part.answers.begins[rows], np.diff(part.answers.begins)[rows]
            at = runs(begins, counts)
            stories = part.stories[at]
            meant = (part.answers.articles[at] != besides) & (stories != _NO_STORY)
            found.append(_keys(np.repeat(places, counts)[meant], stories[meant]))
        pairs = once(np.concatenate(found))
        return pairs >> _STORY_BITS, (pairs & _STORY_MASK) - _ZERO


def _of_hash(answers: Answers) -> Ints:
    return np.repeat(np.arange(len(answers.hashes)), np.diff(answers.begins))


def _distinct(hashes: int, of_hash: Ints, stories: Ints) -> Ints:
    """In how many of the stories each of so many hashes occurs."""
    has = np.flatnonzero(stories != _NO_STORY)
    return np.bincount(once(_keys(of_hash[has], stories[has])) >> _STORY_BITS, minlength=hashes)


def _keys(hashes: Ints, stories: Ints) -> Ints:
    """A number for each pair of a hash, by its place, and a story."""
    return np.asarray((hashes << _STORY_BITS) + (stories + _ZERO))
