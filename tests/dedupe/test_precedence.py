from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ingest.dedupe.precedence import Member, sum_up
from ingest.model import PublishedQuality
from tests.dedupe.texts import NOW

EXACT = PublishedQuality.EXACT


def test_the_earliest_believable_claim_is_first_though_it_was_seen_later() -> None:
    wire = Member(2, 20, NOW + timedelta(hours=2), NOW - timedelta(hours=1), EXACT)
    copy = Member(1, 10, NOW, NOW - timedelta(minutes=5), EXACT)
    facts = sum_up([copy, wire])
    assert facts.first_article_id == 2
    assert facts.first_published_at == NOW - timedelta(hours=1)
    assert (facts.articles, facts.publishers) == (2, 2)


def test_a_date_without_a_time_does_not_come_before_everyone() -> None:
    vague = Member(1, 10, NOW, NOW - timedelta(hours=12), PublishedQuality.DATE_ONLY)
    exact = Member(2, 20, NOW, NOW - timedelta(minutes=5), EXACT)
    assert sum_up([vague, exact]).first_article_id == 2


def test_a_claim_later_than_the_observation_is_not_believed() -> None:
    odd = Member(1, 10, NOW, NOW + timedelta(hours=3), EXACT)
    assert odd.claimed_at is None
    assert sum_up([odd]).first_published_at is None


def test_the_wire_that_most_members_name_is_the_source() -> None:
    members = [
        Member(number, number, NOW, source_agency=agency, word_count=number)
        for number, agency in enumerate(("Reuters", "AFP", "Reuters", None), 1)
    ]
    facts = sum_up(members)
    assert facts.source_agency == "Reuters"
    assert facts.fullest_article_id == 4


@given(st.permutations(range(5)))
def test_the_order_of_the_members_does_not_matter(order: list[int]) -> None:
    members = [
        Member(
            n, n % 3, NOW + timedelta(minutes=7 * n % 5), NOW - timedelta(minutes=n), EXACT, n % 2
        )
        for n in range(5)
    ]
    assert sum_up([members[n] for n in order]) == sum_up(members)
