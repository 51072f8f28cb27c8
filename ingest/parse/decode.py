"""Which characters the bytes mean.

The order is that of RFC 7303 (byte order mark, then the charset parameter, then the XML
declaration), with one exception that experience asks for: bytes that are valid UTF-8 and hold
a multi-byte sequence are UTF-8, whatever they claim. Latin or Chinese text that is valid UTF-8 by
chance does not occur, and servers that claim a wrong charset do.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is a prefix of it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The first character is "<" or "{": XML 1.0, appendix F; RFC 4627, section 3.
_SIGNATURES = (
    (re.compile(rb"\x00\x00\x00[<{]"), "utf-32-be"),
    (re.compile(rb"[<{]\x00\x00\x00"), "utf-32-le"),
    (re.compile(rb"\x00[<{]\x00[^\x00]"), "utf-16-be"),
    (re.compile(rb"[<{]\x00[^\x00]\x00"), "utf-16-le"),
    (re.compile(rb"\x4c\x6f\xa7\x94"), "cp037"),  # "<?xm" in EBCDIC
)
_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([\w.:-]{1,40})""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_SEVEN_BIT = frozenset({"iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_kr", "hz", "utf_7"})
# What browsers do (WHATWG Encoding Standard, section 4.2): the name is that of a subset, the text
# is in its superset.
_SUPERSETS = {
    "iso8859-1": "windows-1252",
    "ascii": "windows-1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
}
_FALLBACK = "windows-1252"


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text without its byte order mark, the encoding's Python name, and what was wrong."""

    text: str
    encoding: str
    faults: tuple[str, ...] = ()


def decode(body: bytes, content_type: str | None) -> Decoded:
    """Decode `body`; never raises: what no encoding explains becomes U+FFFD.

    Faults: `encoding_wrong` (the claim does not fit the bytes), `encoding_unknown` (bytes were
    replaced).
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _replacing(body[len(mark) :], encoding, claimed=encoding)
    for signature, encoding in _SIGNATURES:
        if signature.match(body):
            return _replacing(body, encoding, claimed=encoding)

    charset = _CHARSET.search(content_type or "")
    declaration = _DECLARATION.match(body)
    claims = []
    if charset:
        claims.append(_known(charset.group(1)))
    if declaration:
        claims.append(_known(declaration.group(1).decode("ascii")))
    claimed = next((claim for claim in claims if claim), None)

    if body.isascii():
        if claimed in _SEVEN_BIT:
            return _replacing(body, claimed, claimed=claimed)
        # A claim of UTF-16 over plain ASCII is a lie; any other name reads ASCII alike.
        wrong = claimed is not None and claimed.startswith(("utf-16", "utf-32"))
        return Decoded(body.decode("ascii"), "utf-8", ("encoding_wrong",) if wrong else ())
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        wrong = claimed is not None and claimed != "utf-8"
        return Decoded(text, "utf-8", ("encoding_wrong",) if wrong else ())
    for claim in claims:
        if claim and claim != "utf-8" and not claim.startswith(("utf-16", "utf-32")):
            encoding = _SUPERSETS.get(claim, claim)
            try:
                text = body.decode(encoding)
            except (UnicodeDecodeError, LookupError, ValueError):
                continue
            wrong = claim != claimed
            return Decoded(text, encoding, ("encoding_wrong",) if wrong else ())
    return _guessed(body, claimed)


def claims_utf8(head: bytes, content_type: str | None) -> bool:
    """Whether the document that begins with `head` is UTF-8 by all that is said about it.

    No byte order mark of another encoding, and no charset, in the header or the declaration, but
    UTF-8. Whether the bytes are UTF-8 is for the reader to see.
    """
    if head.lstrip()[:1] != b"<":
        return False
    charset = _CHARSET.search(content_type or "")
    declaration = _DECLARATION.match(head)
    claims = [charset.group(1)] if charset else []
    if declaration:
        claims.append(declaration.group(1).decode("ascii"))
    return all(_known(claim) == "utf-8" for claim in claims)


def _known(name: str) -> str | None:
    """Return Python's name of a text encoding, or None where there is no such encoding."""
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    # codecs.lookup also knows byte transforms such as "zip" and "rot13"
    return info.name if getattr(info, "_is_text_encoding", True) else None


def _replacing(body: bytes, encoding: str, *, claimed: str) -> Decoded:
    try:
        return Decoded(body.decode(encoding), encoding)
    except UnicodeDecodeError:
        text = body.decode(encoding, "replace")
        faults = ("encoding_unknown",) if encoding == claimed else ("encoding_wrong",)
        return Decoded(text, encoding, faults)


def _guessed(body: bytes, claimed: str | None) -> Decoded:
    """Decode bytes that no claim explains: mostly UTF-8 with a few broken bytes, else Latin.

    One truncated or mangled sequence must not turn a whole UTF-8 document into mojibake, so the
    broken bytes alone are read as windows-1252.
    """
    if claimed in (None, "utf-8"):
        text = body.decode("utf-8", _MANGLED)
        broken = body.decode("utf-8", "ignore")
        multi_byte = sum(1 for char in broken[:200_000] if char > "\x7f")
        kept = len(broken.encode("utf-8"))
        if multi_byte > len(body) - kept:
            return Decoded(text, "utf-8", ("encoding_unknown",))
    text = body.decode(_FALLBACK, _LATIN)
    return Decoded(text, _FALLBACK, ("encoding_wrong",))


def _mangled_as_latin(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    broken = error.object[error.start : error.end]
    return broken.decode(_FALLBACK, "replace"), error.end


def _undefined_as_latin(error: UnicodeError) -> tuple[str, int]:
    """Read the five bytes that windows-1252 leaves undefined as C1 controls, as browsers do."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


_MANGLED = "ingest_mangled_as_latin"
_LATIN = "ingest_undefined_as_latin"
codecs.register_error(_MANGLED, _mangled_as_latin)
codecs.register_error(_LATIN, _undefined_as_latin)
