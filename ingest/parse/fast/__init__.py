"""The fast lane: well-formed XML feeds of the common shapes, read from an lxml tree.

It gives what the mended feedparser gives, or nothing: whatever is out of the ordinary (an element
where it does not belong, an attribute of a foreign namespace that feedparser would take for its
own) raises `Doubt`, and the document goes to feedparser. `tests/parse/test_lanes_agree.py` holds
it to that.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

from lxml import etree

from ingest.config import ParseSettings
from ingest.model import FeedDocument
from ingest.parse.clean import Prolog, needs_mending, repaired, without_prolog
from ingest.parse.decode import claims_utf8
from ingest.parse.fast.head import read_root
from ingest.parse.fast.markup import Walk
from ingest.parse.fast.names import Doubt, name_of, version_of
from ingest.parse.finish import finished


def read(
    prolog: Prolog, *, url: str, encoding: str, faults: tuple[str, ...], settings: ParseSettings
) -> FeedDocument | None:
    """Read the document, or return None where there is any doubt."""
    text = prolog.rest
    raw = _encoded(text)
    root = None if prolog.entities else _tree(raw)
    if root is None:
        mended = repaired(text, prolog.entities)
        if mended.text == text:
            return None
        text = mended.text
        faults += mended.faults
        raw = _encoded(text)
        root = _tree(raw)
        if root is None:
            return None
    return _document(
        raw,
        root,
        url=url,
        doctype=prolog.doctype,
        encoding=encoding,
        faults=faults,
        settings=settings,
    )


def read_utf8(
    body: bytes, *, url: str, content_type: str | None, settings: ParseSettings
) -> FeedDocument | None:
    """Read a document as it came, where it is UTF-8 and well-formed from its root to its end.

    As `read` would, but nothing is decoded that is no text of an entry. None where anything has to
    be looked at first: another encoding, junk before the root, entities, mangled HTML, too many
    items.
    """
    start = 3 if body.startswith(codecs.BOM_UTF8) else 0
    head = body[start : start + _HEAD]
    if not claims_utf8(head, content_type) or b"\x00" in head:
        return None
    text = head.decode("utf-8", "ignore")
    prolog = without_prolog(text)
    if prolog.entities or prolog.has_junk or _FEED_ROOT.match(prolog.rest) is None:
        return None
    before = text[: len(text) - len(prolog.rest)].encode("utf-8")
    if not head.startswith(before) or needs_mending(body, settings.max_entries):
        return None
    raw = body[start + len(before) :]
    root = _tree(raw)
    if root is None:
        return None
    return _document(
        raw,
        root,
        url=url,
        doctype=prolog.doctype,
        encoding="utf-8",
        faults=(),
        settings=settings,
    )


def _document(
    raw: bytes,
    root: Any,
    *,
    url: str,
    doctype: str,
    encoding: str,
    faults: tuple[str, ...],
    settings: ParseSettings,
) -> FeedDocument | None:
    try:
        if _HAS_FLOOD(root):
            raise Doubt
        name = name_of(root)
        is_recoded = b"\xc2" in raw or _TRAILING_REFERENCE.search(raw) is not None
        walk = Walk(
            url,
            version_of(root, name, raw),
            raw,
            has_bases=b"base" in raw
            and (b"base=" in raw or b"base =" in raw)
            and bool(_HAS_BASES(root)),
            is_recoded=is_recoded,
            has_c1=is_recoded
            and (_C1.search(raw) is not None or _C1_REFERENCE.search(raw) is not None),
        )
        read_root(walk, root, name)
    except Doubt:
        return None
    return finished(
        walk.feed,
        walk.entries,
        format="rss091n" if "netscape" in doctype.lower() else walk.version,
        lane="fast",
        encoding=encoding,
        faults=faults,
        settings=settings,
        size=len(raw),
    )


_HEAD = 16_384  # bytes in which the root element begins
_FEED_ROOT = re.compile(r"<(?:[A-Za-z][\w.-]{0,30}:)?(?:rss|feed|rdf)[\s>]", re.IGNORECASE)
# lxml finds each attribute by walking from the first one: reading all of 50,000 takes a minute.
_HAS_FLOOD = etree.XPath("boolean(/descendant::*/@*[256])")
_HAS_BASES = etree.XPath("boolean(//@xml:base | //@base)")


# Text that was encoded twice has a character that was a trailing byte of UTF-8 (U+0080-U+00BF):
# itself two bytes of which the first is C2, or a reference. So has a C1 control character. Each
# pattern begins with fixed bytes, so that looking for it is a search for these.
_TRAILING_REFERENCE = re.compile(rb"&#(?:0*1[2-9]\d|[xX]0*[89aAbB][0-9a-fA-F]);")
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
_C1_REFERENCE = re.compile(rb"&#(?:0*1[2-5]\d|[xX]0*[89][0-9a-fA-F]);")


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate, which no encoding holds
        return b""


def _tree(raw: bytes) -> Any:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        return etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
