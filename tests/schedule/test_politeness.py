from __future__ import annotations

import asyncio

from ingest.schedule.politeness import SiteGate


class TurnedClock:
    """Seconds that pass only when somebody sleeps; sleepers wake in the order of their times."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = 0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._order += 1
        self._sleepers.append((self.now + seconds, self._order, future))
        await future

    async def run(self, *work: asyncio.Task[None]) -> None:
        """Turn the clock from sleeper to sleeper until all of `work` is done."""
        while True:
            for _ in range(20):
                await asyncio.sleep(0)
            if all(task.done() for task in work):
                break
            self._sleepers.sort(key=lambda sleeper: sleeper[:2])
            self.now, _, future = self._sleepers.pop(0)
            if not future.done():
                future.set_result(None)
        await asyncio.gather(*work)


class Visits:
    def __init__(self, connections: int = 2, delay: float = 1.0) -> None:
        self.clock = TurnedClock()
        self.gate = SiteGate(
            connections_per_site=connections,
            delay_seconds=delay,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
        )
        self.starts: list[tuple[str, float]] = []
        self.inside: dict[str, int] = {}
        self.most_inside = 0

    async def visit(self, site: str, seconds: float = 0.0, wait: float = 0.0) -> None:
        async with self.gate.visit(site, wait_seconds=wait):
            self.starts.append((site, self.clock.now))
            self.inside[site] = self.inside.get(site, 0) + 1
            self.most_inside = max(self.most_inside, self.inside[site])
            await self.clock.sleep(seconds)
            self.inside[site] -= 1

    def starts_of(self, site: str) -> list[float]:
        return [at for name, at in self.starts if name == site]


async def test_requests_to_one_site_keep_their_distance() -> None:
    visits = Visits(delay=1.0)
    await visits.clock.run(*(asyncio.create_task(visits.visit("a")) for _ in range(5)))
    assert visits.starts_of("a") == [0, 1, 2, 3, 4]


async def test_no_more_than_the_allowed_connections_are_open_to_one_site() -> None:
    visits = Visits(connections=2, delay=0.1)
    await visits.clock.run(*(asyncio.create_task(visits.visit("a", 10)) for _ in range(6)))
    assert visits.most_inside == 2
    assert len(visits.starts) == 6


async def test_other_sites_do_not_wait_for_a_busy_one() -> None:
    visits = Visits()
    tasks = [asyncio.create_task(visits.visit("slow", 60)) for _ in range(4)]
    tasks += [asyncio.create_task(visits.visit(f"site{n}")) for n in range(50)]
    await visits.clock.run(*tasks)
    assert all(at == 0 for name, at in visits.starts if name != "slow")


async def test_nothing_starts_before_the_slot_of_the_claim() -> None:
    visits = Visits()
    late = asyncio.create_task(visits.visit("a", wait=7))
    soon = asyncio.create_task(visits.visit("a"))
    await visits.clock.run(late, soon)
    assert visits.starts_of("a") == [0, 7]


async def test_a_pause_holds_those_who_wait_already() -> None:
    visits = Visits()
    tasks = [asyncio.create_task(visits.visit("a")) for _ in range(3)]
    for _ in range(20):
        await asyncio.sleep(0)
    visits.gate.pause("a", 100)
    await visits.clock.run(*tasks)
    assert visits.starts_of("a")[0] == 0
    assert min(visits.starts_of("a")[1:]) >= 100
    first, second = visits.starts_of("a")[1:]
    assert second - first >= 1


async def test_a_visit_that_is_cancelled_gives_its_connection_back() -> None:
    visits = Visits(connections=1, delay=0)
    stuck = asyncio.create_task(visits.visit("a", 1_000))
    for _ in range(20):
        await asyncio.sleep(0)
    stuck.cancel()
    following = asyncio.create_task(visits.visit("a"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(visits.starts_of("a")) == 2
    await visits.clock.run(following)
