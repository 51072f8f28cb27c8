"""What the index answers about many hashes at once, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from ingest.dedupe.tokenise import Flags, Ints


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

    def with_more(self, other: Answers) -> Answers:
        """The same hashes, with the articles that `other` knows of them too."""
        known = is_among(other.hashes, self.hashes)
        place = np.append(
            np.repeat(np.arange(len(self.hashes)), np.diff(self.begins)),
            np.repeat(
                np.where(known, self.hashes.searchsorted(other.hashes), -1), np.diff(other.begins)
            ),
        )
        article = np.append(self.articles, other.articles)
        order = np.lexsort((article, place))
        place, article = place[order], article[order]
        is_new = place >= 0
        is_new[1:] &= (place[1:] != place[:-1]) | (article[1:] != article[:-1])
        counts = np.bincount(place[is_new], minlength=len(self.hashes))
        return Answers(self.hashes, np.append(0, np.cumsum(counts)), article[is_new])

    def only(self, hashes: Iterable[int]) -> Answers:
        """Of these hashes alone."""
        wanted = np.sort(np.fromiter(hashes, np.int64))
        return self._at(np.flatnonzero(is_among(self.hashes, wanted)))

    def lists(self, hashes: Iterable[int]) -> dict[int, list[int]]:
        """The articles of those of the hashes that the answers know."""
        part = self.only(hashes)
        ends = part.begins.tolist()
        articles = part.articles.tolist()
        return {
            one: articles[begin:end]
            for one, (begin, end) in zip(part.hashes.tolist(), pairwise(ends), strict=True)
        }

    def _at(self, places: Ints) -> Answers:
        counts = np.diff(self.begins)[places]
        return Answers(
            self.hashes[places],
            np.append(0, np.cumsum(counts)),
            self.articles[runs(self.begins[places], counts)],
        )


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
