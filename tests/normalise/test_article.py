from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.config import NormaliseSettings
from ingest.errors import InvalidEntry
from ingest.model import Entry, KeyKind, Media, Text
from ingest.normalise import Context, identify, normalise, normalise_all
from ingest.normalise.boilerplate import block_hash
from tests.normalise.making import NOW, article, document, entry

LONG = (
    "<p>The council met on Monday and agreed on nothing, after six hours in the old hall.</p>"
    "<p>It will meet again in the spring, the mayor said, when the pontoons have come.</p>"
)


def test_an_entry_without_title_and_text_is_invalid() -> None:
    with pytest.raises(InvalidEntry):
        article(entry(title=None))
    with pytest.raises(InvalidEntry):
        article(entry("<script>x()</script>", title=" "))


def test_all_entries_of_a_document_become_what_each_becomes_alone() -> None:
    entries = [entry(f"<p>Sluice {number} opens.</p>", guid=str(number)) for number in range(150)]
    entries[70] = entry(title=None, guid="70")
    identified = identify(document(*entries))
    made = normalise_all(identified, Context(now=NOW))
    invalid = made.pop(70)
    assert isinstance(invalid, InvalidEntry)
    others = (*identified[:70], *identified[71:])
    assert made == [normalise(one, Context(now=NOW)) for one in others]


def test_a_headline_is_made_of_the_text_where_there_is_no_title() -> None:
    assert article(entry("Dock opens. It is big.", title=None)).headline == "Dock opens."


def test_an_entry_with_a_summary_only_has_it_as_body_too() -> None:
    made = article(entry(summary="<p>The council met on Monday.</p>"))
    assert made.summary == made.body_text == "The council met on Monday."
    assert made.alternative_headline is None


def test_a_short_summary_beside_a_full_text_is_the_deck() -> None:
    made = article(entry(LONG, summary="Six hours, and nothing to show for it."))
    assert made.alternative_headline == "Six hours, and nothing to show for it."


def test_a_summary_that_begins_the_body_is_no_deck() -> None:
    made = article(entry(LONG, summary="The council met on Monday and agreed on nothing, after …"))
    assert made.alternative_headline is None


def test_white_space_quotes_and_boilerplate_are_no_revision() -> None:
    one = article(entry(LONG))
    two = article(entry(LONG.replace(" on ", "\n on  ") + "<p>Read more: Ferry fares to rise</p>"))
    assert one.content_hash == two.content_hash
    assert one.content_hash != article(entry(LONG.replace("six", "seven"))).content_hash


def test_a_learned_block_is_removed_and_can_be_switched_off() -> None:
    block = "The Courier is printed on paper from the eastern mills."
    html = f"{LONG}<p>{block}</p>"
    learned = frozenset({block_hash(block)})
    made = article(entry(html), Context(now=NOW, learned=learned))
    assert block not in (made.body_text or "")
    assert ("learned", block) in [(gone.reason, gone.text) for gone in made.removed]
    assert block_hash(block) in made.block_hashes
    kept = Context(now=NOW, learned=learned, settings=NormaliseSettings(learn_boilerplate=False))
    assert block in (article(entry(html), kept).body_text or "")


@pytest.mark.parametrize(
    "ending",
    [
        "The post Dock opens appeared first on Harbour Gazette.",
        "Der Beitrag Dock öffnet erschien zuerst auf Hafenblatt.",
        "L’article Le quai ouvre est apparu en premier sur Le Courrier.",
        "La entrada El muelle abre se publicó primero en El Faro.",
        "L'articolo Il molo apre proviene da Il Faro.",
        "Read more",
        "Continue reading →",
        "[Weiterlesen]",
        "Lire la suite »",
        "Читать далее…",
    ],
)
def test_an_ending_is_cut_off_the_last_paragraph(ending: str) -> None:
    made = article(entry(f"<p>The council met on Monday and agreed on nothing. {ending}</p>"))
    assert made.body_text == "The council met on Monday and agreed on nothing."
    assert made.body_html == "<p>The council met on Monday and agreed on nothing.</p>"


@pytest.mark.parametrize(
    "sentence",
    [
        "“Subscribe to our newsletter,” the poster on the wall said, and she laughed at it.",
        "Facebook, Twitter and Instagram were blocked across the province on Monday.",
        "Related charges against the mayor were dropped on Monday by the provincial court.",
        "Support for the dock fell to a third of those asked, the institute said on Monday.",
        "The disease first appeared on the island in March, and nobody has yet explained it.",
        "The bill was sponsored by two members of the upper house.",
        "Copyright law does not protect a recipe, the court decided.",
        "He read more than anybody else in the village.",
        "Don Quijote y Sancho llegaron al puerto el lunes por la mañana.",
        "Der Abonnent zahlte die Rechnung erst nach der dritten Mahnung des Verlags.",
        "Donations to the party fell by a third last year, the commission said.",
        "Watching the ferry leave, she said nothing for a while.",
    ],
)
def test_news_that_sounds_like_a_plea_stays(sentence: str) -> None:
    made = article(entry(f"{LONG}<p>{sentence}</p>{LONG.replace('council', 'board')}"))
    assert sentence in (made.body_text or "")
    assert sentence in (article(entry(f"{LONG}<p>{sentence}</p>")).body_text or "")


def test_the_sentence_of_a_plea_goes_and_the_news_beside_it_stays() -> None:
    made = article(
        entry(summary="The story of his climb to the stage, told by friends. Subscribe now here!")
    )
    assert made.body_text == "The story of his climb to the stage, told by friends."


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            'The critic explains why. Subscribe to Lisa\'s "Pop Life" newsletter here.',
            "The critic explains why.",
        ),
        ("Der Minister äußert sich noch heute. [mehr]", "Der Minister äußert sich noch heute."),
        (
            "She filmed the physics of skateboarding. (more…)",
            "She filmed the physics of skateboarding.",
        ),
        ("The physics of skateboarding (again)", "The physics of skateboarding (again)"),
    ],
)
def test_a_call_at_the_end_of_a_paragraph_is_cut_wherever_it_stands(text: str, left: str) -> None:
    after = "<p>Nobody was surprised, the board said, and it will meet again on Monday morning.</p>"
    assert (article(entry(summary=text)).body_text or "") == left
    if text.endswith(("]", ")")):
        assert (article(entry(f"<p>{text}</p>{after}")).body_text or "").split("\n")[0] == left


@pytest.mark.parametrize(
    "line",
    [
        "Home / Technology / The minister resigns after a long night",
        "AP Oakland 5 min read Last Updated : Aug 20 2026 | 8:25 AM IST",
        "18 Aug 2026 06:03PM (Updated: 18 Aug 2026 11:19PM)",
        "HARBOUR.E/AGENCIES",
    ],
)
def test_what_stands_above_the_body_goes(line: str) -> None:
    made = article(entry(f"<p>{line}</p>{LONG}", authors=("HARBOUR.E/AGENCIES",)))
    assert (made.body_text or "").startswith("The council met on Monday")
    assert line in [gone.text for gone in made.removed]


@pytest.mark.parametrize("is_html", [True, False])
def test_markup_that_was_escaped_twice_or_calls_itself_plain_is_read_as_markup(
    is_html: bool,
) -> None:
    markup = f"<div>\n{LONG}</div>"
    given = markup.replace("<", "&lt;").replace(">", "&gt;") if is_html else markup
    text = article(entry(given, is_html=is_html)).body_text or ""
    assert text.startswith("The council met on Monday")
    assert "<" not in text


def test_a_text_about_markup_stays_as_it_is() -> None:
    text = "Write <p> before and </p> after each paragraph, as the guide for new editors says."
    assert article(entry(text, is_html=False)).body_text == text


def test_a_few_links_after_a_teasers_only_paragraph_go() -> None:
    links = "<p><a href='/1'>The declaration</a></p><p><a href='/2'>What happened so far</a></p>"
    teaser = "<p>In the affair of the two reporters more and more ask for the prosecutor to go.</p>"
    made = article(entry(teaser + links))
    assert [gone.reason for gone in made.removed] == ["link", "link"]
    listed = article(entry(teaser.replace("go.</p>", "go:</p>") + links))
    assert "What happened so far" in (listed.body_text or "")


def test_a_line_that_announces_removed_links_goes_with_them() -> None:
    links = "".join(f'<p><a href="/{n}">Ferry fares rise again {n}</a></p>' for n in range(2))
    label = "<p>On this site there is more about this for those who like to read:</p>"
    made = article(entry(LONG + LONG.replace("It", "He") + label + links))
    assert "more about this" not in (made.body_text or "")
    last = "<p>Here is a look at what you will see the most of in the year:</p><p>Read more</p>"
    assert "Here is a look" in (article(entry(LONG + last)).body_text or "")


def test_the_page_furniture_of_a_recorded_outlet_goes() -> None:
    lines = (
        "Set Harbour News as your preferred source on Google",
        "Add Harbour News as a trusted source to help Google better understand our content.",
        "Comments on this piece are premoderated to ensure discussion remains on topics raised by "
        "the writer. Please be aware there may be a short delay in comments appearing on the site.",
        "翻译：Jane Doe",
    )
    html = "".join(f"<p>{line}</p>" for line in lines[:2]) + LONG
    html += "".join(f"<p>{line}</p>" for line in lines[2:])
    text = article(entry(html)).body_text or ""
    assert [line for line in lines if line in text] == []


def test_a_films_description_that_is_the_text_is_no_caption() -> None:
    text = "Have you ever built a castle on the beach, only to see the tide come and take it away?"
    film = Media("https://v.example/1.jpg", "thumbnail", caption=text)
    same = replace(entry(summary=text), media=(film,))
    other = replace(entry(LONG), media=(film,))
    assert article(same).image_caption is None
    assert article(other).image_caption == text


def test_links_to_other_articles_go_but_a_list_of_links_stays() -> None:
    links = "".join(f'<p><a href="/{n}">Ferry fares rise again {n}</a></p>' for n in range(3))
    assert "Ferry" not in (article(entry(LONG + LONG.replace("It", "He") + links)).body_text or "")
    assert "Ferry fares rise again 2" in (article(entry(links)).body_text or "")


def test_an_aggregators_description_that_repeats_the_headline_is_no_body() -> None:
    html = '<a href="https://x.example/1">Dock opens</a>&nbsp;&nbsp;<font>Northern Ledger</font>'
    made = article(
        entry(summary=html, title="Dock opens - Northern Ledger", source_title="Northern Ledger")
    )
    assert (made.headline, made.body_text) == ("Dock opens", None)


def test_keys_are_guid_url_and_the_weaker_main_form() -> None:
    made = article(entry("x", link="https://m.news.example/a?utm_source=rss"))
    assert [(key.kind, key.value) for key in made.keys] == [
        (KeyKind.GUID, "1"),
        (KeyKind.URL, "m.news.example/a"),
        (KeyKind.AMP, "news.example/a"),
    ]


_ODDITIES = (
    "<p> </p> <b> </b> <br> <img/src=x> <figure> <figcaption> </a> <a/href='/x'> &amp; &#x0; "
    "&#xD800; Photo: A/AFP By <table><tr><td> <!-- <script> ]]> текст 。 < Read\u00a0more"
)
_MARKUP = st.lists(
    st.sampled_from([*_ODDITIES.split(" "), "\n\n", "\x00", "\ud800", " "]) | st.text(max_size=12),
    max_size=16,
).map("".join)
_TEXTS = st.none() | st.builds(Text, _MARKUP, st.booleans())
_STRINGS = st.none() | _MARKUP
_ENTRIES = st.builds(
    Entry,
    st.just(0),
    guid=_STRINGS,
    link=_STRINGS,
    title=_TEXTS,
    summary=_TEXTS,
    content=_TEXTS,
    authors=st.lists(_MARKUP, max_size=3).map(tuple),
    published_raw=_STRINGS,
    updated_raw=_STRINGS,
    categories=st.lists(_MARKUP, max_size=3).map(tuple),
    media=st.lists(
        st.builds(Media, _MARKUP, caption=_STRINGS, credit=_STRINGS, alt=_STRINGS), max_size=2
    ).map(tuple),
    canonical_link=_STRINGS,
    language=_STRINGS,
    base_url=_STRINGS,
    source_title=_STRINGS,
)


@given(_ENTRIES, _STRINGS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_an_entry_holds_only_invalid_entry_is_raised(
    one: Entry, publisher: str | None
) -> None:
    (identified,) = identify(document(one, site_url=publisher))
    try:
        made = normalise(identified, Context(now=NOW, publisher=publisher, site_url=publisher))
    except InvalidEntry:
        return
    assert made.headline
    assert made.published_at is None or made.published_at <= NOW
    assert made.published_at is None or isinstance(made.published_at, datetime)


def test_the_same_entry_gives_the_same_article() -> None:
    one = replace(entry(LONG), published_raw="2026-03-09T10:00:00Z")
    assert article(one) == article(one)
