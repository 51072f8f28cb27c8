"""What the fast lane knows of feedparser by heart is what the installed feedparser knows."""

from __future__ import annotations

import subprocess
import sys

import pytest
from feedparser.html import _cp1252
from feedparser.mixin import _FeedParserMixin
from feedparser.sanitizer import _HTMLSanitizer

from ingest.parse.fast import known
from ingest.parse.mended import MendedStrict

_TEXTS = (
    *(
        "plain",
        "a < b",
        "AT&T",
        "AT&amp;T",
        "a &nosuch; b",
        "&#8217;",
        "&nosuch;&amp;",
        "caf&eacute;",
    ),
    *("<b>bold</b>", "<b>bold", "<B>bold</B>", "</b>", "<nosuch>a</nosuch>", "a</ b>", "</p >"),
    *(
        "<p>a</p><script>b</script>",
        "if (a < b) </code>",
        "<br/>&amp;",
        "Vec<T>&lt;",
        "<!-- --></p>",
    ),
)


def test_namespaces_are_feedparsers() -> None:
    theirs = {uri.lower(): prefix for uri, prefix in _FeedParserMixin.namespaces.items()}
    assert theirs == known.NAMESPACES


def test_handled_elements_are_those_of_the_mended_feedparser() -> None:
    theirs = {
        name.removeprefix("_start_").removeprefix("_end_")
        for name in dir(MendedStrict)
        if name.startswith(("_start_", "_end_"))
    }
    assert theirs == known.HANDLED


def test_elements_of_html_are_those_that_feedparser_lets_pass() -> None:
    assert set(_HTMLSanitizer.acceptable_elements) == known.HTML_ELEMENTS


def test_windows_characters_are_mapped_as_feedparser_maps_them() -> None:
    every = "".join(map(chr, range(0x80, 0xA0)))
    assert every.translate(known.CP1252) == every.translate(_cp1252)


@pytest.mark.parametrize("text", _TEXTS)
def test_html_is_told_from_plain_text_as_feedparser_tells_it(text: str) -> None:
    assert known.looks_like_html(text) == bool(_FeedParserMixin.looks_like_html(text))


def test_a_worker_loads_feedparser_and_an_http_client_only_for_documents_that_need_them() -> None:
    script = "import ingest.harvest, sys; print({'feedparser', 'http.client'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "set()"
