"""One article as a careless scraper stores it comes out as the schema, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.model import Article
from ingest.normalise import Context
from tests.normalise.making import NOW, article, entry, touchstone
from tests.normalise.outlets import OUTLETS, Outlet

FICTION = Path(__file__).parent / "fixtures" / "shipyard.txt"


@dataclass(frozen=True, slots=True)
class Expected:
    """A scraped text, and what its lines are."""

    text: str
    headline: str
    deck: str
    alt: str
    caption: str
    credit: str
    paragraphs: tuple[str, ...]

    @property
    def body(self) -> str:
        return "\n\n".join(self.paragraphs)


def _taken_apart(text: str, credit: str) -> Expected:
    lines = [" ".join(line.split()) for line in text.strip().splitlines()]
    paragraphs = tuple(line for line in lines[6 : lines.index("Read more:")] if line)
    assert paragraphs[0].count(" ") > 20
    return Expected(
        text, lines[0], lines[2], lines[3], lines[4].partition(" Photo:")[0], credit, paragraphs
    )


@pytest.fixture(params=["fiction", "touchstone"])
def expected(request: pytest.FixtureRequest) -> Expected:
    if request.param == "fiction":
        return _taken_apart(FICTION.read_text("utf-8"), "Petra Oduya / Nordlys Press")
    return _taken_apart(touchstone(), "Sergei Bobylev / RIA Novosti")


def _check(made: Article, expected: Expected) -> None:
    assert made.headline == expected.headline
    assert made.alternative_headline == expected.deck
    assert made.image_alt == expected.alt
    assert made.image_caption == expected.caption
    assert made.image_credit == expected.credit
    assert made.body_text == expected.body


def _html(expected: Expected, form: str) -> str:
    lines = [" ".join(line.split()) for line in expected.text.strip().splitlines()]
    if form == "paragraphs":
        return "".join(f"<p>{line}</p>\n" for line in lines if line)
    if form == "line breaks":
        return "<br>\n".join(lines)
    rest = "".join(f"<p>{line}</p>\n" for line in lines[6:] if line)
    return (
        f"<h1>{expected.headline}</h1><p>{expected.deck}</p>"
        f'<figure><img src="/i/1.jpg" alt="{expected.alt}"><figcaption>{lines[4]}</figcaption>'
        f"</figure>{rest}"
    )


def test_plain_text_comes_out_exact(expected: Expected) -> None:
    made = article(entry(expected.text, title=expected.headline, is_html=False))
    _check(made, expected)


def test_plain_text_declared_to_be_html_comes_out_exact(expected: Expected) -> None:
    _check(article(entry(expected.text, title=expected.headline)), expected)


def test_without_a_title_the_first_line_is_the_headline(expected: Expected) -> None:
    _check(article(entry(expected.text, title=None, is_html=False)), expected)


@pytest.mark.parametrize("form", ["paragraphs", "line breaks", "figure"])
def test_html_comes_out_exact(expected: Expected, form: str) -> None:
    made = article(entry(_html(expected, form), title=expected.headline))
    _check(made, expected)
    assert made.body_html is not None
    assert made.body_html.count("<p>") == len(expected.paragraphs)


def test_everything_taken_out_is_kept_with_its_reason(expected: Expected) -> None:
    made = article(entry(expected.text, title=expected.headline, is_html=False))
    said = " ".join(removed.text for removed in made.removed)
    for line in expected.text.split("\n"):
        line = " ".join(line.split())
        if line:
            assert line in said or line in (made.body_text or "")
    assert all(removed.reason for removed in made.removed)


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.name)
def test_the_plain_text_in_another_outlets_boilerplate(expected: Expected, outlet: Outlet) -> None:
    text = "\n\n".join((*outlet.before, *expected.paragraphs, *outlet.after))
    made = article(
        entry(text, title=expected.headline, is_html=False),
        Context(now=NOW, publisher=outlet.name),
    )
    assert made.body_text == expected.body


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.name)
def test_the_html_in_another_outlets_boilerplate(expected: Expected, outlet: Outlet) -> None:
    def paragraphs(lines: tuple[str, ...]) -> str:
        return "".join(f"<p>{line}</p>\n" for line in lines)

    html = (
        outlet.html_before
        + paragraphs(outlet.before)
        + paragraphs(expected.paragraphs)
        + paragraphs(outlet.after)
        + outlet.html_after
    )
    made = article(
        entry(html, title=expected.headline, summary=expected.deck),
        Context(now=NOW, publisher=outlet.name),
    )
    assert made.body_text == expected.body
    assert made.alternative_headline == expected.deck
