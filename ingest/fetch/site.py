"""The site a URL belongs to: its registrable domain, within which we are polite."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ingest.fetch.guard import is_literal
from ingest.fetch.target import InvalidUrl, parse_target

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


def site_of(url: str) -> str:
    """The registrable domain of `url`'s host; an address, or a suffix itself, is its own site.

    `https://feeds.bbci.co.uk/news/rss.xml` gives `bbci.co.uk`. A URL that cannot be read gives "".
    """
    try:
        return _site_of_host(parse_target(url).host)
    except InvalidUrl:
        return ""


@lru_cache(maxsize=65_536)
def _site_of_host(host: str) -> str:
    if not host or is_literal(host):
        return host
    host = host.removesuffix(".")
    if "." not in host:
        return host
    return _suffixes().privatesuffix(host) or host


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
