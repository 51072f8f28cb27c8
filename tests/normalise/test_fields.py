"""People, agencies, images, headlines, languages: the fields around the text."""

from __future__ import annotations

import pytest

from ingest.normalise import Context
from ingest.normalise.data import table
from ingest.normalise.headline import outlet_names, without_outlet
from ingest.normalise.images import caption_in, spelled_credit, split_caption
from ingest.normalise.language import bcp47, language_of
from ingest.normalise.people import read_authors
from ingest.normalise.wire import agency_at_end, agency_in_byline, read_dateline
from tests.normalise.making import NOW, article, entry

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (("jane@x.example (Jane Doe)",), ("Jane Doe",)),
        (("Jane Doe <jane@x.example>",), ("Jane Doe",)),
        (("By Jane Doe and John Smith",), ("Jane Doe", "John Smith")),
        (("Jane Doe, John Smith",), ("Jane Doe", "John Smith")),
        (("Doe, Jane",), ("Jane Doe",)),
        (("Staff",), ()),
        (("Von Jana Beispiel und Karl Muster",), ("Jana Beispiel", "Karl Muster")),
        (("Par Jeanne Exemple",), ("Jeanne Exemple",)),
        (("Jane Doe, Political Editor",), ("Jane Doe",)),
        (("Jane Doe", "Jane Doe"), ("Jane Doe",)),
        (("noreply@x.example",), ()),
        (("Reuters",), ()),
        (("Harbour Gazette",), ()),
    ],
)
def test_bylines_are_read_as_names(given: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert read_authors(given, outlet_names("The Harbour Gazette")).names == names


def test_an_agency_in_the_byline_is_an_agency() -> None:
    byline = read_authors(("Jane Doe, Associated Press",), NONE)
    assert (byline.names, byline.agency) == (("Jane Doe",), "AP")
    assert agency_in_byline("dpa/AFP") == "dpa"


@pytest.mark.parametrize(
    ("text", "place", "agency"),
    [
        ("KYIV, Oct 25 (Reuters) - The council met.", "KYIV", "Reuters"),
        ("LONDON (AP) — The council met.", "LONDON", "AP"),
        ("WASHINGTON, D.C. (AP) — The council met.", "WASHINGTON, D.C.", "AP"),
        ("Berlin (dpa) - Der Rat tagte.", "Berlin", "dpa"),
        ("BEIJING, Oct. 25 (Xinhua) -- The council met.", "BEIJING", "Xinhua"),
        ("Madrid, 25 oct (EFE).- El consejo se reunió.", "Madrid", "EFE"),
        ("(Reuters) - The council met.", None, "Reuters"),
        ("(ANSA) - ROMA, 25 OTT - Il consiglio.", "ROMA", "ANSA"),
        ("МОСКВА, 25 октября. /ТАСС/. Совет собрался.", "МОСКВА", "TASS"),
        ("МОСКВА, 25 окт - РИА Новости. Совет собрался.", "МОСКВА", "RIA Novosti"),
        ("PARIS — The council met.", "PARIS", None),
        ("［ベルリン ２１日 ロイター］ - 会議は月曜日に開かれた。", "ベルリン", "Reuters"),
        ("【ワシントン共同】会議は月曜日に開かれた。", "ワシントン", "Kyodo"),
        ("（ブルームバーグ）： 会議は月曜日に開かれた。", None, "Bloomberg"),
        ("新华社北京8月21日电（记者）会议于星期一召开。", "北京", "Xinhua"),
    ],
)
def test_datelines(text: str, place: str | None, agency: str | None) -> None:
    found = read_dateline(text)
    assert found is not None
    assert (found.place, found.agency) == (place, agency)


@pytest.mark.parametrize(
    "text",
    [
        "The council (which met on Monday) - and not for the first time - agreed.",
        "NATO - the alliance - met.".lower(),
        "Prime Minister Jane Doe said on Monday that the council would meet.",
        "He said: nothing.",
        "大家好 - 我们是一家区域性企业。",
    ],
)
def test_other_openings_are_no_datelines(text: str) -> None:
    assert read_dateline(text) is None


def test_every_spelling_of_every_agency_is_known_in_byline_and_dateline() -> None:
    for name, spellings in table("agencies")["agencies"].items():
        for spelling in spellings:
            assert agency_in_byline(spelling) == name
            dateline = read_dateline(f"KYIV, Oct 25 ({spelling}) - The council met.")
            if len(spelling) <= 40 and not {*"/()"} & {*spelling}:
                assert dateline is not None, spelling
                assert (dateline.place, dateline.agency) == ("KYIV", name)


def test_an_agency_signs_at_the_end() -> None:
    assert agency_at_end(["The council met. (AFP)"]) == "AFP"
    assert agency_at_end(["With inputs from Reuters"]) == "Reuters"
    assert agency_at_end(["Source: dpa"]) == "dpa"
    assert agency_at_end(["He works at the AP. She does not."]) is None


def test_where_the_agency_was_found_is_told() -> None:
    made = article(entry("<p>KYIV, Oct 25 (Reuters) - The council met and agreed on nothing.</p>"))
    assert (made.dateline, made.source_agency, made.source_agency_found_in) == (
        "KYIV",
        "Reuters",
        "dateline",
    )
    made = article(entry("<p>The council met.</p>", authors=("AFP",)))
    assert (made.source_agency, made.source_agency_found_in) == ("AFP", "byline")


@pytest.mark.parametrize(
    ("line", "caption", "credit"),
    [
        (
            "Xi Jinping, 16 May 2024. Photo: Sergei Bobylev, RIA Novosti",
            "Xi Jinping, 16 May 2024.",
            "Sergei Bobylev / RIA Novosti",
        ),
        ("The dock at dawn. (AP Photo/Ana Li)", "The dock at dawn.", "Ana Li / AP"),
        (
            "The dock at dawn. Credit: Ana Li/Getty Images",
            "The dock at dawn.",
            "Ana Li / Getty Images",
        ),
        ("Das Dock am Morgen. Foto: Ana Li/dpa", "Das Dock am Morgen.", "Ana Li / dpa"),
        ("Le quai à l'aube. Crédit photo : Ana Li", "Le quai à l'aube.", "Ana Li"),
        ("Причал утром. Фото: Анна Ли / ТАСС", "Причал утром.", "Анна Ли / ТАСС"),
        ("Photo: Ana Li", None, "Ana Li"),
        ("The dock at dawn [Photo: Ana Li/AFP]", "The dock at dawn", "Ana Li / AFP"),
        (
            "The dock, August 18, 2026. REUTERS/Ana Li",
            "The dock, August 18, 2026.",
            "Ana Li / Reuters",
        ),
    ],
)
def test_a_caption_is_parted_from_its_credit(line: str, caption: str | None, credit: str) -> None:
    found = caption_in(line)
    assert found is not None
    assert (found.caption, found.credit) == (caption, credit)


@pytest.mark.parametrize(
    ("line", "credit"),
    [
        ("The dock at dawn. REUTERS/Ana Li", "Ana Li / Reuters"),
        ("The dock at dawn © Ana Li / AFP", "Ana Li / AFP"),
        ("The dock at dawn (Reuters)", "Reuters"),
    ],
)
def test_a_known_caption_may_credit_loosely(line: str, credit: str) -> None:
    assert split_caption(line).credit == credit


@pytest.mark.parametrize("credit", ["None", "null", "N/A", ""])
def test_a_credit_that_says_nobody_is_none(credit: str) -> None:
    assert spelled_credit(credit) is None


@pytest.mark.parametrize(
    "line",
    [
        "She showed the committee a photo: it was of the dock, and nobody in it was smiling.",
        "The film by Ana Li opens on Friday.",
        "“This image is by far the worst,” he said.",
        "The council met. (Reuters)",
        "The photograph by the door was gone when the police came back to the flat on Monday.",
    ],
)
def test_a_sentence_is_no_caption(line: str) -> None:
    assert caption_in(line) is None


def test_a_figures_caption_and_credit_leave_the_body() -> None:
    made = article(
        entry(
            "<p>The council met on Monday and agreed on nothing.</p>"
            '<figure><img src="/1.jpg" alt="A dock">'
            "<figcaption>The dock at dawn. Photo: Ana Li</figcaption></figure>"
            "<p>It will meet again in the spring, the mayor said.</p>"
        )
    )
    assert made.image_url == "https://news.example/1.jpg"
    assert (made.image_caption, made.image_credit, made.image_alt) == (
        "The dock at dawn.",
        "Ana Li",
        "A dock",
    )
    assert "dawn" not in (made.body_text or "")


@pytest.mark.parametrize(
    "title",
    [
        "Dock opens - The Harbour Gazette",
        "Dock opens | Harbour Gazette",
        "Dock opens – gazette.example",
    ],
)
def test_the_outlets_name_leaves_the_headline(title: str) -> None:
    names = outlet_names("The Harbour Gazette", "https://www.gazette.example/")
    assert without_outlet(title, names) == "Dock opens"


def test_another_dash_stays_in_the_headline() -> None:
    names = outlet_names("The Harbour Gazette")
    assert without_outlet("Dock opens - at last", names) == "Dock opens - at last"


@pytest.mark.parametrize(
    ("claimed", "tag"),
    [("en_us", "en-US"), ("EN", "en"), ("zh-hans-cn", "zh-Hans-CN"), ("German", "de"), ("?", None)],
)
def test_claims_are_spelled_as_bcp_47(claimed: str, tag: str | None) -> None:
    assert bcp47(claimed) == tag


GERMAN = (
    "Der Rat tagte am Montag und beschloss nichts, sagte die Bürgermeisterin nach der Sitzung. "
    "Es ist nicht das erste Mal, dass der Plan für das zweite Dock auf den Sommer verschoben wird, "
    "aber die Stadt will mit dem Bau noch in diesem Jahr beginnen."
)


def test_the_text_overrules_a_false_claim() -> None:
    assert language_of(GERMAN, "en-US") == "de"
    assert language_of(GERMAN, "de-AT") == "de-AT"
    assert language_of(GERMAN, None) == "de"


def test_a_short_text_does_not() -> None:
    assert language_of("Der Rat", "en-US") == "en-US"


def test_the_source_of_an_aggregator_is_an_outlet() -> None:
    made = article(
        entry("<p>x</p>", title="Dock opens - Northern Ledger", source_title="Northern Ledger"),
        Context(now=NOW, publisher="Aggregator"),
    )
    assert made.headline == "Dock opens"
