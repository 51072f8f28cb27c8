"""What the demo shows: progress while it works, and afterwards what it found."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ingest.cli.demo.outlets import OUTLETS
from ingest.cli.output import Column, Style, print_rows, printable, styled

if TYPE_CHECKING:
    from ingest.store.engine import Database

SHOWN_STORIES = 12
GOOD = ("ok", "not_modified", "same_bytes")

STORY_COLUMNS = (
    Column("story_id", "STORY", right=True),
    Column("first_publisher", "RAN FIRST"),
    Column("others", "COPIED BY", flexible=True),
    Column("relations", "HOW"),
    Column("language", "LANG"),
    Column("headline", "HEADLINE", flexible=True),
)
FEED_COLUMNS = (
    Column("name", "FEED"),
    Column("about", "WHAT IT IS"),
    Column("state", "STATE", style=lambda value: Style.GREEN if value == "ok" else Style.RED),
    Column("polls", "POLLS", right=True),
    Column("new", "NEW", right=True),
    Column("revised", "REVISED", right=True),
    Column("note", "NOTE", flexible=True),
)


class Progress:
    """One line that is rewritten on a terminal, or a few lines elsewhere."""

    def __init__(self, is_quiet: bool) -> None:
        self._is_quiet = is_quiet
        self._is_terminal = sys.stdout.isatty()
        self._began = time.monotonic()
        self._last = ""
        self._database: Database | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._database is not None:
            self._database.close()
        if self._is_terminal and self._last:
            print()

    def look(self, path: Path, rounds: int) -> bool:
        """Look into the database; return whether every feed was polled `rounds` times.

        Feeds that fail are asked ever more rarely: for them one poll is enough.
        """
        from ingest.cli.session import now
        from ingest.errors import DatabaseError
        from ingest.store.engine import open_database
        from ingest.store.feed_queries import poll_rows
        from ingest.store.status import read_status

        try:
            if self._database is None:
                self._database = open_database(f"sqlite:///{path}")
            with self._database.connect() as connection:
                status = read_status(connection, now())
                polls = poll_rows(connection, limit=10_000)
        except DatabaseError:
            return False  # not made yet
        counts = {one.name: 0 for one in OUTLETS}
        failed = {poll.feed for poll in polls if poll.outcome not in GOOD}
        for poll in polls:
            counts[poll.feed] += 1
        wanted = sum(1 if name in failed else rounds for name in counts)
        done = sum(min(n, 1 if name in failed else rounds) for name, n in counts.items())
        self._say(
            f"{done:3} of {wanted} polls   {status.articles:3} articles"
            f"   {status.revisions:2} revisions   {status.stories:3} stories,"
            f" {status.stories_of_several} by several publishers"
        )
        return done >= wanted and status.queued_for_matching == 0

    def _say(self, line: str) -> None:
        if self._is_quiet or line == self._last:
            return
        self._last = line
        seconds = time.monotonic() - self._began
        if self._is_terminal:
            print(f"\r\x1b[K  {seconds:4.1f} s   {line}", end="", flush=True)
        else:
            print(f"  {seconds:4.1f} s   {line}", flush=True)


def report(config: Path, path: Path) -> None:
    """Print the stories, why two articles are one, how the feeds fare, and how to go on."""
    from ingest.store.engine import open_database

    database = open_database(f"sqlite:///{path}")
    try:
        example = _print_stories(database)
        if example is not None:
            _print_why(config, *example)
        _print_feeds(database)
    finally:
        database.close()
    _print_next(config, path, example)


def _title(text: str) -> None:
    print(f"\n{styled(text, Style.BOLD)}\n")


def _print_stories(database: Database) -> tuple[int, int] | None:
    """The stories of several publishers; returns a pair of articles that is worth a `why`."""
    from ingest.store.story_queries import StoryFilter, list_stories, story_members

    rows = []
    pairs: list[tuple[float, int, int]] = []
    with database.connect() as connection:
        stories = list_stories(connection, StoryFilter(min_publishers=2))
        single = len(list_stories(connection, limit=1_000)) - len(stories)
        stories.sort(key=lambda story: -story.articles)
        for story in stories[:SHOWN_STORIES]:
            members = story_members(connection, story.story_id)
            others = [one for one in members if one.article_id != story.first_article_id]
            # Of a copy that was seen before its original it is the original that holds the match.
            relations = sorted({one.match.relation for one in members if one.match is not None})
            rows.append(
                {
                    "story_id": story.story_id,
                    "first_publisher": story.first_publisher,
                    "others": ", ".join(one.publisher for one in others),
                    "relations": " ".join(relations),
                    "language": story.language,
                    "headline": story.headline,
                }
            )
            pairs += [
                (one.match.resemblance, one.article_id, one.match.of_article_id)
                for one in others
                if one.match is not None and one.match.relation != "identical"
            ]
    _title("Stories that more than one publisher ran")
    print_rows(rows, STORY_COLUMNS, as_json=False)
    print(f"\nand {single} that only one publisher ran.")
    # The middle one: neither a plain copy nor a bare summary.
    pairs.sort()
    return pairs[len(pairs) // 2][1:] if pairs else None


def _print_why(config: Path, article_id: int, other_id: int) -> None:
    _title(f"Why are {article_id} and {other_id} one story?")
    from ingest.cli.front import run

    sys.stdout.flush()
    run(["--config", str(config), "why", str(article_id), str(other_id)])


def _print_feeds(database: Database) -> None:
    from ingest.store.feed_queries import feed_rows, poll_rows

    about = {one.name: one.about for one in OUTLETS}
    rows = []
    with database.connect() as connection:
        polls = poll_rows(connection, limit=10_000)
        for feed in feed_rows(connection):
            own = [poll for poll in polls if poll.feed_id == feed.feed_id]
            unchanged = sum(poll.status == 304 for poll in own)
            note = f"{unchanged} × not modified" if unchanged else ""
            rows.append(
                {
                    "name": feed.name,
                    "about": about.get(feed.name, ""),
                    "state": feed.state,
                    "polls": len(own),
                    "new": sum(poll.entries_new or 0 for poll in own),
                    "revised": sum(poll.entries_revised or 0 for poll in own),
                    "note": (feed.state_evidence or "") if feed.state != "ok" else note,
                }
            )
    _title("How the feeds fared")
    print_rows(rows, FEED_COLUMNS, as_json=False)


def _print_next(config: Path, path: Path, example: tuple[int, int] | None) -> None:
    program = _program()
    option = f"--config {shlex.quote(str(config))}"
    query = "SELECT publishers, first_publisher, headline FROM v_stories ORDER BY 1 DESC LIMIT 5"
    commands = [
        f"{program} {option} stories --min-publishers 2",
        f"{program} {option} search ferry",
        f"{program} {option} feeds explain static-tribune",
        f'sqlite3 {shlex.quote(str(path))} "{query}"',
        f"{program} init    # then edit config.toml, and: {program} run",
    ]
    if example is not None:
        commands.insert(1, f"{program} {option} articles show {example[0]}")
    _title("To go on")
    for command in commands:
        print(f"  {printable(command)}")


def _program() -> str:
    """How this program was called, so that the commands work when they are pasted."""
    called = Path(sys.argv[0])
    if called.name != "ingest":
        return f"{shlex.quote(sys.executable)} -m ingest"
    on_path = shutil.which("ingest")
    if on_path is not None and Path(on_path).samefile(called):
        return "ingest"
    if called.is_relative_to(Path.cwd()):
        called = called.relative_to(Path.cwd())
    return shlex.quote(str(called))
