"""`ingest demo`: the real daemon over bundled sample feeds, without a network.

The outlets, people and events in `feeds/` are invented, their addresses end in `.example`
(RFC 2606). What is written there as `@@rfc822 -90@@` becomes the time ninety minutes before the
demo started, so that the news is always fresh.
"""
