from __future__ import annotations

from datetime import timedelta

import pytest

from ingest.model import PollOutcome, Redirect
from ingest.schedule.moves import permanent_target
from tests.schedule.polls import Feed

NEW = "https://new.example.org/feed"
MOVED = (Redirect(301, NEW),)


def subscribed() -> Feed:
    feed = Feed()
    feed.poll(new=20, known=0)
    feed.wait()
    return feed


def poll_daily(feed: Feed, days: int, **how: object) -> list[str | None]:
    adopted: list[str | None] = []
    for _ in range(days):
        adopted.append(feed.poll(**how).moved_to)  # type: ignore[arg-type]
        feed.now += timedelta(days=1)
    return adopted


def test_a_permanent_redirect_is_believed_after_days_when_the_target_shares_entries() -> None:
    feed = subscribed()
    assert poll_daily(feed, 4, redirects=MOVED, new=1) == [None, None, None, NEW]
    assert feed.row.move is None
    assert feed.last is not None
    assert feed.last.move_evidence == (
        f"301 to {NEW} seen 4 times since 2026-03-02, 4 times with this feed's entries"
    )


def test_many_sightings_within_hours_do_not_move_a_feed() -> None:
    feed = subscribed()
    for _ in range(50):
        assert feed.poll(redirects=MOVED).moved_to is None
        feed.now += timedelta(minutes=30)


def test_a_target_that_shares_no_entry_never_becomes_the_feed() -> None:
    feed = subscribed()
    assert set(poll_daily(feed, 30, redirects=MOVED, new=20, known=0)) == {None}


@pytest.mark.parametrize("outcome", [PollOutcome.NOT_A_FEED, PollOutcome.BLOCKED])
def test_a_captive_portal_moves_no_feed(outcome: PollOutcome) -> None:
    portal = (Redirect(301, "https://portal.example.net/login"),)
    feed = subscribed()
    assert set(poll_daily(feed, 30, outcome=outcome, redirects=portal)) == {None}


def test_a_portal_in_between_does_not_undo_nor_hasten_a_real_move() -> None:
    feed = subscribed()
    poll_daily(feed, 2, redirects=MOVED)
    portal = (Redirect(301, "https://portal.example.net/login"),)
    poll_daily(feed, 2, outcome=PollOutcome.NOT_A_FEED, redirects=portal)
    assert poll_daily(feed, 1, redirects=MOVED) == [NEW]


def test_the_same_bytes_or_a_304_from_the_target_are_proof() -> None:
    for outcome in (PollOutcome.SAME_BYTES, PollOutcome.NOT_MODIFIED):
        feed = subscribed()
        assert poll_daily(feed, 4, outcome=outcome, redirects=MOVED)[-1] == NEW


def test_an_answer_without_the_redirect_forgets_it() -> None:
    feed = subscribed()
    poll_daily(feed, 3, redirects=MOVED)
    feed.poll()
    assert feed.row.move is None
    assert poll_daily(feed, 1, redirects=MOVED) == [None]


def test_polls_that_fail_do_not_forget_the_redirect() -> None:
    feed = subscribed()
    poll_daily(feed, 3, redirects=MOVED)
    feed.poll(PollOutcome.TIMEOUT)
    assert poll_daily(feed, 1, redirects=MOVED) == [NEW]


def test_only_the_permanent_hops_at_the_beginning_count() -> None:
    a, b = "https://a.example/", "https://b.example/"
    assert permanent_target([Redirect(301, a), Redirect(308, b)]) == (308, b)
    assert permanent_target([Redirect(301, a), Redirect(302, b)]) == (301, a)
    assert permanent_target([Redirect(302, a), Redirect(301, b)]) is None
    assert permanent_target([]) is None


def test_a_redirect_to_itself_is_no_move() -> None:
    feed = subscribed()
    circle = (Redirect(301, "https://example.org/feed"),)
    assert set(poll_daily(feed, 10, redirects=circle)) == {None}
