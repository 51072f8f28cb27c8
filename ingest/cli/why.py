"""`ingest why A B`: the evidence that two articles are one story, or that they are not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import AsJson
from ingest.cli.output import Row, Style, minute, print_json, printable, share, span, styled
from ingest.cli.passages import shared_passages
from ingest.cli.rows import row_of
from ingest.cli.session import session_of
from ingest.errors import UsageError
from ingest.model import Relation

if TYPE_CHECKING:
    from ingest.store.explanations import Explanation
    from ingest.store.view_rows import ArticleRow, MatchRow

MAX_PASSAGES = 5
MAX_PASSAGE_CHARACTERS = 240

MEANS = {
    "identical": "the same text",
    "abridged": "a part of the other's text",
    "extended": "the other's text and more",
    "edited": "the other's text, edited",
    "quotes": "in part one with the other, which alone makes no story",
    "digest": "a round-up of several stories, which alone makes no story",
}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("why")(why)


def why(
    context: typer.Context,
    article_id: Annotated[int, typer.Argument(metavar="A", help="An article's id.")],
    other_id: Annotated[int, typer.Argument(metavar="B", help="Another article's id.")],
    as_json: AsJson = False,
) -> int:
    """Say why two articles are in one story or not.

    Relation, scores, and the passages they share. The match is the one that was stored. Where there
    is none the texts are compared as they are now: what was missing, or which vetoes fired. Exits 1
    where they are not in one story. With --json: one object, `match` in it the row of v_matches or
    null.

    Examples:

      ingest why 12 9

      ingest why 12 9 --json | jq '.missing, .vetoes'
    """
    from ingest.store import article_queries
    from ingest.store.explanations import explain

    if article_id == other_id:
        raise UsageError("these are one article")
    with session_of(context).opened(for_reading=True) as database, database.connect() as connection:
        pages = [article_queries.article_page(connection, one) for one in (article_id, other_id)]
        found = explain(connection, article_id, other_id) if None not in pages else None
    first, second = pages
    for page, wanted in ((first, article_id), (second, other_id)):
        if page is None:
            raise UsageError(f"no article with id {wanted}")
    assert first is not None
    assert second is not None
    assert found is not None
    pair = {first.article.id, second.article.id}
    matches = [one for one in first.matches if {one.article_id, one.of_article_id} == pair]
    is_one_story = (
        first.article.story_id is not None and first.article.story_id == second.article.story_id
    )
    if as_json:
        print_json([_as_row(first.article, second.article, matches, found)])
        return 0 if is_one_story else 1
    _print_articles(first.article, second.article)
    print()
    if is_one_story:
        print(styled(f"One story: {first.article.story_id}.", Style.GREEN))
    else:
        stories = f"{first.article.story_id} and {second.article.story_id}"
        print(styled(f"Not one story: {stories}.", Style.YELLOW))
    for match in matches:
        _print_match(match)
    if matches and is_one_story and not _made_a_story(matches):
        print("They are one story by others of it, not by this match.")
    if not matches:
        through = _between(first.matches, second.matches, pair)
        if is_one_story and through:
            print(f"They were not matched with each other, but both with article {through[0]}.")
        elif is_one_story:
            print("They were not matched with each other, but with others of the story.")
        else:
            print("There is no match between them.")
    if found.decided_together is None and not is_one_story and _made_a_story(matches):
        print("One of them left the story since, as a round-up or by a decision about others.")
    for line in _reasons(found, is_matched=bool(matches), is_one_story=is_one_story):
        print(line)
    _print_passages(first.article, second.article, found)
    return 0 if is_one_story else 1


def _as_row(
    first: ArticleRow, second: ArticleRow, matches: list[MatchRow], found: Explanation
) -> Row:
    facts = dict(row_of(found))
    stored, passages = facts.pop("stored"), facts.pop("shared_passages")
    assert (stored is None) == (not matches), "the view and the table are one"
    return {
        "article_id": first.id,
        "other_id": second.id,
        "story_id": first.story_id,
        "other_story_id": second.story_id,
        **facts,
        "match": row_of(matches[0]) if matches else None,
        "shared_passages": [one.text for one in shared_passages(_text(first), _text(second))]
        or passages,
    }


def _reasons(found: Explanation, *, is_matched: bool, is_one_story: bool) -> Iterator[str]:
    """A person's decision; and where nothing was matched, what the rules say about the texts."""
    if found.decided_together is not None:
        yield f"A person decided that they are {'one story' if found.decided_together else 'two'}."
    if is_matched:
        if found.rule is None:
            because = found.missing or "; ".join(found.vetoes)
            yield f"An article or the rules changed since: today they would not match ({because})."
        return
    facts: list[tuple[str, str]] = []
    if found.missing is not None and found.rule is None:
        facts.append(("missing", found.missing))
    facts += [("veto", veto) for veto in found.vetoes]
    is_due = found.relation_today is not None and found.relation_today.makes_a_story
    if found.rule is not None and found.missing is not None:
        facts += [("rule", f"{found.rule}: the two texts match"), ("but", found.missing)]
    elif found.rule is not None and found.relation_today == "digest":
        facts.append(("rule", f"{found.rule}, but one tells of several stories"))
    elif found.rule is not None and not is_due:
        facts.append(("rule", f"{found.rule}, but one is only a part of the other"))
    elif found.rule is not None:
        facts.append(("rule", f"{found.rule}: the texts match as they are now"))
    if found.containment is not None and found.containment_of is not None:
        facts.append(("containment", f"{share(found.containment)} of the first is in the second"))
        facts.append(("", f"{share(found.containment_of)} of the second is in the first"))
    if found.shared_weight is not None:
        facts.append(("shared weight", f"{found.shared_weight:.1f}"))
    for name, value in facts:
        yield f"  {styled(f'{name:14}', Style.DIM)}{printable(value)}"
    if is_due and not is_one_story and found.decided_together is None:
        yield "`ingest recluster --dry-run` shows whether today's rules make them one story."


def _made_a_story(matches: list[MatchRow]) -> bool:
    return any(Relation(match.relation).makes_a_story for match in matches)


def _between(ours: tuple[MatchRow, ...], theirs: tuple[MatchRow, ...], pair: set[int]) -> list[int]:
    """The articles with which both are matched."""
    near = {one for match in ours for one in (match.article_id, match.of_article_id)}
    far = {one for match in theirs for one in (match.article_id, match.of_article_id)}
    return sorted((near & far) - pair)


def _print_articles(*articles: ArticleRow) -> None:
    for article in articles:
        at = minute(article.published_at or article.first_seen_at)
        print(f"{article.id:>6}  {at}  {printable(article.publisher)}")
        print(f"        {styled(printable(article.headline), Style.BOLD)}")


def _print_match(match: MatchRow) -> None:
    facts = [("relation", f"{match.relation}: {match.article_id} is {MEANS[match.relation]}")]
    if match.rule == "same_headline":
        # Shares of a headline in a text mean nothing.
        facts = [("relation", f"{match.relation}, by the headline: one has no text of its own")]
    else:
        facts += [
            ("resemblance", f"{share(match.resemblance)} of both texts, weighed by rarity"),
            ("containment", f"{share(match.containment)} of {match.article_id} is in the other"),
            ("", f"{share(match.containment_of)} of {match.of_article_id} is in the other"),
            ("shared weight", f"{match.shared_weight:.1f}"),
        ]
    facts += [
        ("rule", match.rule),
        ("time between", span(match.gap_seconds)),
        ("decided", f"{minute(match.decided_at)}, fingerprint version {match.fingerprint_version}"),
    ]
    for name, value in facts:
        print(f"  {styled(f'{name:14}', Style.DIM)}{printable(value)}")


def _print_passages(first: ArticleRow, second: ArticleRow, found: Explanation) -> None:
    passages = shared_passages(_text(first), _text(second))
    if not passages:  # in a script without spaces there may be some all the same
        for text in found.shared_passages[:MAX_PASSAGES]:
            print(f"  {styled('shared'.ljust(14), Style.DIM)}{printable(text)}")
        return
    words = sum(passage.words for passage in passages)
    print()
    print(styled(f"Shared passages: {len(passages)}, {words} words", Style.BOLD))
    for passage in passages[:MAX_PASSAGES]:
        text = printable(passage.text)
        if len(text) > MAX_PASSAGE_CHARACTERS:
            text = f"{text[: MAX_PASSAGE_CHARACTERS - 1]}…"
        print(f"  {passage.words:>4} words  {text}")


def _text(article: ArticleRow) -> str:
    return article.body_text or article.summary or article.headline
