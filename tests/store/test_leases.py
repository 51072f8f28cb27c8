"""Claims: each feed by one worker, in its turn, spaced per site, and fenced."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update

from ingest.errors import LeaseLost
from ingest.model import ScheduleDecision, SitePause
from ingest.store import feed_standing, feeds, leases, polls
from ingest.store.engine import Database
from ingest.store.leases import DueFeed
from ingest.store.tables import feed_schedule, site
from tests.store.build import NOW, a_record, after, claim, subscribe


def _claim_due(
    database: Database,
    now: datetime = NOW,
    *,
    owner: str = "one",
    limit: int = 100,
    delay: float = 1.0,
    lease_seconds: float = 300,
) -> list[DueFeed]:
    with database.begin() as connection:
        return leases.claim_due(
            connection,
            now=now,
            limit=limit,
            owner=owner,
            lease_seconds=lease_seconds,
            site_delay_seconds=delay,
        )


def _urls(count: int, site_count: int | None = None) -> list[str]:
    return [f"https://s{number % (site_count or count)}.org/{number}" for number in range(count)]


def test_a_claimed_feed_is_claimed_again_only_when_its_lease_has_run_out(
    database: Database,
) -> None:
    subscribe(database, "https://a.org/rss")
    (first,) = _claim_due(database)
    assert _claim_due(database, after(299)) == []
    (second,) = _claim_due(database, after(301), owner="two")
    assert second.lease.fence > first.lease.fence
    with database.begin() as connection:
        leases.check(connection, second.lease)
        with pytest.raises(LeaseLost):
            leases.check(connection, first.lease)


def test_those_longest_due_come_first(database: Database) -> None:
    ids = subscribe(database, *_urls(3))
    with database.begin() as connection:
        for feed_id, seconds in zip(ids, (-10, -30, -20), strict=True):
            connection.execute(
                update(feed_schedule)
                .where(feed_schedule.c.feed_id == feed_id)
                .values(next_poll_at=after(seconds))
            )
    assert [due.feed_id for due in _claim_due(database, limit=2)] == [ids[1], ids[2]]


def test_slots_of_one_site_are_apart_and_claims_go_on_from_the_last(database: Database) -> None:
    subscribe(database, *(f"https://www{n}.example.org/{n}" for n in range(3)))
    first = _claim_due(database, limit=2, delay=5)
    (second,) = _claim_due(database, limit=2, delay=5)
    slots = [due.start_not_before for due in (*first, second)]
    assert slots == [NOW, after(5), after(10)]
    assert second.lease.until == after(310), "a lease runs from its slot"


def test_a_crowded_site_does_not_hide_the_others(database: Database) -> None:
    subscribe(database, *_urls(200, 1))
    (other,) = subscribe(database, "https://other.org/rss")
    with database.begin() as connection:
        connection.execute(
            update(feed_schedule).where(feed_schedule.c.feed_id == other).values(next_poll_at=NOW)
        )
    claimed = _claim_due(database, after(1), limit=70)
    assert other in {due.feed_id for due in claimed}
    assert max(due.start_not_before for due in claimed) <= after(1 + leases.HORIZON_SECONDS)


def test_everybody_of_a_crowded_site_has_his_turn_and_nobody_twice(database: Database) -> None:
    ids = subscribe(database, *_urls(150, 1))
    started: list[tuple[datetime, int]] = []
    for seconds in range(0, 400, 20):
        started += [
            (due.start_not_before, due.feed_id)
            for due in _claim_due(database, after(seconds), limit=20, lease_seconds=10_000)
        ]
    assert Counter(feed_id for _, feed_id in started) == Counter(ids)
    times = sorted(at for at, _ in started)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) >= timedelta(seconds=1)
    assert times[-1] <= after(400)


def test_a_paused_site_is_left_alone_until_its_time(database: Database) -> None:
    (feed_id,) = subscribe(database, "https://a.org/rss")
    (due,) = _claim_due(database)
    record = a_record(due, None, NOW)
    pause = SitePause(after(600), "429, Retry-After 600")
    decision = ScheduleDecision(record.decision.schedule, site_failures=1, site_pause=pause)
    with database.begin() as connection:
        polls.record_poll(
            connection,
            polls.PollRecord(due=due, started_at=NOW, outcome=record.outcome, decision=decision),
            NOW,
        )
        connection.execute(update(feed_schedule).values(next_poll_at=NOW))
        assert connection.scalar(site.select().with_only_columns(site.c.failures)) == 1
    assert _claim_due(database, after(10)) == []
    assert _claim_due(database, after(300)) == []
    (again,) = _claim_due(database, after(601))
    assert (again.feed_id, again.site_failures) == (feed_id, 1)
    assert again.start_not_before >= after(600)


def test_feeds_asked_for_by_name_are_claimed_though_not_due(database: Database) -> None:
    ids = subscribe(database, *_urls(3))
    with database.begin() as connection:
        feed_standing.pause(connection, ids[1], NOW)
        connection.execute(update(feed_schedule).values(next_poll_at=None))
    assert _claim_due(database) == []
    with database.begin() as connection:
        assert [due.feed_id for due in claim(connection, *ids[:2])] == ids[:2]
        assert claim(connection, *ids[:2]) == [], "held by somebody"


def test_a_released_feed_is_due_as_it_was(database: Database) -> None:
    subscribe(database, *_urls(2))
    first, second = _claim_due(database)
    with database.begin() as connection:
        leases.release(connection, [first.lease])
    (again,) = _claim_due(database, after(5))
    assert (again.feed_id, again.due_at) == (first.feed_id, first.due_at)
    with database.begin() as connection:
        leases.release(connection, [first.lease])  # no longer its own
        assert leases.lost(connection, [first.lease, second.lease]) == {first.feed_id}


def test_a_renewed_lease_holds_longer(database: Database) -> None:
    subscribe(database, *_urls(1))
    (due,) = _claim_due(database)
    with database.begin() as connection:
        assert leases.renew(connection, [due.lease], after(900)) == set()
    assert _claim_due(database, after(600)) == []


def test_a_late_poll_writes_nothing_over_the_newer_one(database: Database) -> None:
    (feed_id,) = subscribe(database, *_urls(1))
    (late,) = _claim_due(database)
    (new,) = _claim_due(database, after(301), owner="two")
    with database.begin() as connection:
        polls.record_poll(connection, a_record(new, None, after(301)), after(301))
    with database.begin() as connection, pytest.raises(LeaseLost):
        polls.record_poll(connection, a_record(late, None, after(302)), after(302))
    with database.connect() as connection:
        assert [one.started_at for one in polls.recent_polls(connection, feed_id)] == [after(301)]
        assert feeds.get(connection, feed_id).schedule.last_poll_at == after(301)


@pytest.mark.parametrize("what", ["pause", "remove", "change"])
def test_a_person_who_acts_during_a_poll_is_not_overruled(database: Database, what: str) -> None:
    (feed_id,) = subscribe(database, *_urls(1))
    (due,) = _claim_due(database)
    with database.begin() as connection:
        if what == "pause":
            feed_standing.pause(connection, feed_id, after(1), "too loud")
        elif what == "remove":
            feed_standing.remove(connection, feed_id, after(1))
        else:
            from dataclasses import replace

            feeds.change(connection, feed_id, replace(due.settings, exclude="x"), after(1))
    with database.begin() as connection:
        assert polls.record_polls(connection, [a_record(due, None, after(2))], after(2))
    with database.connect() as connection:
        schedule = feeds.get(connection, feed_id).schedule
    if what == "change":
        assert schedule.next_poll_at == after(1)
    else:
        assert schedule.next_poll_at is None


def test_workers_that_claim_at_once_never_share_a_feed_or_a_slot(database: Database) -> None:
    ids = subscribe(database, *_urls(120, 8))
    claimed: list[DueFeed] = []
    guard = threading.Lock()
    start = threading.Barrier(4)
    errors: list[BaseException] = []

    def work(owner: str) -> None:
        start.wait()
        try:
            for _ in range(6):
                mine = _claim_due(database, owner=owner, limit=7, delay=0.5)
                with guard:
                    claimed.extend(mine)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(f"worker-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(due.feed_id for due in claimed) == sorted(ids)
    slots = Counter((due.site_id, due.start_not_before) for due in claimed)
    assert max(slots.values()) == 1


def test_what_is_due_can_be_counted(database: Database) -> None:
    subscribe(database, *_urls(3))
    with database.connect() as connection:
        assert leases.count_due(connection, NOW) == 3
        assert leases.next_due_at(connection) == NOW
    _claim_due(database, limit=2)
    with database.connect() as connection:
        assert leases.count_due(connection, NOW) == 1
