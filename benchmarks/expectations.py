"""The feedparser suite's own expectations, put to our parser.

    python -m benchmarks.expectations FOLDER

Each file of the suite states in its first comment what feedparser must make of it. The line is
evaluated against our `FeedDocument`, seen through feedparser's names, wherever our model has the
field; where it is about sanitising and addresses within texts, against what normalise leaves of
them (`benchmarks/sanitised.py`). What it has not, and what does not hold, is listed with reasons.
"""

from __future__ import annotations

import argparse
import codecs
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from benchmarks.sanitised import shown, shown_line
from ingest.config import ParseSettings
from ingest.errors import ParseError
from ingest.model import Entry, FeedDocument, Media, Text
from ingest.parse import parse_feed

_EXPECT = re.compile(rb"Expect:\s*(.+)")
_HEADER = re.compile(rb"Header:\s*(Content-type|Content-location)\s*:\s*(.+)", re.IGNORECASE)
_SERVER = "http://127.0.0.1:8097/"  # where feedparser's tests serve the files from


class NoField(Exception):
    """Our model has no such field."""


class View:
    """An object of our model under feedparser's names: each name a function, or absent."""

    def __init__(self, kind: str, known: dict[str, Callable[[], Any]]) -> None:
        self._kind = kind
        self._known = known

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            raise NoField(f"{self._kind}.{name}")
        value = self._known[name]()
        if value is None:
            raise KeyError(name)
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict) and all(self.get(key) == other[key] for key in other)

    __hash__ = None  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        return self[name]

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    has_key = __contains__

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


class Encoding(str):
    """Equal to every name of the same encoding, and of one that is part of it."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if str.__eq__(self, "ascii"):
            return True
        parts = {"gb18030": {"gb2312", "gbk"}, "cp1252": {"iso8859-1"}, "cp949": {"euc_kr"}}
        parts |= {"cp932": {"shift_jis"}, "cp874": {"tis-620"}, "cp1254": {"iso8859-9"}}
        try:
            ours, theirs = codecs.lookup(self).name, codecs.lookup(str(other)).name
        except LookupError:
            return False
        return ours == theirs or theirs == "ascii" or theirs in parts.get(ours, ())

    def __hash__(self) -> int:
        return 0


class Type(str):
    """A text's type: ours only knows markup from plain text."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return (str(other) == "text/plain") == (str(self) == "text/plain")

    def __hash__(self) -> int:
        return 0


def _detail(text: Text | None) -> View | None:
    if text is None:
        return None
    kind = Type("text/html" if text.is_html else "text/plain")
    return View("text", {"value": lambda: text.value, "type": lambda: kind})


def _parsed(raw: str | None) -> Any:
    from ingest.normalise.dates import read_date

    moment = read_date(raw).at if raw else None
    return None if moment is None else tuple(moment.utctimetuple())


def _media(item: Media) -> View:
    return View(
        "media",
        {
            "url": lambda: item.url,
            "href": lambda: item.url,
            "rel": lambda: item.role,
            "type": lambda: item.type,
            "width": lambda: None if item.width is None else str(item.width),
            "height": lambda: None if item.height is None else str(item.height),
            "length": lambda: None if item.length_bytes is None else str(item.length_bytes),
            "content": lambda: item.credit,
        },
    )


def _entry(entry: Entry) -> View:
    title, summary = entry.title, entry.summary or entry.content
    author = ", ".join(entry.authors) or None

    def of_role(role: str) -> list[View] | None:
        return [_media(item) for item in entry.media if item.role == role] or None

    tags = [View("tag", {"term": partial(str, name)}) for name in entry.categories]
    source = View(
        "source",
        {name: lambda: entry.source_title for name in ("title", "value")}
        | {name: lambda: entry.source_url for name in ("href", "link", "url")},
    )
    known: dict[str, Callable[[], Any]] = {
        "title": lambda: title.value if title else None,
        "title_detail": lambda: _detail(title),
        "link": lambda: entry.link,
        "content": lambda: [_detail(entry.content)] if entry.content else None,
        "author": lambda: author,
        "tags": lambda: tags or None,
        "category": lambda: entry.categories[0] if entry.categories else None,
        "published_parsed": lambda: _parsed(entry.published_raw),
        "updated_parsed": lambda: _parsed(entry.updated_raw or entry.published_raw),
        "enclosures": lambda: of_role("enclosure"),
        "media_thumbnail": lambda: of_role("thumbnail"),
        "media_content": lambda: of_role("content"),
        "source": lambda: source,
        "comments": lambda: entry.related[-1] if entry.related else None,
        "feedburner_origlink": lambda: entry.canonical_link,
        "language": lambda: entry.language,
    }
    for names, value in (
        (("id", "guid"), entry.guid),
        (("summary", "description"), summary.value if summary else None),
        (("rights", "copyright"), entry.rights),
        (("published", "issued"), entry.published_raw),
        (("updated", "modified", "date"), entry.updated_raw or entry.published_raw),
    ):
        known |= {name: lambda value=value: value for name in names}  # type: ignore[misc]
    known |= {name: lambda: _detail(summary) for name in ("summary_detail", "description_detail")}
    known |= {"issued_parsed": known["published_parsed"]}
    known |= dict.fromkeys(("modified_parsed", "date_parsed"), known["updated_parsed"])
    return View("entry", known)


def _feed(document: FeedDocument) -> View:
    ttl = document.hints.ttl_minutes
    known: dict[str, Callable[[], Any]] = {
        "updated_parsed": lambda: _parsed(document.updated_raw or document.published_raw),
        "published_parsed": lambda: _parsed(document.published_raw),
        "image": lambda: View("image", {n: lambda: document.image_url for n in ("href", "url")}),
        "ttl": lambda: None if ttl is None else str(ttl),
    }
    for names, value in (
        (("title",), document.title),
        (("link",), document.site_url),
        (("description", "subtitle", "tagline"), document.description),
        (("language",), document.language),
        (("generator",), document.generator),
        (("rights", "copyright"), document.rights),
        (("published", "issued"), document.published_raw),
        (("updated", "modified", "date"), document.updated_raw or document.published_raw),
    ):
        known |= {name: lambda value=value: value for name in names}  # type: ignore[misc]
    known |= dict.fromkeys(("modified_parsed", "date_parsed"), known["updated_parsed"])
    return View("feed", known)


def _sanitised_entry(entry: Entry, document: FeedDocument, url: str) -> View:
    """An entry's texts as normalise leaves them."""
    base = entry.base_url or entry.link or document.site_url or url
    summary = shown(entry.summary or entry.content, base)
    content = shown(entry.content or entry.summary, base)
    title = shown_line(entry.title)
    known: dict[str, Callable[[], Any]] = dict.fromkeys(("summary", "description"), lambda: summary)
    known |= {"title": lambda: title, "rights": lambda: shown_line(_html(entry.rights))}
    known |= {
        "content": lambda: (
            None if content is None else [View("content", {"value": lambda: content})]
        )
    }
    for name, value in (("title", title), ("summary", summary), ("description", summary)):
        known[f"{name}_detail"] = lambda value=value: View("text", {"value": lambda: value})  # type: ignore[misc]
    return View("entry", known)


def _sanitised_feed(document: FeedDocument) -> View:
    """A feed's lines as they are shown: without markup."""
    known: dict[str, Callable[[], Any]] = {}
    for names, value in (
        (("title",), document.title),
        (("description", "subtitle", "tagline"), document.description),
        (("rights", "copyright"), document.rights),
        (("generator",), document.generator),
    ):
        line = shown_line(_html(value))
        known |= {name: lambda line=line: line for name in names}  # type: ignore[misc]
        known |= {
            f"{name}_detail": lambda line=line: View("text", {"value": lambda: line})  # type: ignore[misc]
            for name in names
        }
    return View("feed", known)


def _html(value: str | None) -> Text | None:
    return Text(value, is_html=True) if value else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one expectation: holds, fails, or is not ours; and why."""

    word: str
    reason: str = ""


def judge(path: Path) -> Verdict:
    """Evaluate one file's expectation."""
    body = path.read_bytes()
    found = _EXPECT.search(body[:4_000])
    if found is None:
        return Verdict("not ours", "the file states nothing in plain bytes (UTF-16 and the like)")
    line = found.group(1).split(b"-->")[0].decode("utf-8", "replace").strip()
    if line in ("bozo", "not bozo", "1"):
        return Verdict("not ours", "it only asks whether the feed is well-formed (`faults` here)")
    headers = {m.group(1).decode().lower(): m.group(2).decode() for m in _HEADER.finditer(body)}
    url = urljoin(_SERVER, headers.get("content-location", "").strip())
    try:
        document = parse_feed(
            body,
            url=url,
            content_type=headers.get("content-type"),
            settings=ParseSettings(),
        )
    except ParseError as error:
        return Verdict("fails", f"refused: {error}")
    names = {
        "bozo": not line.startswith("not bozo"),
        "feed": _feed(document),
        "entries": [_entry(entry) for entry in document.entries],
        "version": document.format,
        # bytes that are ASCII read alike by every name: we call them UTF-8
        "encoding": Encoding("ascii" if body.isascii() else document.encoding or ""),
    }
    if _is_of_normalise(path, line):
        names |= {
            "feed": _sanitised_feed(document),
            "entries": [_sanitised_entry(entry, document, url) for entry in document.entries],
        }
    try:
        holds = eval(line, {"__builtins__": {"len": len, "True": True}}, names)
    except NoField as missing:
        return Verdict("not ours", f"no such field: {missing}")
    except NameError as missing:
        return Verdict("not ours", f"no such thing: {missing.name}")
    except (KeyError, IndexError, AttributeError, TypeError) as error:
        return Verdict("fails", _why(path, line, f"{type(error).__name__}: {error}"))
    except SyntaxError:
        return Verdict("not ours", "the line is not an expression")
    return Verdict("holds") if holds else Verdict("fails", _why(path, line, "another value"))


def _is_of_normalise(path: Path, line: str) -> bool:
    marks = (mark for mark, reason in _BY_DESIGN if reason in _OF_NORMALISE)
    return any(mark in path.as_posix() or mark in line for mark in marks)


def _why(path: Path, line: str, otherwise: str) -> str:
    """Name the reason where it is one of ours by design."""
    for mark, reason in _BY_DESIGN:
        if mark in path.as_posix() or mark in line:
            if reason in _OF_NORMALISE:
                found = [why for name, why in _LEFT_OUT if name in path.name]
                return found[0] if found else reason
            return reason
    return otherwise


_SANITISING = "sanitised by normalise, and another text or link is left"
_RESOLVING = "resolved by normalise, and another text or link is left"
_OF_NORMALISE = (_SANITISING, _RESOLVING)
# What sanitising leaves out on purpose, and feedparser keeps.
_LEFT_OUT = (
    ("crazy", "code in scripts and comments is no text; feedparser, confused, keeps half of it"),
    ("mathml", "formulas and drawings are no text"),
    ("atomsvg", "formulas and drawings are no text"),
    ("iframe", "what stands inside a frame is for browsers that know none"),
    ("not_a_doctype", "`<!` opens a comment (WHATWG HTML, 13.2.5.42)"),
    ("nested_cdata", "`<!` opens a comment (WHATWG HTML, 13.2.5.42)"),
)
_BY_DESIGN = (
    ("/sanitize/", _SANITISING),
    ("/sgml/", _SANITISING),
    ("platypus", _SANITISING),
    ("safe", _SANITISING),
    ("/namespace/", _SANITISING),
    ("item_description_br", _SANITISING),
    ("not_a_doctype", _SANITISING),
    ("demoronize", _SANITISING),
    ("/base/", _RESOLVING),
    ("relative/uri", _RESOLVING),
    ("/qna.xml", _SANITISING),
    ("linenoise", "text decoded twice in error is mended in whole texts only"),
    ("author", "authors stay as written: normalise splits name from address"),
    ("mailto", "authors stay as written: normalise splits name from address"),
    ("/chardet/", "encodings that nobody names are not guessed: windows-1252"),
    ("tags", "a category is its label, where it has one beside the term"),
    ("base64", "content of a type that is no text is no content"),
    ("content_src", "content elsewhere is no content"),
    ("Content-language", "the header is not among parse's arguments"),
    ("content_language", "the header is not among parse's arguments"),
    ("_and_", "one summary is kept; the other is content only if it is longer"),
    ("shorttag", "an empty text is None"),
)
LEFT_ON_PURPOSE = frozenset(reason for _, reason in (*_LEFT_OUT, *_BY_DESIGN)) - {*_OF_NORMALISE}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.expectations", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--list", action="store_true", help="print every one that does not hold")
    options = parser.parse_args()
    words: Counter[str] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    for path in sorted(options.folder.rglob("*.xml")):
        verdict = judge(path)
        words[verdict.word] += 1
        if verdict.word != "holds":
            reasons[verdict.word, verdict.reason] += 1
        if options.list and verdict.word == "fails":
            print(f"{path.relative_to(options.folder)}: {verdict.reason}")
    asked = words["holds"] + words["fails"]
    print(f"expectations our model has the field for: {words['holds']} of {asked} hold")
    for word in ("fails", "not ours"):
        print(f"{word}: {words[word]}")
        for (which, reason), count in reasons.most_common():
            if which == word:
                print(f"  {count:5}  {reason}")


if __name__ == "__main__":
    main()
