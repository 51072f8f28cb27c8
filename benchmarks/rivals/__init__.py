"""Polling the same feeds with ingest and with other programs: `python -m benchmarks.rivals`.

newsroom -> server (a process of its own) <- one program at a time -> measure -> report
"""
