"""Small repairs to the text of an XML feed, made before or between two attempts to read it.

`without_prolog` always runs: the XML declaration and the DOCTYPE go, and with it every entity
trick; its harmless entities are remembered. `repaired` runs only where the text was not
well-formed. `trimmed` bounds the number of items before anything is built from them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.entities import name2codepoint

_MAX_ENTITIES = 300  # XHTML declares 253
_MAX_EXPANSION = 200_000  # characters that declared entities may add to one document


@dataclass(frozen=True, slots=True)
class Prolog:
    """What stood before the root element. `rest` starts at the first tag."""

    rest: str
    doctype: str = ""
    entities: dict[str, str] = field(default_factory=dict)
    has_junk: bool = False  # text before the declaration, such as a PHP warning

    def with_rest(self, rest: str) -> Prolog:
        """Return the same prolog before another text."""
        return self if rest is self.rest else replace(self, rest=rest)


_ROOT = re.compile(
    r"<(?:[A-Za-z][\w.-]{0,30}:)?(?:rss|feed|rdf|channel|urlset)[\s>]", re.IGNORECASE
)
_BURIED_ROOT = re.compile(r"<(?:\?xml\s|rss\s|feed\s|rdf:rdf\s|urlset\s)", re.IGNORECASE)
_MAX_JUNK = 20_000  # characters before a root that is still looked for
_DTD_TOKEN = re.compile(r"""<!--|"|'|[\[\]>]""")
_ENTITY = re.compile(
    r"""<!ENTITY\s+([A-Za-z_][\w.-]{0,40})\s+(?:"([^"]{0,100})"|'([^']{0,100})')\s*>"""
)
_CHARACTER_REFERENCE = re.compile(r"&#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});")


def without_prolog(text: str) -> Prolog:
    """Cut off everything before the root element, in time proportional to its length."""
    position, doctype, entities = 0, "", {}
    has_junk = False
    end = len(text)
    while position < end:
        if text[position].isspace() or text[position] in "\ufeff\x00":
            position += 1
        elif text.startswith("<?", position):
            position = _after(text, "?>", position)
        elif text.startswith("<!--", position):
            position = _after(text, "-->", position)
        elif text[position : position + 9].upper() == "<!DOCTYPE":
            close = _end_of_doctype(text, position)
            doctype = text[position:close]
            entities = _declared(doctype)
            position = close
        elif _ROOT.match(text, position):
            break
        else:
            # a PHP warning, or the page that a browser or a scraper has wrapped around the feed
            root = _BURIED_ROOT.search(text, position, position + _MAX_JUNK)
            if root is None:
                break
            has_junk = True
            position = root.start()
    return Prolog(text[position:], doctype, entities, has_junk)


def _after(text: str, mark: str, position: int) -> int:
    found = text.find(mark, position)
    return len(text) if found < 0 else found + len(mark)


def _end_of_doctype(text: str, start: int) -> int:
    """Return where the declaration ends; where its quotes do not close, at its first ">"."""
    position, in_subset = start + 9, False
    while token := _DTD_TOKEN.search(text, position):
        position = token.end()
        mark = token.group()
        if mark == "<!--":
            position = _after(text, "-->", position)
        elif mark in "\"'":
            close = text.find(mark, position)
            if close < 0:
                break
            position = close + 1
        elif mark == "[":
            in_subset = True
        elif mark == "]":
            in_subset = False
        elif not in_subset:
            return position
    return _after(text, ">", start)


def _declared(doctype: str) -> dict[str, str]:
    """Return the entities whose value is plain text or one character: nothing that can nest."""
    found: dict[str, str] = {}
    for match in _ENTITY.finditer(doctype):
        name, value = match.group(1), match.group(2) or match.group(3) or ""
        if _CHARACTER_REFERENCE.fullmatch(value):
            value = _character(value)
        elif "&" in value or "%" in value or "<" in value:
            continue
        found.setdefault(name, value)
        if len(found) >= _MAX_ENTITIES:
            break
    return found


_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_SUSPECT = re.compile(
    r"<!\[CDATA\[|<!--|<\?|&(?:#[0-9]{1,9};|#[xX][0-9a-fA-F]{1,8};|[A-Za-z_][\w.-]{0,40};)?"
    r"|<(?![A-Za-z_/!?])"
)
_LOW_SURROGATE = re.compile(r"&#(?:5[67]\d{3}|[xX][dD][c-fC-F][0-9a-fA-F]{2});")
_CLOSE = {"<![CDATA[": "]]>", "<!--": "-->", "<?": "?>"}
_XML_NAMES = frozenset({"lt", "gt", "amp", "quot", "apos"})


@dataclass(frozen=True, slots=True)
class Repaired:
    """The text after the repairs, and the names of those that were made."""

    text: str
    faults: tuple[str, ...] = ()


def repaired(text: str, entities: dict[str, str]) -> Repaired:
    """Mend what can be mended without guessing at structure.

    Faults: `control_characters`, `undefined_entity`, `bad_character_reference`, `bare_ampersand`,
    `bare_less_than`, `text_after_end`. CDATA sections and comments are left alone.
    """
    faults: dict[str, None] = {}
    cleaned = _ILLEGAL.sub("", text)
    if len(cleaned) != len(text):
        faults["control_characters"] = None
    pieces: list[str] = []
    done = position = 0
    expanded = 0
    unclosed: set[str] = set()  # an opening whose close does not follow: do not look for it again
    while match := _SUSPECT.search(cleaned, position):
        start, position = match.span()
        mark = match.group()
        close = _CLOSE.get(mark)
        if close is not None:
            if mark not in unclosed:
                found = cleaned.find(close, position)
                if found < 0:
                    unclosed.add(mark)
                else:
                    position = found + len(close)
            continue
        replacement = mark
        if mark == "<":
            replacement = "&lt;"
            faults["bare_less_than"] = None
        elif mark == "&":
            replacement = "&amp;"
            faults["bare_ampersand"] = None
        elif mark[1] == "#":
            low = None
            if 0xD800 <= _code(mark) <= 0xDBFF:
                low = _LOW_SURROGATE.match(cleaned, position)
            if low:
                pair = 0x10000 + ((_code(mark) - 0xD800) << 10) + (_code(low.group()) - 0xDC00)
                replacement, position = chr(pair), low.end()
                faults["bad_character_reference"] = None
            elif not _is_legal(_code(mark)):
                replacement = _character(mark)
                faults["bad_character_reference"] = None
        elif (name := mark[1:-1]) not in _XML_NAMES:
            if name in entities and expanded < _MAX_EXPANSION:
                replacement = _escaped(entities[name])
                expanded += len(replacement)
            elif name in name2codepoint:
                replacement = chr(name2codepoint[name])
                faults["undefined_entity"] = None
            else:
                replacement = "&amp;" + mark[1:]
                faults["undefined_entity"] = None
        if replacement is not mark:
            pieces += (cleaned[done:start], replacement)
            done = position
    pieces.append(cleaned[done:])
    return _cut_after_root("".join(pieces), faults)


_ROOT_NAME = re.compile(r"<([A-Za-z_][\w:.-]*)")


def _cut_after_root(text: str, faults: dict[str, None]) -> Repaired:
    root = _ROOT_NAME.match(text)
    if root:
        close = text.rfind(f"</{root.group(1)}")
        end = text.find(">", close) + 1 if close > 0 else 0
        if end and text[end:].strip():
            faults["text_after_end"] = None
            text = text[:end]
    return Repaired(text, tuple(faults))


def _code(reference: str) -> int:
    digits = reference[2:-1]
    return int(digits[1:], 16) if digits[0] in "xX" else int(digits)


def _is_legal(code: int) -> bool:
    """XML 1.0, production 2."""
    return (
        code in (9, 10, 13)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )


def _character(reference: str) -> str:
    code = _code(reference)
    if _is_legal(code):
        return chr(code)
    return "" if code < 0x20 else "\ufffd"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# --- what an HTML parser does to RSS -----------------------------------------------------------

_MANGLED_HEAD = 100_000  # characters
_VOID_LINK = re.compile(r"<link\s*/>\s*(https?://[^\s<>]{1,4000})")


def unmangled(text: str) -> str:
    """Undo what an HTML parser did to RSS that went through it, as scrapers do to feeds.

    HTML's <link> is void, so its address came to stand behind it; its CDATA sections became
    comments (WHATWG HTML, 13.2.5.42).
    """
    # All of a document was mangled or nothing: its beginning tells.
    head = text[:_MANGLED_HEAD]
    if "<link/>" in head or "<link />" in head:
        text = _VOID_LINK.sub(r"<link>\1</link>", text)
    if "<!--[CDATA[" in head:
        text = text.replace("<!--[CDATA[", "<![CDATA[").replace("]]-->", "]]>")
    return text


# Patterns that begin with a fixed byte: such a one is found quicker than any of its words.
_MANGLED = re.compile(rb"<(?:link ?/>|!--\[CDATA\[)")
_ITEM_IN_BYTES = re.compile(rb"<(?:item|entry|url)")


def needs_mending(body: bytes, max_entries: int) -> bool:
    """Whether `unmangled` or `trimmed` might have something to do, of a document in UTF-8."""
    if _MANGLED.search(body, 0, 4 * _MANGLED_HEAD) is not None:
        return True
    if len(body) <= max_entries * _LEAST_ITEM:
        return False
    return (
        len(_ITEM_IN_BYTES.findall(body)) > max_entries
        or body.find(b":item", 0, _PREFIX_SEEN) >= 0
        or body.find(b":entry", 0, _PREFIX_SEEN) >= 0
    )


# --- too many items ----------------------------------------------------------------------------

_ITEM = re.compile(r"<(?:[A-Za-z][\w.-]{0,20}:)?(?:item|entry|url)[\s>]")
_PREFIX_SEEN = 20_000  # characters in which the first <atom:entry> would have come
_LEAST_ITEM = 60  # characters: so many smaller items are no burden, and looking for them is
_ITEM_END = re.compile(r"</(?:[A-Za-z][\w.-]{0,20}:)?(?:item|entry|url)\s*>")
_DATE = re.compile(r"<(?:pubDate|published|updated|issued|dc:date|lastmod)[^<>]*>\s*([^<]{8,40})")


def trimmed(text: str, max_entries: int) -> tuple[str, bool]:
    """Cut the text down to `max_entries` items; say whether anything was cut.

    The first ones are kept, as feeds are written newest first, unless the dates of the first and
    the last item say the opposite. A tag name inside CDATA may count as an item: then fewer are
    kept, never more.
    """
    if len(text) <= max_entries * _LEAST_ITEM or (
        text.count("<item") + text.count("<entry") + text.count("<url") <= max_entries
        and ":item" not in text[:_PREFIX_SEEN]
        and ":entry" not in text[:_PREFIX_SEEN]
    ):
        return text, False
    starts: list[int] = []
    for match in _ITEM.finditer(text):
        starts.append(match.start())
    if len(starts) <= max_entries:
        return text, False
    last_end = None
    for match in _ITEM_END.finditer(text, starts[-1]):
        last_end = match.end()
    tail = text[last_end:] if last_end else ""
    first, last = _first_date(text, starts[0]), _first_date(text, starts[-1])
    if first is not None and last is not None and last > first:
        return text[: starts[0]] + text[starts[-max_entries] :], True
    return text[: starts[max_entries]] + tail, True


def _first_date(text: str, start: int) -> float | None:
    """Return the date of the item at `start` as a sortable number; only the plain formats."""
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    found = _DATE.search(text, start, start + 20_000)
    if found is None:
        return None
    raw = found.group(1).strip()
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        try:
            moment = parsedate_to_datetime(raw)
        except (ValueError, TypeError, IndexError):
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
