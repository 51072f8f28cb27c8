"""Bytes in, `FeedDocument` out: every feed format, well-formed or not, in bounded time.

bytes --decode--> text --sniff--> JSON Feed | news sitemap | XML feed
XML feed --trim, doctype--> fast lane, or on any doubt feedparser, mended
"""

from ingest.parse.read import parse_feed

__all__ = ["parse_feed"]
