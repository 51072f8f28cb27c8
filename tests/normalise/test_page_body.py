"""Bodies of article pages. A case is `pages/NAME.html` and `NAME.txt` beside it, all made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.normalise.page import read_page
from ingest.normalise.page_phrases import foreign_phrase

PAGES = Path(__file__).parent / "pages"
URL = "https://www.saltbypost.example/news/a-page"


@pytest.mark.parametrize("name", sorted(path.stem for path in PAGES.glob("*.html")))
def test_a_page_gives_its_article_and_nothing_else(name: str) -> None:
    page = read_page((PAGES / f"{name}.html").read_bytes(), url=URL)
    assert page.body_text == (PAGES / f"{name}.txt").read_text("utf-8").rstrip("\n")
    assert page.body_from == "blocks"


def test_what_stood_among_the_paragraphs_is_kept_with_its_reason() -> None:
    page = read_page((PAGES / "split_by_an_advertisement.html").read_bytes(), url=URL)
    reasons = {item.text: item.reason for item in page.removed}
    assert reasons["Inspectors found cracks in two anchor plates last June"] == "cross_reference"
    assert reasons["Follow us on Twitter and Facebook."] == "follow"
    assert not any("toll of two pounds" in text for text in reasons)


def test_the_same_page_reads_the_same_twice() -> None:
    html = (PAGES / "split_by_an_advertisement.html").read_bytes()
    assert read_page(html, url=URL) == read_page(html, url=URL)


def test_the_body_as_html_holds_the_same_words_and_no_attributes() -> None:
    page = read_page((PAGES / "split_by_an_advertisement.html").read_bytes(), url=URL)
    assert page.body_html is not None
    assert "<h2>Tolls stay</h2>" in page.body_html
    assert "<ul>\n<li>Cars: two pounds</li>\n<li>Lorries: nine pounds</li>\n</ul>" in page.body_html
    assert "<blockquote><p>Never been so happy" in page.body_html
    assert "=" not in page.body_html


def test_text_that_a_script_would_show_is_taken_from_json_ld() -> None:
    body = " ".join(f"Sentence number {n} of the story is here." for n in range(30))
    html = (
        '<html><body><div id="app"><p>Please enable JavaScript to read this page, thank you.</p>'
        '</div><script type="application/ld+json">{"@type": "NewsArticle", "articleBody": '
        f'"<p>{body}</p><p>Tom &amp; Ann were there too, they said.</p>"}}</script></body></html>'
    )
    page = read_page(html.encode(), url=URL)
    assert page.body_from == "json_ld"
    assert page.body_text == f"{body}\n\nTom & Ann were there too, they said."


def test_a_teaser_in_json_ld_does_not_replace_the_text_on_the_page() -> None:
    html = (PAGES / "results_in_a_table.html").read_text("utf-8")
    teaser = '<script type="application/ld+json">{"@type":"Article","articleBody":"Won."}</script>'
    page = read_page(html.replace("</head>", f"{teaser}</head>").encode(), url=URL)
    assert page.body_from == "blocks"


def test_a_front_page_of_links_has_no_body() -> None:
    links = "".join(
        f'<li><a href="/{n}">A headline of some length here</a></li>' for n in range(60)
    )
    page = read_page(f"<html><body><ul>{links}</ul></body></html>".encode(), url=URL)
    assert page.body_text is None


@pytest.mark.parametrize(
    "text",
    [
        "Read more: The ferry that never came back",
        "Lesen Sie auch: Der Fährmann",
        "À lire aussi : Le passeur",
        "Lea también: El barquero",
        "Leia também: O barqueiro",
        "Leggi anche: Il traghettatore",
        "Читайте также: Паромщик",
        "Czytaj także: Przewoźnik",
        "Advertisement",
        "© 2024 The Saltby Post. All rights reserved.",
        "(Reporting by Ann Hill; Editing by Bo Dale)",
        "Sign up for our newsletter",
        "Follow us on Instagram and Facebook",
    ],
)
def test_words_to_the_reader_of_the_page_are_known(text: str) -> None:
    assert foreign_phrase(text, len(text.split())) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Read, he said, more than you write.",
        "She signed up for the army in March.",
        "The company will follow its rivals on price.",
        "Related companies were not searched, police said.",
        "Photographs of the harbour were sold at auction.",
        "Copyright law is a hundred years old in this country.",
        "Commentators were quick to praise him.",
        "The newspaper asked readers to share the story of their street.",
    ],
)
def test_sentences_that_use_such_words_stay(text: str) -> None:
    assert foreign_phrase(text, len(text.split())) is None
