"""What the index answers about many hashes at once, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from ingest.dedupe.tokenise import Flags, Ints

_NONE: Ints = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What the index says of hashes, which are in order: the newest articles that have each.

    Those of hash `i` are `articles[begins[i] : begins[i + 1]]`.
    """

    hashes: Ints
    begins: Ints
    articles: Ints

    @staticmethod
    def of(postings: Mapping[int, Sequence[int]]) -> Answers:
        """From lists by hash."""
        rows = sorted(postings.items())
        counts = [len(articles) for _, articles in rows]
        return Answers(
            np.array([one for one, _ in rows], np.int64),
            np.append(0, np.cumsum(counts, dtype=np.int64)),
            np.fromiter(chain.from_iterable(articles for _, articles in rows), np.int64),
        )

    @staticmethod
    def marked(hashes: Ints, written: str) -> Answers:
        """Of hashes in order, from a text of articles: below zero, whose articles follow.

        -1 is the first hash, -2 the second. Those that are not named have no articles.
        """
        numbers = np.fromstring(written, np.int64, sep=",") if written else _NONE
        marks = np.flatnonzero(numbers < 0)
        places = -1 - numbers[marks]
        order = np.argsort(places, kind="stable")
        lengths = np.diff(np.append(marks, len(numbers))) - 1
        counts = np.zeros(len(hashes), np.int64)
        counts[places] = lengths
        articles = numbers[runs(marks[order] + 1, lengths[order])]
        return Answers(hashes, np.append(0, np.cumsum(counts)), articles)

    @staticmethod
    def together(parts: Sequence[Answers]) -> Answers:
        """Of the hashes of all of these, none of which is in two of them."""
        if len(parts) == 1:
            return parts[0]
        hashes = np.concatenate([_NONE, *(one.hashes for one in parts)])
        counts = np.concatenate([_NONE, *(np.diff(one.begins) for one in parts)])
        articles = np.concatenate([_NONE, *(one.articles for one in parts)])
        unordered = Answers(hashes, np.append(0, np.cumsum(counts)), articles)
        return unordered.at(np.argsort(hashes))

    def with_more(self, other: Answers) -> Answers:
        """The same hashes, with the articles that `other` knows of them too."""
        more = other.at(np.flatnonzero(is_among(other.hashes, self.hashes)))
        places = self.hashes.searchsorted(more.hashes)
        if not len(self.articles) or not len(more.articles):
            mine = self
        elif self.articles.max() < more.articles.min():
            mine = self  # as nearly always: none of them was indexed before
        else:
            mine = self._without(once(more.articles))
        own, its = np.diff(mine.begins), np.zeros(len(self.hashes), np.int64)
        its[places] = np.diff(more.begins)
        begins = np.append(0, np.cumsum(own + its))
        articles = np.empty(begins[-1], np.int64)
        articles[runs(begins[:-1], own)] = mine.articles
        articles[runs((begins[:-1] + own)[places], its[places])] = more.articles
        return Answers(self.hashes, begins, articles)

    def _without(self, articles: Ints) -> Answers:
        of_hash = np.repeat(np.arange(len(self.hashes)), np.diff(self.begins))
        kept = ~is_among(self.articles, articles)
        counts = np.bincount(of_hash[kept], minlength=len(self.hashes))
        return Answers(self.hashes, np.append(0, np.cumsum(counts)), self.articles[kept])

    def only(self, hashes: Iterable[int]) -> Answers:
        """Of these hashes alone."""
        wanted = np.sort(np.fromiter(hashes, np.int64))
        return self.at(self.hashes.searchsorted(wanted[is_among(wanted, self.hashes)]))

    def lists(self, hashes: Iterable[int]) -> dict[int, list[int]]:
        """The articles of those of the hashes that the answers know."""
        part = self.only(hashes)
        ends = part.begins.tolist()
        articles = part.articles.tolist()
        return {
            one: articles[begin:end]
            for one, (begin, end) in zip(part.hashes.tolist(), pairwise(ends), strict=True)
        }

    def at(self, places: Ints) -> Answers:
        """Of the hashes that stand at these places, which are in order."""
        begins = self.begins[places]
        counts = self.begins[places + 1] - begins
        return Answers(
            self.hashes[places],
            np.append(0, np.cumsum(counts)),
            self.articles[runs(begins, counts)],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """A number for each of many numbers: `keys` are in order."""

    keys: Ints
    values: Ints

    @staticmethod
    def of_pairs(keys: Ints, values: Ints) -> Lookup:
        """From keys in any order, each once, and their values."""
        order = np.argsort(keys)
        return Lookup(keys[order], values[order])

    def get(self, wanted: Ints, otherwise: Ints | int) -> Ints:
        """The value of each of `wanted`, or what else it is where none is known."""
        if not len(self.keys):
            return np.array(np.broadcast_to(otherwise, wanted.shape))
        at = self.keys.searchsorted(wanted)
        at[at == len(self.keys)] = 0
        return np.where(self.keys[at] == wanted, self.values[at], otherwise)


def once(values: Ints) -> Ints:
    """The different ones, in order; numpy's own `unique` takes five times as long (2.4)."""
    ordered = np.sort(values)
    if not len(ordered):
        return ordered
    is_new = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    return np.asarray(ordered[is_new])


def is_among(values: Ints, wanted: Ints) -> Flags:
    """For each value, whether it is one of `wanted`, which are in order."""
    if not len(wanted):
        return np.zeros(len(values), np.bool_)
    at = wanted.searchsorted(values)
    at[at == len(wanted)] = 0
    return np.asarray(wanted[at] == values)


def runs(begins: Ints, counts: Ints) -> Ints:
    """The numbers of all runs that begin there and are so long, one run after the other."""
    shift = begins - np.append(0, np.cumsum(counts))[:-1]
    return np.asarray(np.arange(int(counts.sum())) + np.repeat(shift, counts))
