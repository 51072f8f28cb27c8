"""The marks of a story assignment against a labelled set, in all and by operator and kind.

The same measures as the scorer that comes with the set; Hubert and Arabie 1985 (ARI), Bagga and
Baldwin 1998 (B-cubed).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gold:
    """One labelled document."""

    id: str
    title: str
    text: str
    cluster: str
    kind: str
    op: str
    ts: float


@dataclass(frozen=True, slots=True)
class Marks:
    precision: float
    recall: float
    f1: float
    ari: float
    b3: float
    recall_by_operator: dict[str, float]
    wrong_by_kind: dict[str, tuple[int, int]]

    def lines(self) -> list[str]:
        """As the scorer prints them."""
        operators = "  ".join(f"{op} {share:.2f}" for op, share in self.recall_by_operator.items())
        kinds = "  ".join(f"{kind} {w}/{n}" for kind, (w, n) in self.wrong_by_kind.items())
        return [
            f"pairs  precision {self.precision:.4f}  recall {self.recall:.4f}  F1 {self.f1:.4f}"
            f"   ARI {self.ari:.4f}   B3 {self.b3:.4f}",
            f"recall {operators}",
            f"wrong  {kinds}",
        ]


def score(gold: Sequence[Gold], story_of: Mapping[str, int]) -> Marks:
    """Compare the stories found with the clusters given."""
    true = [one.cluster for one in gold]
    found = [story_of[one.id] for one in gold]
    both, by_true, by_found = Counter(zip(true, found, strict=True)), Counter(true), Counter(found)
    together = sum(map(_pairs, both.values()))
    true_pairs = sum(map(_pairs, by_true.values()))
    found_pairs = sum(map(_pairs, by_found.values()))
    precision = together / found_pairs if found_pairs else 1.0
    recall = together / true_pairs if true_pairs else 1.0
    chance = true_pairs * found_pairs / max(1.0, _pairs(len(gold)))
    spread = (true_pairs + found_pairs) / 2 - chance
    return Marks(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        ari=(together - chance) / spread if spread else 1.0,
        b3=_b_cubed(true, found),
        recall_by_operator=_by_operator(gold, found),
        wrong_by_kind=_by_kind(gold, found),
    )


def _pairs(n: float) -> float:
    return n * (n - 1) / 2


def _b_cubed(true: Sequence[str], found: Sequence[int]) -> float:
    both, by_true, by_found = Counter(zip(true, found, strict=True)), Counter(true), Counter(found)
    members = [(t, f) for t, f in zip(true, found, strict=True) if by_true[t] > 1]
    if not members:
        return 1.0
    precision = sum(both[t, f] / by_found[f] for t, f in members) / len(members)
    recall = sum(both[t, f] / by_true[t] for t, f in members) / len(members)
    return 2 * precision * recall / (precision + recall)


def _by_operator(gold: Sequence[Gold], found: Sequence[int]) -> dict[str, float]:
    home = {d.cluster: f for d, f in zip(gold, found, strict=True) if d.kind == "orig"}
    copies: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for document, story in zip(gold, found, strict=True):
        if document.kind == "variant" and document.cluster in home:
            copies[document.op] += 1
            hits[document.op] += story == home[document.cluster]
    return {op: hits[op] / count for op, count in sorted(copies.items())}


def _by_kind(gold: Sequence[Gold], found: Sequence[int]) -> dict[str, tuple[int, int]]:
    both = Counter((d.cluster, f) for d, f in zip(gold, found, strict=True))
    by_found = Counter(found)
    kinds: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for document, story in zip(gold, found, strict=True):
        named = document.kind in ("background", "hardneg", "roundup")
        kind = document.op if named else document.kind
        kinds[kind] += 1
        wrong[kind] += by_found[story] > both[document.cluster, story]
    return {kind: (wrong[kind], count) for kind, count in sorted(kinds.items())}
