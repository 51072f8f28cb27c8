"""ingest: the news as data. Feeds in, clean and deduplicated stories in a database out."""

__version__ = "0.1.0"
