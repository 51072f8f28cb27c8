"""What can go wrong, as one tree.

IngestError
  UsageError            the caller asked for something that cannot be: exit 2
    ConfigError           the config file or an environment override
    UnknownFeed           no feed by that name
    OpmlError             an OPML file that cannot be read
  DatabaseError         exit 1; the daemon pauses and tries again
    DatabaseUnreachable
    DatabaseTooNew        written by a later version of the program: never touched
    DatabaseNotReady      no schema, or an older one: `ingest db upgrade`
    LeaseLost             another worker holds the feed now: what was read is not written
  FetchError            no response worth reading; carries the poll's outcome
  ParseError            bytes arrived, no feed in them; carries the poll's outcome
  InvalidEntry          one entry is unusable; the others go on
  MissingExtra          an optional library is not installed
"""

from __future__ import annotations

from ingest.model import PollOutcome, Redirect


class IngestError(Exception):
    """Everything this program raises on purpose. Its text is one line, fit to be shown."""

    exit_code = 1


class UsageError(IngestError):
    """The caller asked for something that cannot be."""

    exit_code = 2


class ConfigError(UsageError):
    """A config file, key or value that is not allowed."""


class UnknownFeed(UsageError):
    """No feed by that id, name or URL."""


class OpmlError(UsageError):
    """A file that is not OPML, or holds no feeds."""


class DatabaseError(IngestError):
    """The database cannot do what was asked."""


class DatabaseUnreachable(DatabaseError):
    """No connection, or it was lost. Worth trying again."""


class DatabaseTooNew(DatabaseError):
    """The schema was written by a later version of the program."""


class DatabaseNotReady(DatabaseError):
    """There is no schema yet, or an older one."""


class LeaseLost(DatabaseError):
    """The lease ran out and somebody else holds the feed: nothing of this poll was written."""


class FetchError(IngestError):
    """A poll that brought no document.

    `outcome` is what is recorded, `status` the HTTP status where there was one, `redirects` the
    hops until then, `retry_after_seconds` what the server asked for.
    """

    def __init__(
        self,
        message: str,
        outcome: PollOutcome,
        *,
        status: int | None = None,
        redirects: tuple[Redirect, ...] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.status = status
        self.redirects = redirects
        self.retry_after_seconds = retry_after_seconds


class ParseError(IngestError):
    """Bytes in which there is no feed. `outcome` is NOT_A_FEED, BLOCKED or PARSE_FAILED."""

    def __init__(self, message: str, outcome: PollOutcome = PollOutcome.NOT_A_FEED) -> None:
        super().__init__(message)
        self.outcome = outcome


class InvalidEntry(IngestError):
    """An entry that cannot become an article. The text is a short stable reason."""


class MissingExtra(IngestError):
    """An optional library is not installed; the text names the extra to install."""
