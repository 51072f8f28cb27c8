"""What a page says about itself."""

from __future__ import annotations

from pathlib import Path

from ingest.normalise.page import Page, read_page

HTML = (Path(__file__).parent / "pages" / "split_by_an_advertisement.html").read_bytes()
URL = "https://www.saltbypost.example/news/harbour-bridge-reopens?utm_source=feed"


def page_of(head: str, body: str = "") -> Page:
    return read_page(
        f"<html><head>{head}</head><body>{body}</body></html>".encode(), url="https://a.example/x/y"
    )


def test_json_ld_and_open_graph_fill_the_fields() -> None:
    page = read_page(HTML, url=URL)
    assert page.headline == "Harbour bridge reopens after nine months"
    assert page.authors == ("Mara Lind", "Tom Oduya")
    assert page.published_raw == "2024-03-04T06:30:00Z"
    assert page.modified_raw == "2024-03-04T09:10:00Z"
    assert page.language == "en"
    assert page.canonical_url == "https://www.saltbypost.example/news/harbour-bridge-reopens"
    assert page.description == "Engineers replaced 412 bolts; the tolls stay."
    assert page.section == "Local"
    assert page.tags == ("bridges", "Saltby")


def test_the_lead_image_comes_with_caption_credit_and_alternative_text() -> None:
    page = read_page(HTML, url=URL)
    assert page.image_url == "https://img.saltbypost.example/2024/bridge.jpg?w=1200"
    assert page.image_caption == "The bridge at dawn on Monday."
    assert page.image_credit == "Anna Berg / Nordfoto"
    assert page.image_alt == "A steel bridge at dawn"


def test_another_pictures_caption_is_not_given_to_the_lead_image() -> None:
    page = page_of(
        '<meta property="og:image" content="/lead.jpg">',
        '<figure><img src="/other.jpg" alt="x"><figcaption>Another scene.</figcaption></figure>',
    )
    assert page.image_url == "https://a.example/lead.jpg"
    assert page.image_caption is None


def test_json_ld_with_raw_line_breaks_comments_and_a_semicolon_is_read() -> None:
    page = page_of(
        '<script type="application/ld+json">//<![CDATA[\n{"@type":"NewsArticle","headline":"A\nB",'
        '"author":"Mia Ott","image":["https://a.example/i.jpg"]};\n//]]></script>'
    )
    assert page.headline == "A B"
    assert page.authors == ("Mia Ott",)


def test_broken_json_ld_costs_only_itself() -> None:
    page = page_of(
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": </script>'
        '<meta name="author" content="Mia Ott">'
        '<meta property="og:title" content="Fog &amp;amp; ice">'
    )
    assert page.headline == "Fog & ice"
    assert page.authors == ("Mia Ott",)


def test_json_ld_of_other_things_is_not_the_article() -> None:
    page = page_of(
        '<script type="application/ld+json">[{"@type":"Organization","headline":"No"},'
        '{"@type":"BreadcrumbList","headline":"No"}]</script><title>Yes</title>'
    )
    assert page.headline == "Yes"


def test_addresses_that_are_no_pages_are_not_canonical() -> None:
    page = page_of('<link rel="canonical" href="javascript:alert(1)">')
    assert page.canonical_url is None
    page = page_of('<link rel="canonical" href="http://[broken">')
    assert page.canonical_url is None


def test_syndication_source_names_the_first_publisher() -> None:
    page = page_of('<meta name="syndication-source" content="https://wire.example/story/7">')
    assert page.syndication_source == "https://wire.example/story/7"


def test_author_claims_that_are_addresses_are_left_out() -> None:
    page = page_of('<meta property="article:author" content="https://facebook.example/mia">')
    assert page.authors == ()


def test_language_claims_become_bcp_47() -> None:
    assert page_of('<meta property="og:locale" content="pt_BR">').language == "pt-BR"
    assert page_of('<meta property="og:locale" content="not a language">').language is None
