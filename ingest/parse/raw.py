"""An entry as compressed bytes and back: what is kept so that `ingest reprocess` needs no network.

The form is JSON, not pickle: a database is data, and reading data must never run it. Fields at
their default are left out, so that the form survives added fields and stays small. Of the title,
the summary and the content JSON has the lengths in characters; they follow behind its only line
break as they are, for to escape them costs as much as to compress them. All is compressed by
Zstandard (RFC 8878), which takes a third of zlib's time for the same size. What was packed until
November 2026, by zlib or with the texts in the JSON, is still read.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import MISSING, Field, fields
from operator import attrgetter
from typing import Any

import zstandard

from ingest.model import Entry, Media, Text

# Made once: `json.dumps` makes one a call where it is told how to write.
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
_COMPRESSOR = zstandard.ZstdCompressor(level=1)
_MAX_INFLATED_BYTES = 20_000_000  # a row that inflates to more was not written by `pack_entry`


def _default(f: Field[Any]) -> object:
    return None if f.default is MISSING else f.default


_ENTRY_FIELDS = tuple((f.name, _default(f)) for f in fields(Entry))
_values_of = attrgetter(*(name for name, _ in _ENTRY_FIELDS))
_MEDIA_FIELDS = tuple((f.name, _default(f)) for f in fields(Media))
_TEXTS = ("title", "summary", "content")  # in the order of their fields
_AFTER_JSON = "\n"  # which stands in no JSON that is written on one line
_TUPLES = ("authors", "categories", "related")


def _media_as_dict(media: Media) -> dict[str, object]:
    return {
        name: value for name, default in _MEDIA_FIELDS if (value := getattr(media, name)) != default
    }


def pack_entry(entry: Entry) -> bytes:
    """Return `entry` as compressed JSON, its texts behind it."""
    packed: dict[str, object] = {}
    texts: list[str] = []
    for (name, default), value in zip(_ENTRY_FIELDS, _values_of(entry), strict=True):
        if value == default:
            continue
        if name in _TEXTS:
            packed[name] = [len(value.value), int(value.is_html)]
            texts.append(value.value)
        elif name == "media":
            packed[name] = [_media_as_dict(media) for media in value]
        else:
            packed[name] = value
    packed["position"] = entry.position
    text = "".join((_ENCODER.encode(packed), _AFTER_JSON, *texts))
    return _COMPRESSOR.compress(text.encode("utf-8", "surrogatepass"))


def unpack_entry(packed: bytes) -> Entry:
    """Return the entry that `pack_entry` packed.

    Raises ValueError where the bytes are not such a packing, or inflate beyond 20 MB.
    """
    inflated = _unzstd(packed) if packed.startswith(zstandard.FRAME_HEADER) else _unzlib(packed)
    text, _, behind = inflated.decode("utf-8", "surrogatepass").partition(_AFTER_JSON)
    values = json.loads(text)
    known = {name for name, _ in _ENTRY_FIELDS}
    values = {name: value for name, value in values.items() if name in known}
    for name in _TEXTS:
        if name in values:
            given, is_html = values[name]
            if isinstance(given, int):
                values[name] = Text(behind[:given], bool(is_html))
                behind = behind[given:]
            else:
                values[name] = Text(given, bool(is_html))
    for name in _TUPLES:
        if name in values:
            values[name] = tuple(values[name])
    if "media" in values:
        values["media"] = tuple(Media(**media) for media in values["media"])
    return Entry(**values)


def _unzstd(packed: bytes) -> bytes:
    try:
        size = zstandard.frame_content_size(packed)  # negative where the frame does not say it
        if not 0 <= size <= _MAX_INFLATED_BYTES:
            raise ValueError(f"raw entry inflates beyond {_MAX_INFLATED_BYTES} bytes")
        return zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as error:
        raise ValueError(f"raw entry does not inflate: {error}") from error


def _unzlib(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(packed, _MAX_INFLATED_BYTES)
    except zlib.error as error:
        raise ValueError(f"raw entry does not inflate: {error}") from error
    if inflater.unconsumed_tail:
        raise ValueError(f"raw entry inflates beyond {_MAX_INFLATED_BYTES} bytes")
    return text
