"""`ingest articles diff`: what changed between the versions of an article, sentence by sentence."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import AsJson
from ingest.cli.output import (
    Row,
    Style,
    minute,
    print_json,
    printable,
    span,
    styled,
    terminal_width,
)
from ingest.cli.session import session_of
from ingest.errors import UsageError

if TYPE_CHECKING:
    from ingest.normalise.revision import RevisionDiff, SentenceChange
    from ingest.store.article_queries import ArticlePage, Version

PAGE_WIDTH = 100  # columns: lines longer than that are hard to read

MEANS = {
    "edit": "edited by the publisher",
    "fuller": "another feed brought a fuller text",
    "reissue": "issued again under a new address",
    "page": "filled from the article's page",
    "reprocess": "read again by newer rules, not edited by the publisher",
}

Only = Annotated[
    int | None, typer.Option("--version", min=2, help="Only what led to this version.")
]


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """From one version to the next.

    `flips_back`: the later one says what an earlier one said. `correction`: the outlet's notice in
    the present version that it has corrected the article.
    """

    old: Version
    new: Version
    diff: RevisionDiff
    flips_back: bool
    correction: str | None = None


def add_to(group: typer.Typer) -> None:
    """Register the command under `ingest articles`."""
    group.command("diff")(diff)


def diff(
    context: typer.Context,
    article_id: Annotated[int, typer.Argument(metavar="ID", help="The article's id.")],
    version: Only = None,
    as_json: AsJson = False,
) -> int:
    """Show what changed between the versions of an article.

    Headlines and sentences. Exits 1 where there is only one version.

    Examples:

      ingest articles diff 42

      ingest articles diff 42 --version 3

      ingest articles diff 42 --json | jq -r '.headline | select(. != null) | .after'
    """
    from ingest.store.article_queries import article_page

    session = session_of(context)
    with session.opened(for_reading=True) as database, database.connect() as connection:
        page = article_page(connection, article_id)
    if page is None:
        raise UsageError(f"no article with id {article_id}")
    steps = [one for one in _steps(page) if version in (None, one.new.number)]
    if version is not None and not steps:
        raise UsageError(f"article {article_id} has {len(page.versions)} versions, no {version}")
    if as_json:
        print_json(_row(article_id, step) for step in steps)
    else:
        for at, step in enumerate(steps):
            if at:
                print()
            _print_step(step)
    if not steps:
        session.say(f"article {article_id} has never been revised")
    return 0 if steps else 1


def _steps(page: ArticlePage) -> Iterator[Step]:
    from ingest.normalise import revision

    versions = page.versions
    notice = revision.correction_notice(one.text for one in page.removed)
    texts = [
        revision.Version(one.headline, one.alternative_headline, one.body_text or one.summary)
        for one in versions
    ]
    for at, (old, new) in enumerate(pairwise(versions), 1):
        yield Step(
            old,
            new,
            revision.diff(texts[at - 1], texts[at]),
            revision.flips_back(texts[: at + 1]),
            notice if at == len(versions) - 1 else None,
        )


def _row(article_id: int, step: Step) -> Row:
    return {
        "article_id": article_id,
        "version": step.new.number,
        "seen_at": step.new.seen_at,
        "reason": step.old.reason,
        "flips_back": step.flips_back,
        "correction": step.correction,
        "words_before": step.old.word_count,
        "words_after": step.new.word_count,
        "headline": _change_row(step.diff.headline),
        "alternative_headline": _change_row(step.diff.alternative_headline),
        "sentences": [_change_row(change) for change in step.diff.body],
    }


def _change_row(change: SentenceChange | None) -> Row | None:
    if change is None:
        return None
    return {"kind": change.kind.value, "before": change.before, "after": change.after}


def _print_step(step: Step) -> None:
    later = span((step.new.seen_at - step.old.seen_at).total_seconds())
    reason = MEANS.get(step.old.reason or "", step.old.reason or "")
    print(
        styled(f"Version {step.old.number} to {step.new.number}", Style.BOLD)
        + f"  {minute(step.new.seen_at)}, {later} later: {printable(reason)}"
    )
    words = step.new.word_count - step.old.word_count
    facts = [f"{step.old.word_count} to {step.new.word_count} words"] if words else []
    if step.flips_back:
        facts.append("back to what it said before")
    if facts:
        print(styled("; ".join(facts), Style.DIM))
    if step.correction is not None:
        print(f"The outlet says: {printable(step.correction)}")
    if step.diff.is_empty:
        print("No sentence differs.")
    for title, change in (
        ("Headline", step.diff.headline),
        ("Deck", step.diff.alternative_headline),
    ):
        if change is not None:
            print_changes(title, [change])
    if step.diff.body:
        print_changes("Text", step.diff.body)


def print_changes(title: str, changes: Sequence[SentenceChange]) -> None:
    """Sentences that were replaced, removed or added: the old under a -, the new under a +."""
    print(styled(f"  {title}", Style.CYAN))
    for change in changes:
        old, new = printable(change.before or ""), printable(change.after or "")
        if change.before is not None:
            _print_sentence("-", old, new, Style.RED)
        if change.after is not None:
            _print_sentence("+", new, old, Style.GREEN)


def _print_sentence(sign: str, text: str, other: str, style: Style) -> None:
    """A sentence under its sign; the words that the other version lacks are in colour."""
    width = min(terminal_width() or PAGE_WIDTH, PAGE_WIDTH) - 6
    lines = textwrap.wrap(text, max(width, 20)) or [""]
    words = text.split()
    differs = _differing(words, other.split())
    at = 0
    for number, line in enumerate(lines):
        shown: list[str] = []
        for piece in line.split():
            # A word longer than the line is cut by wrap; its pieces count as the word they are of.
            is_new = at < len(words) and differs[at]
            shown.append(styled(piece, style) if is_new else piece)
            at += at < len(words) and words[at].endswith(piece)
        print(f"  {styled(sign if number == 0 else ' ', style)} {' '.join(shown)}")


def _differing(words: Sequence[str], others: Sequence[str]) -> list[bool]:
    if not others:
        return [True] * len(words)
    differs = [True] * len(words)
    blocks = SequenceMatcher(None, words, others, autojunk=False).get_matching_blocks()
    for block in blocks:
        differs[block.a : block.a + block.size] = [False] * block.size
    return differs
