"""The bytes of an article page as a tree, with every cost bounded.

Hostile pages are met here: what is too long is cut, what holds too many elements is no tree (None),
and libxml2 itself stops at a depth of 256, so that the later steps can walk what they get without
looking over their shoulder.
"""

from __future__ import annotations

import codecs
import re
from itertools import islice
from typing import Any, TypeAlias

MAX_BYTES = 5_000_000  # the longest of 181 real pages has 1.5 MB (article-pages, 2019)
MAX_ELEMENTS = 60_000
MAX_DEPTH = 256  # libxml2's own limit without `huge_tree`

Element: TypeAlias = Any  # lxml ships no types

_SNIFFED_BYTES = 4_096  # the WHATWG prescan looks at 1,024; real pages put it later
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.I)
_HEADER_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([\w.:-]{1,40})", re.I)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # ISO-2022 escapes with 1B
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")

# What browsers read under these names (WHATWG Encoding, section 4.2).
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _is_binary(html: bytes) -> bool:
    """An image or a PDF under an article's address; UTF-16 has a mark or is none of ours."""
    start = html[:_SNIFFED_BYTES]
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    return len(_CONTROL.findall(start)) > 0.02 * len(start)


def _known(name: str | None) -> str | None:
    if not name:
        return None
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if not getattr(found, "_is_text_encoding", True):
        return None
    return _WIDER.get(found.name, found.name)


def decode_page(html: bytes, content_type: str | None = None) -> str:
    """The page as text: BOM, then what is valid UTF-8, then the header's, then the page's claim.

    UTF-8 comes before the claims because multi-byte text that happens to be valid UTF-8 is UTF-8,
    while pages that claim ISO-8859-1 out of habit are common. Never raises.
    """
    html = html[:MAX_BYTES]
    if _is_binary(html):
        return ""
    for bom, name in _BOMS:
        if html.startswith(bom):
            return _NOT_XML.sub("", html.decode(name, "replace").lstrip("\ufeff"))
    header = _HEADER_CHARSET.search(content_type or "")
    meta = _META_CHARSET.search(html, 0, _SNIFFED_BYTES)
    claims = [
        _known(header[1] if header else None),
        _known(meta[1].decode("ascii") if meta else None),
    ]
    stateful = any(claim and claim.startswith(("iso2022", "hz", "utf-7")) for claim in claims)
    if not stateful:
        # An incremental decoder, because the cut may fall inside a character.
        try:
            text = codecs.getincrementaldecoder("utf-8")().decode(html, final=False)
            return _NOT_XML.sub("", text)
        except UnicodeDecodeError:
            pass
    for claim in claims:
        if claim and not claim.startswith("utf-16"):  # a page that says so in ASCII is not UTF-16
            return _NOT_XML.sub("", html.decode(claim, "replace"))
    return _NOT_XML.sub("", html.decode("cp1252", "replace"))


def parse_page(text: str) -> Element | None:
    """The root element, or None where there is no page in the text or it is out of bounds."""
    from lxml import etree

    if not text.strip():
        return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        return None
    if root is None:
        return None
    return root if count_elements(root) <= MAX_ELEMENTS else None


def count_elements(root: Element) -> int:
    """How many elements there are, counted to just above `MAX_ELEMENTS`."""
    return sum(1 for _ in islice(root.iter(), MAX_ELEMENTS + 1))
