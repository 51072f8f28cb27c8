"""Damaged feeds through all the pure stages: ParseError or valid articles, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fault_catalogue import DOCUMENTS
from tests.faults.fuzzing import ATOM, FOUND, JSON, RSS, SEEDS, SPLINTERS, check
from tests.faultserver import HEALTHY
from tests.parse.corpora import corpus


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good feed, cut, spliced and sprinkled with what breaks readers."""
    body = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.sampled_from((0, 0, 1, 8, 60))))
        piece = draw(
            st.one_of(
                st.sampled_from(SPLINTERS),
                st.binary(max_size=6),
                st.text(max_size=6).map(lambda text: text.encode("utf-8", "surrogatepass")),
            )
        )
        body = body[:start] + piece + body[end:]
    return body


@given(damaged())
@example(HEALTHY)
@example(ATOM)
@example(RSS)
@example(JSON)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_feed_gives_valid_articles_or_a_parse_error(body: bytes) -> None:
    check(body)


@pytest.mark.slow
@given(damaged())
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_twenty_thousand_damaged_feeds(body: bytes) -> None:
    check(body)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_feed_cut_anywhere_gives_valid_articles_or_a_parse_error(seed: bytes) -> None:
    for end in range(0, len(seed), 23):
        check(seed[:end])


@pytest.mark.parametrize("path", sorted(FOUND.glob("*")), ids=lambda path: path.name)
def test_what_fuzzing_has_found_is_read_now(path: Path) -> None:
    check(path.read_bytes())


@pytest.mark.parametrize("name", sorted(DOCUMENTS.keys() - {"many-items", "huge-item"}))
def test_a_hostile_document_gives_valid_articles_or_a_parse_error(name: str) -> None:
    check(DOCUMENTS[name]())


@pytest.mark.slow
@pytest.mark.corpora
@pytest.mark.parametrize("name", ["feedparser-suite", "real-feeds"])
def test_damaged_feeds_of_the_corpora(name: str) -> None:
    entries = 0
    for number, path in enumerate(corpus(name, every=5)):
        body = path.read_bytes()[:60_000]
        entries += check(body)
        splinter = SPLINTERS[number % len(SPLINTERS)]
        at = number * 7_919 % max(1, len(body))
        check(body[:at] + splinter + body[at + number % 40 :])
    assert entries > 50
