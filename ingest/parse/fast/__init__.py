"""The fast lane: well-formed XML feeds of the common shapes, read from an lxml tree.

It gives what the mended feedparser gives, or nothing: whatever is out of the ordinary (an element
where it does not belong, an attribute of a foreign namespace that feedparser would take for its
own) raises `Doubt`, and the document goes to feedparser. `tests/parse/test_lanes_agree.py` holds
it to that.
"""

from __future__ import annotations

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
    root = None if prolog.entities else _tree(text)
    if root is None:
        mended = repaired(text, prolog.entities)
        if mended.text == text:
            return None
        text = mended.text
        faults += mended.faults
        root = _tree(text)
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


def _tree(text: str) -> Any:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
