"""Addresses made absolute, the same way in every reader."""

from __future__ import annotations

import re
from urllib.parse import urljoin

_EXTRA_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)/+")
_BLANKS = re.compile(r"[\x00-\x20\x7f]+")
# Never an address of an article or a picture; `data:` would put a whole picture in a column.
_LOST_AMPERSAND = re.compile(r"&([A-Za-z0-9_]+);")
_UNSAFE = ("javascript:", "data:", "vbscript:", "about:", "blob:")
_MAX_LENGTH = 8_000  # characters; servers refuse much less (RFC 9110, section 4.1)


def unescaped(address: str) -> str:
    """Undo the escaping that links in texts of elements often have once too often.

    The rule is feedparser's: an address has no character references, so `&amp;` is `&`, and the
    semicolon of `&copy;=1` was put there by somebody's HTML parser.
    """
    if "&" not in address or ";" not in address:
        return address
    return _LOST_AMPERSAND.sub(r"&\1", address.replace("&amp;", "&"))


def absolute(base: str, address: str | None) -> str:
    """Resolve `address` against `base` (RFC 3986, section 5); "" where it is none or unsafe.

    White space around it goes; line breaks within it too, as the URL Standard has it; spaces
    within it become `%20`.
    """
    if not address:
        return ""
    if (
        address.startswith(("https://", "http://"))
        and address.isascii()
        and address.isprintable()
        and " " not in address
        and "[" not in address
        and "]" not in address
        and "\\" not in address
        and "///" not in address[:10]
        and len(address) <= _MAX_LENGTH
    ):
        return address  # absolute and plain, as most are: nothing to do, and urljoin is slow
    address = address.strip()
    for blank in ("\n", "\r", "\t"):
        address = address.replace(blank, "")
    if not address or len(address) > _MAX_LENGTH:
        return ""
    address = _EXTRA_SLASHES.sub(r"\1", _BLANKS.sub("%20", address))
    try:
        address = urljoin(base, address)
    except ValueError:
        return ""
    return "" if address.lower().startswith(_UNSAFE) else address
