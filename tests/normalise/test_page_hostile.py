"""Pages that mean harm, and bytes that are no page: nothing raises, and the work stays bounded."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.normalise.page import read_page
from ingest.normalise.page_tree import decode_page

URL = "https://a.example/x"
SENTENCE = "The ferry left the harbour at noon with forty people on board. "

HOSTILE = {
    "nothing": b"",
    "white space": b" \n ",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50,
    "nested divs": b"<div>" * 50_000 + b"text",
    "nested quotes": b"<blockquote>" * 3_000 + SENTENCE.encode() * 5,
    "nested drop-downs": b"<p>x" + b"<span>" * 200 + b"<a href=x>aa</a>" * 5_000,
    "open brackets": b"<" * 300_000,
    "references": b"&#x110000;&#xD800;&bogus;&#0;" * 20_000,
    "attributes": b"<p " + b"a=b " * 50_000 + b">x",
    "one long word": b"<p>" + b"a" * 500_000,
    "one wide row": b"<table><tr>" + b"<td>y" * 8_000,
    "nested tables": b"<table><tr><td>x" * 100 + b"<td>y" * 5_000,
    "deep JSON": b'<script type="application/ld+json">' + b"[" * 100_000 + b"</script><p>x",
    "odd JSON": b'<script type="application/ld+json">{"@type":["NewsArticle",3],"author":[[]],'
    b'"image":{"url":[1]},"keywords":[null,{"name":4}],"articleBody":{}}</script><p>x',
    "a caption of dashes": b"<figure><img src=a><figcaption>" + b"- " * 50_000,
    "comments": b"<!--" * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_are_read_in_bounded_time(name: str) -> None:
    started = time.process_time()
    page = read_page(HOSTILE[name], url=URL)
    assert page.url == URL
    assert time.process_time() - started < 5  # seconds of CPU; a third of one is usual


def test_a_page_of_too_many_elements_has_no_body() -> None:
    assert read_page(b"<p>x</p>" * 70_000, url=URL).body_text is None


def test_a_url_that_cannot_be_split_is_no_obstacle() -> None:
    html = f"<html><body><div><p>{SENTENCE * 3}</p><p>{SENTENCE * 2}</p></div></body></html>"
    assert read_page(html.encode(), url="http://[broken").body_text is not None


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_raise(body: bytes) -> None:
    read_page(body, url=URL)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["<p>", "</div>", "<table>", "<tr><td>", "<li>", "<a href='//['>", "</a>", "<h1>",
             "<script>", "<br><br>", "<figure><img src=x>", "<figcaption>", "&amp", SENTENCE]
        ),
        max_size=30,
    )
)  # fmt: skip
def test_no_order_of_tags_raises(parts: list[str]) -> None:
    read_page("".join(parts).encode(), url=URL)


@pytest.mark.parametrize(
    ("html", "content_type"),
    [
        ("Grüße – „aus“ Köln".encode(), None),
        ("Grüße – „aus“ Köln".encode("cp1252"), None),
        ("Grüße – „aus“ Köln".encode("cp1252"), "text/html; charset=ISO-8859-1"),
        ("Grüße – „aus“ Köln".encode(), "text/html; charset=ISO-8859-1"),
        ("Grüße – „aus“ Köln".encode("utf-16"), None),
        ("\ufeffGrüße – „aus“ Köln".encode(), "text/html; charset=nonsense"),
        (b'<meta charset="windows-1252">' + "Grüße – „aus“ Köln".encode("cp1252"), None),
    ],
)
def test_the_encoding_is_found(html: bytes, content_type: str | None) -> None:
    assert decode_page(html, content_type).endswith("Grüße – „aus“ Köln")


def test_cyrillic_and_cjk_pages_are_read_by_what_they_claim() -> None:
    cyrillic = b'<meta charset="windows-1251">' + "Паром ушёл".encode("cp1251")
    assert decode_page(cyrillic).endswith("Паром ушёл")
    chinese = "渡轮离开了港口".encode("gb18030")
    assert decode_page(chinese, "text/html; charset=gb2312") == "渡轮离开了港口"
    japanese = "船が港を出た".encode("cp932")
    assert decode_page(japanese, "text/html; charset=Shift_JIS") == "船が港を出た"
