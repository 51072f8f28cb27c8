"""Who an entry is within its feed, and what it says: `FeedDocument` -> `IdentifiedEntry`s.

An unchanged entry costs no more than this step, so it looks at strings only: markup is not read.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

from xxhash import xxh3_64_intdigest

from ingest.model import Entry, FeedDocument, IdentifiedEntry, Text
from ingest.model.filling import filling
from ingest.normalise.plaintext import squeezed

make_identified = filling(IdentifiedEntry)

_SEPARATOR = "\x1f"
_AFTER_LINK = "\x1e"
_SIGN = 1 << 63
_AFTER_SCHEME = len("https://")
_MODULUS = 1 << 64


def signed_hash(text: str) -> int:
    """xxh3_64 of `text` as a signed 64-bit integer, as both databases store it."""
    value = xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
    return value - _MODULUS if value >= _SIGN else value


def identify(document: FeedDocument, *, trust_guids: bool = True) -> tuple[IdentifiedEntry, ...]:
    """The document's entries with `entry_key` and `entry_hash`, in the document's order.

    A guid is the key while it names one entry; where several differing entries share it they are
    told apart by link, and where they share that too, by title and text. Entries that repeat one
    another share key and hash. With `trust_guids` false (a feed that gives new guids on every
    poll) no guid is used. Source of the rule: design.md, section 6; "one guid for all items".
    """
    entries = document.entries
    gists = [_gist(entry) for entry in entries]
    guid_trust = _trusted([entry.guid for entry in entries], gists) if trust_guids else set[str]()
    # Two links that differ in their fragment only lead to one page, and have one URL key.
    pages = [_page_of(entry.link) if entry.link else None for entry in entries]
    link_trust = _trusted(pages, [gist.partition(_AFTER_LINK)[2] for gist in gists])
    first_hash: dict[int, int] = {}
    identified = []
    for entry, gist, page in zip(entries, gists, pages, strict=True):
        guid_is_trusted = entry.guid is not None and entry.guid in guid_trust
        link_is_trusted = (
            page is not None and page in link_trust and not is_home_page(page, document.site_url)
        )
        key = _entry_key(entry, gist, guid_is_trusted, link_is_trusted)
        entry_hash = first_hash.setdefault(key, entry_hash_of(entry))
        identified.append(make_identified(entry, key, entry_hash, guid_is_trusted, link_is_trusted))
    return tuple(identified)


def entry_hash_of(entry: Entry) -> int:
    """A hash of all that the entry says; order of lists and white space do not count."""
    parts = [
        entry.guid or "",
        entry.link or "",
        _squeezed(entry.title),
        _squeezed(entry.summary),
        _squeezed(entry.content),
        entry.published_raw or "",
        entry.updated_raw or "",
        entry.canonical_link or "",
        entry.language or "",
        entry.source_title or "",
        _SEPARATOR.join(sorted(entry.authors)),
        _SEPARATOR.join(sorted(entry.categories)),
        # Image servers sign and resize in the query: a new token is no new picture.
        _SEPARATOR.join(
            sorted(
                f"{item.url.partition('?')[0]} {item.caption or ''} {item.credit or ''}"
                for item in entry.media
            )
        ),
    ]
    return signed_hash("\x1e".join(parts))


def is_home_page(link: str, site_url: str | None = None) -> bool:
    """Whether `link` leads to a site's front page, which no article has for an address."""
    if site_url is not None and link.rstrip("/") == site_url.rstrip("/"):
        return True
    if link.startswith(("https://", "http://")):
        slash = link.find("/", _AFTER_SCHEME)
        if slash > 0 and link[slash + 1 : slash + 2].isalnum():
            return False  # as nearly all are; `urlsplit` is slow
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.path in ("", "/") and not parts.query and not parts.fragment


def _page_of(link: str) -> str:
    """`link` without a fragment that is no address of its own, as `canonical_url` has it."""
    page, _, fragment = link.partition("#")
    return link if fragment.startswith(("!", "/")) else page


def _trusted(names: list[str | None], gists: list[str]) -> set[str]:
    """The names that stand for one entry each, however often it is repeated."""
    counts = Counter(name for name in names if name)
    trusted = {name for name, count in counts.items() if count == 1}
    if len(trusted) == len(counts):
        return trusted
    seen: dict[str, set[str]] = {}
    for name, gist in zip(names, gists, strict=True):
        if name and counts[name] > 1:
            seen.setdefault(name, set()).add(gist)
    trusted.update(name for name, of_name in seen.items() if len(of_name) == 1)
    return trusted


def _gist(entry: Entry) -> str:
    """What makes two entries the same one: a site lists one article under two sections."""
    title = _squeezed(entry.title)
    if title and entry.link:
        return f"{entry.link}{_AFTER_LINK}{title}"
    return _AFTER_LINK.join(
        (entry.link or "", title, _squeezed(entry.summary), _squeezed(entry.content))
    )


def _entry_key(entry: Entry, gist: str, guid_is_trusted: bool, link_is_trusted: bool) -> int:
    if guid_is_trusted:
        return signed_hash(f"guid:{entry.guid}")
    if link_is_trusted:
        return signed_hash(f"link:{entry.link}")
    return signed_hash(f"gist:{entry.published_raw or ''}\x1e{gist}")


def _squeezed(text: Text | None) -> str:
    return squeezed(text.value) if text is not None else ""
