from __future__ import annotations

import re

import pytest

from ingest.model import Text
from ingest.normalise.blocks import body_html_of, body_text_of
from ingest.normalise.html import read
from ingest.normalise.plaintext import plain_line
from tests.normalise.making import article, entry

# Written after the classes of the OWASP XSS filter evasion cheat sheet.
XSS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=https://evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    '<img src="javascript:alert(1)">',
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
    '<a href=" vbscript:x">x</a>',
    "<svg onload=alert(1)><a xlink:href='javascript:1'>x</a></svg>",
    "<math><mi xlink:href='javascript:1'>x</mi></math>",
    "<iframe src=https://evil.example></iframe>",
    "<object data=x></object><embed src=x>",
    '<p style="background:url(javascript:1)" onclick="x()">text</p>',
    "<body onload=alert(1)>text",
    "<form action=https://evil.example><input onfocus=x autofocus><button>go</button></form>",
    "<meta http-equiv=refresh content='0;url=javascript:1'>",
    "<base href='javascript:1//'><a href='/x'>x</a>",
    "<link rel=stylesheet href=javascript:1>",
    "<<script>alert(1)//<</script>",
    "<p/onclick=alert(1)>text",
    '<a href="https://ok.example" onmouseover="x()" target="_blank">x</a>',
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<template><script>1</script></template>",
    '<a title="<img src=x onerror=1>" href="https://ok.example/?a=\'<b>">x</a>',
    "<textarea></textarea><img src=x onerror=1>",
    "<title><img src=x onerror=1></title>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]
_TAG = re.compile(r"<[^>]*>")
_ALLOWED = re.compile(
    r"</?(?:p|h[2-6]|li|ul|blockquote|pre|br|abbr|b|bdi|bdo|cite|code|del|dfn|em|i|ins|kbd|mark|q|rp|"
    r"rt|ruby|s|samp|small|strong|sub|sup|u|var|a|time)>|"
    r'<a(?: href="(?:https?|mailto|tel):[^"<>]*")? rel="noopener noreferrer">|'
    r'<time datetime="[^"<>]*">'
)


@pytest.mark.parametrize("attack", XSS)
@pytest.mark.parametrize("frame", ["{}", "<p>before {} after</p>", "<div><b>{}</div>", "<p>{}"])
def test_nothing_dangerous_is_left(attack: str, frame: str) -> None:
    reading = read(Text(frame.format(attack) + "<p>end</p>", True), "https://news.example/a")
    html = body_html_of(reading.blocks)
    assert [tag for tag in _TAG.findall(html) if _ALLOWED.fullmatch(tag) is None] == []
    assert all(picture.url.startswith("http") for picture in reading.pictures)


def test_every_block_is_balanced() -> None:
    reading = read(Text("<b>one<p>two <i>three</p><p>four</i> five</b></p>", True))
    html = body_html_of(reading.blocks)
    for tag in ("b", "i", "p"):
        assert html.count(f"<{tag}>") == html.count(f"</{tag}>")
    assert body_text_of(reading.blocks) == "one\n\ntwo three\n\nfour five"


def test_relative_addresses_are_resolved() -> None:
    reading = read(
        Text('<p><a href="/b">b</a> <a href="c?d=1&amp;e=2">c</a></p><img src="i.jpg">', True),
        "https://news.example/a/",
    )
    assert 'href="https://news.example/b"' in reading.blocks[0].html
    assert 'href="https://news.example/a/c?d=1&amp;e=2"' in reading.blocks[0].html
    assert reading.pictures[0].url == "https://news.example/a/i.jpg"


@pytest.mark.parametrize(
    "pixel",
    [
        '<img src="https://t.example/i.gif" width="1" height="1">',
        '<img src="https://feeds.feedburner.com/~r/x/~4/abc">',
        '<img src="https://pixel.wp.com/b.gif?x=1">',
        '<img src="data:image/gif;base64,R0lGOD">',
        '<img src="https://news.example/spacer/1x1.gif">',
    ],
)
def test_tracking_pixels_are_no_pictures(pixel: str) -> None:
    assert read(Text(f"<p>text {pixel}</p>", True), "https://news.example/").pictures == ()


@pytest.mark.parametrize(
    "embedded",
    [
        '<iframe src="https://video.example/1"/>',
        '<iframe src="https://video.example/1" />',
        '<object data="film.swf">',
        '<video src="film.mp4"/>',
        "<noscript/>",
    ],
)
def test_what_follows_an_embedded_thing_that_is_not_closed_is_kept(embedded: str) -> None:
    text = f"<p>The dam held.</p>{embedded}<p>Nobody was hurt.</p>"
    blocks = read(Text(text, True), "https://news.example/").blocks
    assert body_text_of(blocks) == "The dam held.\n\nNobody was hurt."


def test_what_stands_inside_an_embedded_thing_is_no_text() -> None:
    text = "<p>The dam held.</p><iframe src='x'><p>No frames.</p></iframe><p>Nobody was hurt.</p>"
    blocks = read(Text(text, True), "https://news.example/").blocks
    assert body_text_of(blocks) == "The dam held.\n\nNobody was hurt."


def test_one_line_break_is_a_line_and_two_are_a_paragraph() -> None:
    reading = read(Text("roses are red<br>violets are blue<br><br>\nend", True))
    assert body_text_of(reading.blocks) == "roses are red\nviolets are blue\n\nend"
    assert "roses are red<br>violets are blue" in body_html_of(reading.blocks)


def test_hard_wrapped_plain_text_is_joined() -> None:
    text = (
        "The council met on Monday evening in the old hall and spoke for six\n"
        "hours about the second dock, which nobody in the villages upstream had\n"
        "been told of before the spring.\n\nIt will meet again."
    )
    blocks = read(Text(text)).blocks
    assert len(blocks) == 2
    assert "for six hours about" in blocks[0].text


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("A &amp; B", "A & B"),
        ("A &amp;amp; B", "A & B"),
        ("<b>Big</b> news", "Big news"),
        ("Q&A: x < y and a > b", "Q&A: x < y and a > b"),
        ("soft\u00adhyphen and zero\u200bwidth", "softhyphen and zerowidth"),
        ("one<br/>two", "one two"),
        ("AT&T", "AT&T"),
        ("&#8220;Quoted&#8221;", "“Quoted”"),
        ("Storm<script>track('x > y')</script> nears<style>b{color:red}</style>", "Storm nears"),
        ("Storm nears<!-- end", "Storm nears"),
    ],
)
def test_a_title_is_one_clean_line(given: str, line: str) -> None:
    assert plain_line(given) == line


def test_lists_and_headings_keep_their_shape() -> None:
    made = article(
        entry("<h2>Why</h2><ul><li>one thing</li><li>another thing</li></ul><p>So it went.</p>")
    )
    assert made.body_html == (
        "<h2>Why</h2>\n<ul>\n<li>one thing</li>\n<li>another thing</li>\n</ul>\n<p>So it went.</p>"
    )
