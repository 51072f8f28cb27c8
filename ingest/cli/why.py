"""`ingest why A B`: the evidence that two articles are one story, or that they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import AsJson
from ingest.cli.output import Style, minute, print_json, printable, share, span, styled
from ingest.cli.passages import shared_passages
from ingest.cli.rows import row_of
from ingest.cli.session import session_of
from ingest.errors import UsageError

if TYPE_CHECKING:
    from ingest.store.view_rows import ArticleRow, MatchRow

MAX_PASSAGES = 5
MAX_PASSAGE_CHARACTERS = 240

MEANS = {
    "identical": "the same text",
    "abridged": "a part of the other's text",
    "extended": "the other's text and more",
    "edited": "the other's text, edited",
    "quotes": "quotes the other; not the same story",
    "digest": "a round-up of several stories; not the same story",
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
    """Say why two articles are in one story: relation, scores, the passages they share.

    Exits 1 where they are not in one story. With --json: the rows of v_matches between them.

    Examples:

      ingest why 12 9
    """
    from ingest.store import queries

    with session_of(context).opened() as database, database.connect() as connection:
        pages = [queries.article_page(connection, one) for one in (article_id, other_id)]
    first, second = pages
    for page, wanted in ((first, article_id), (second, other_id)):
        if page is None:
            raise UsageError(f"no article with id {wanted}")
    assert first is not None
    assert second is not None
    pair = {first.article.id, second.article.id}
    matches = [one for one in first.matches if {one.article_id, one.of_article_id} == pair]
    is_one_story = (
        first.article.story_id is not None and first.article.story_id == second.article.story_id
    )
    if as_json:
        print_json(row_of(match) for match in matches)
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
    if not matches:
        through = _between(first.matches, second.matches, pair)
        if is_one_story and through:
            print(f"They were not matched with each other, but both with article {through[0]}.")
        elif is_one_story:
            print("They were not matched with each other, but with others of the story.")
        else:
            print("There is no match between them.")
    _print_passages(first.article, second.article)
    return 0 if is_one_story else 1


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
    facts = (
        ("relation", f"{match.relation}: {match.article_id} is {MEANS.get(match.relation, '')}"),
        ("resemblance", f"{share(match.resemblance)} of both texts, weighed by rarity"),
        ("containment", f"{share(match.containment)} of {match.article_id} is in the other"),
        ("", f"{share(match.containment_of)} of {match.of_article_id} is in the other"),
        ("shared weight", f"{match.shared_weight:.1f}"),
        ("rule", match.rule),
        ("time between", span(match.gap_seconds)),
        ("decided", f"{minute(match.decided_at)}, fingerprint version {match.fingerprint_version}"),
    )
    for name, value in facts:
        print(f"  {styled(f'{name:14}', Style.DIM)}{printable(value)}")


def _print_passages(first: ArticleRow, second: ArticleRow) -> None:
    passages = shared_passages(_text(first), _text(second))
    if not passages:
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
