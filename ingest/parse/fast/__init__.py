"""The fast lane: well-formed XML feeds of the common shapes, read from an lxml tree.

It gives what the mended feedparser gives, or nothing: whatever is out of the ordinary (an element
where it does not belong, an attribute of a foreign namespace that feedparser would take for its
own) raises `Doubt`, and the document goes to feedparser. `tests/parse/test_lanes_agree.py` holds
it to that.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from ingest.config import ParseSettings
from ingest.model import FeedDocument
from ingest.parse.clean import Prolog, repaired
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
    try:
        if _HAS_FLOOD(root):
            raise Doubt
        name = name_of(root)
        walk = Walk(
            url,
            version_of(root, name, text),
            text,
            has_bases=("base=" in text or "base =" in text) and bool(_HAS_BASES(root)),
            has_c1=(b"\xc2" in raw and _C1.search(raw) is not None)
            or (b"&#" in raw and _C1_REFERENCE.search(raw) is not None),
        )
        read_root(walk, root, name)
    except Doubt:
        return None
    return finished(
        walk.feed,
        walk.entries,
        format="rss091n" if "netscape" in prolog.doctype.lower() else walk.version,
        lane="fast",
        encoding=encoding,
        faults=faults,
        settings=settings,
        size=len(text),
    )


# lxml finds each attribute by walking from the first one: reading all of 50,000 takes a minute.
_HAS_FLOOD = etree.XPath("boolean(/descendant::*/@*[256])")
_HAS_BASES = etree.XPath("boolean(//@xml:base | //@base)")


# A C1 control character as UTF-8, and a reference to one; each begins with fixed bytes, so that
# looking for it is a search for these.
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
