from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.normalise.canonical import canonical_url, main_form, url_key

PLAIN = "https://news.example/2026/03/10/minister"


@pytest.mark.parametrize(
    "parameter",
    [
        "utm_source=rss&utm_medium=feed",
        "fbclid=IwAR0",
        "gclid=abc",
        "at_medium=RSS&at_campaign=KARANGA",
        "mc_cid=1&mc_eid=2",
        "ns_mchannel=rss",
        "smid=tw-nytimes",
        "xtor=RSS-3208",
        "ref=rss",
        "CMP=fb_gu",
        "feedType=RSS&feedName=worldNews",
    ],
)
def test_tracking_goes(parameter: str) -> None:
    assert canonical_url(f"{PLAIN}?{parameter}") == PLAIN


@pytest.mark.parametrize(
    "query", ["p=123", "id=7&page=2", "article=9", "story_id=4", "cid=12", "ref=12", "source=43"]
)
def test_what_selects_the_article_stays(query: str) -> None:
    assert canonical_url(f"https://news.example/?{query}") == f"https://news.example/?{query}"


@pytest.mark.parametrize(
    "wrapped",
    [
        "https://www.google.com/url?rct=j&sa=t&url=https%3A%2F%2Fnews.example%2F2026%2F03%2F10%2Fminister&ct=ga",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fnews.example%2F2026%2F03%2F10%2Fminister%3Ffbclid%3D1&h=x",
        "https://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fnews.example%2f2026%2f03%2f10%2fminister",
        "https://out.reddit.com/t3_x?url=https%3A%2F%2Fnews.example%2F2026%2F03%2F10%2Fminister",
        "https://www.google.com/amp/s/news.example/2026/03/10/minister",
        "https://news-example.cdn.ampproject.org/c/s/news.example/2026/03/10/minister",
        "https://news.google.com/news/url?sa=t&url=https://news.example/2026/03/10/minister",
        "https://vk.com/away.php?to=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dhttps%253A%252F%252F"
        "news.example%252F2026%252F03%252F10%252Fminister",
    ],
)
def test_wrappers_that_carry_the_target_are_taken_off(wrapped: str) -> None:
    assert canonical_url(wrapped) == PLAIN


@pytest.mark.parametrize(
    "opaque", ["https://news.google.com/rss/articles/CBMiabc?oc=5", "https://t.co/AbCdEf"]
)
def test_wrappers_that_hide_the_target_stay(opaque: str) -> None:
    assert canonical_url(opaque) == opaque


@pytest.mark.parametrize(
    ("given_url", "canonical"),
    [
        ("HTTP://News.Example:80/A", "http://news.example/A"),
        ("https://news.example:443", "https://news.example/"),
        ("https://news.example:8443/a", "https://news.example:8443/a"),
        ("https://news.example/a#comments", "https://news.example/a"),
        ("https://news.example/#!/a/1", "https://news.example/#!/a/1"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://news.example/%7euser/%c3%a4", "https://news.example/~user/%C3%A4"),
        ("https://news.example/a/../b/./c", "https://news.example/b/c"),
        ("https://news.example/a?b=2&a=1", "https://news.example/a?a=1&b=2"),
        ("  https://news.example/a\n", "https://news.example/a"),
        ("https://[::1]:443/a", "https://[::1]/a"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("not a url", "notaurl"),
    ],
)
def test_one_spelling(given_url: str, canonical: str) -> None:
    assert canonical_url(given_url) == canonical


def test_named_parameters_are_stripped_too() -> None:
    assert canonical_url(f"{PLAIN}?Sess=1&p=2", ("sess",)) == f"{PLAIN}?p=2"


@pytest.mark.parametrize(
    ("variant", "main"),
    [
        ("https://m.news.example/a", "https://news.example/a"),
        ("https://amp.news.example/a", "https://news.example/a"),
        ("https://news.example/a/amp/", "https://news.example/a"),
        ("https://news.example/a.amp.html", "https://news.example/a.html"),
        ("https://news.example/a?amp=1", "https://news.example/a"),
        ("https://news.example/amp/a", "https://news.example/a"),
    ],
)
def test_amp_and_mobile_forms_know_their_main_form(variant: str, main: str) -> None:
    assert main_form(variant) == main


@pytest.mark.parametrize(
    "url",
    [PLAIN, "https://m.example/a", "https://news.example/camp", "https://news.example/amphora"],
)
def test_other_addresses_are_no_variants(url: str) -> None:
    assert main_form(url) is None


def test_the_key_forgets_scheme_www_and_the_last_slash() -> None:
    assert url_key("http://www.news.example/a/") == url_key("https://news.example/a")
    assert url_key("https://news.example/a?p=1") != url_key("https://news.example/a?p=2")


@given(st.text(max_size=200))
def test_any_text_has_a_canonical_form_and_it_is_stable(text: str) -> None:
    once = canonical_url(text)
    assert canonical_url(once) == once


_ALPHABET = (
    "a %41 %2F %zz é utm_x=1 & = ? # ! / .. . ; + http://h.example/ url= u= %25 :443 @ q= [ ] \\ "
    "https%3A%2F%2Fx.example%2F https://www.google.com/url? /amp/s/ %C3%A4"
)
_PIECES = st.lists(st.sampled_from(_ALPHABET.split()), max_size=14).map("".join)


@given(_PIECES)
@example("a?a%zz&a%41")
@example("a?utm%5Fsource=x&p=1")
@example("é..")
@example("a:443..")
@example("www.google.com/url?q=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttp%3A%2F%2Fx.example")
def test_canonical_urls_are_idempotent(tail: str) -> None:
    once = canonical_url("https://" + tail)
    assert canonical_url(once) == once
