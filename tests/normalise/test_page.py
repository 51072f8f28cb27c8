"""An article with its page: what is taken over and what stays."""

from __future__ import annotations

from datetime import UTC, datetime

from ingest.model import Article, Key, KeyKind, PublishedQuality
from ingest.normalise.boilerplate import block_hash
from ingest.normalise.page import Page, with_page

NOW = datetime(2024, 3, 5, 12, tzinfo=UTC)
FULL = "\n\n".join(f"Paragraph {n} says what happened on the harbour bridge." for n in range(9))
PAGE = Page(
    url="https://a.example/x",
    body_text=FULL,
    body_html="\n".join(f"<p>{text}</p>" for text in FULL.split("\n\n")),
    body_from="blocks",
    headline="The page's headline",
    authors=("Mara Lind",),
    published_raw="2024-03-04T06:30:00Z",
    language="en",
    canonical_url="https://a.example/story?utm_source=x",
    image_url="https://a.example/i.jpg",
    image_caption="The page's caption",
    section="Local",
    tags=("bridges",),
)


def test_a_fuller_body_comes_from_the_page() -> None:
    article = with_page(Article(headline="H", body_text="A teaser.", word_count=2), PAGE)
    assert article.body_text == FULL
    assert article.text_from == "page"
    assert article.word_count == len(FULL.split())
    assert article.body_html is not None
    assert article.body_html.count("<p>") == 9


def test_the_feeds_text_stays_where_the_page_says_no_more() -> None:
    article = with_page(Article(headline="H", body_text=FULL, content_hash=7), PAGE)
    assert article.text_from == "feed"
    assert article.content_hash == 7


def test_the_feeds_text_stays_where_the_page_has_none() -> None:
    article = with_page(
        Article(headline="H", body_text="A teaser."), Page(url="https://a.example/")
    )
    assert (article.body_text, article.text_from) == ("A teaser.", "feed")


def test_missing_fields_are_filled_and_given_ones_stay() -> None:
    article = with_page(
        Article(headline="H", authors=("Feed Author",), image_url="https://a.example/f.jpg"), PAGE
    )
    assert article.headline == "H"
    assert article.authors == ("Feed Author",)
    assert article.tags == ("bridges",)
    assert article.sections == ("Local",)
    assert article.image_url == "https://a.example/f.jpg"
    assert article.image_caption is None  # of another picture


def test_the_canonical_address_becomes_a_key() -> None:
    article = with_page(Article(headline="H", keys=(Key(KeyKind.GUID, "1"),)), PAGE)
    assert article.canonical_url == "https://a.example/story"
    assert [key.kind for key in article.keys] == [KeyKind.GUID, KeyKind.CANONICAL]


def test_a_canonical_address_that_is_the_home_page_is_no_key() -> None:
    article = with_page(Article(headline="H"), Page(url="u", canonical_url="https://a.example/"))
    assert article.keys == ()


def test_a_pages_date_is_believed_only_by_the_clock() -> None:
    assert with_page(Article(headline="H"), PAGE).published_at is None
    article = with_page(Article(headline="H"), PAGE, now=NOW)
    assert article.published_at == datetime(2024, 3, 4, 6, 30, tzinfo=UTC)
    assert article.published_quality is PublishedQuality.EXACT
    absurd = with_page(Article(headline="H"), Page(url="u", published_raw="2031-01-01"), now=NOW)
    assert absurd.published_at is None


def test_learned_boilerplate_is_left_out_and_kept_as_removed() -> None:
    line = "Paragraph 3 says what happened on the harbour bridge."
    article = with_page(Article(headline="H"), PAGE, learned=frozenset({block_hash(line)}))
    assert article.body_text is not None
    assert line not in article.body_text
    assert ("learned", line) in [(item.reason, item.text) for item in article.removed]
    assert block_hash(line) in article.block_hashes


def test_the_content_hash_follows_the_body() -> None:
    first = with_page(Article(headline="H"), PAGE)
    assert first.content_hash == with_page(Article(headline="H"), PAGE).content_hash
    other = with_page(Article(headline="Other"), PAGE)
    assert first.content_hash != other.content_hash
