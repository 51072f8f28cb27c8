"""CPU of one fetch, by transport: a 200 with its body, then 304s.

    python -m benchmarks.fetch                         # against a loopback server of its own
    python -m benchmarks.fetch --urls FILE             # one URL a line, of a server run beside it

Only the event loop's thread is counted: parsing and the server are not in the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from ingest.config import FetchSettings
from ingest.fetch import Client, FetchRequest
from ingest.model import Validators
from tests.faultserver import FaultServer, serves

Transport = Literal["curl", "httpx"]


async def measure(transport: Transport, urls: list[str], rounds: int) -> None:
    """Print one line a round: statuses, and microseconds of CPU a request."""
    settings = FetchSettings(transport=transport, allow_networks=("127.0.0.0/8",))
    known: dict[str, Validators] = {}
    gate = asyncio.Semaphore(settings.concurrency)
    async with Client(settings) as client:

        async def fetch(url: str) -> int:
            async with gate:
                validators = known.get(url, Validators())
                got = await client.fetch(FetchRequest(url=url, validators=validators))
                known[url] = got.validators
                return got.status

        for number in range(rounds):
            started_at = time.thread_time()
            statuses = await asyncio.gather(*map(fetch, urls))
            spent = time.thread_time() - started_at
            counts = {status: statuses.count(status) for status in sorted(set(statuses))}
            print(f"{transport:6} round {number}  {counts}  {spent / len(urls) * 1e6:6.0f} us")


def main() -> None:
    """Measure the transports named on the command line, or both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--urls", type=Path)
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--transport", nargs="*", default=["curl", "httpx"])
    options = parser.parse_args()
    with ExitStack() as stack:
        if options.urls:
            urls = options.urls.read_text().split()[: options.feeds]
        else:
            server = stack.enter_context(FaultServer())
            urls = [
                server.on(f"/feed/{number}", serves(b"<rss>" + b"x" * 30_000, etag=f'"{number}"'))
                for number in range(options.feeds)
            ]
        for transport in options.transport:
            asyncio.run(measure(transport, urls, options.rounds))


if __name__ == "__main__":
    main()
