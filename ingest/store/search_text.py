"""Text as it goes into the full-text index, and words as they are looked up in it.

Both databases split text where words end, which scripts without spaces do not show; so a space is
put around every character of those, and a word of such a script is looked up as a phrase.
"""

from __future__ import annotations

import re

# Thai to Burmese, Khmer, kana, CJK ideographs and their extensions. Hangul has spaces.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"
)
_MAX_CHARACTERS = 200_000  # a tsvector ends at a megabyte
_TERM = re.compile(r'(-?)"([^"]*)"|(-?)([^\s"]+)')


def indexable(value: str | None) -> str:
    """`value` with its words set apart."""
    if not value:
        return ""
    shortened = value[:_MAX_CHARACTERS].replace("\0", " ")
    return shortened if shortened.isascii() else _UNSPACED.sub(r" \1 ", shortened)


def fts5_query(words: str) -> str:
    """What a person typed as an FTS5 expression: all words, "phrases", -without, OR, prefix*."""
    wanted: list[str] = []
    unwanted: list[str] = []
    pending_or = False
    for term, is_unwanted, is_prefix in _terms(words):
        if term == "OR" and not is_unwanted:
            pending_or = bool(wanted)
            continue
        quoted = '"' + term.replace('"', '""') + '"' + ("*" if is_prefix else "")
        if is_unwanted:
            unwanted.append(quoted)
        elif pending_or:
            wanted[-1] = f"{wanted[-1]} OR {quoted}"
        else:
            wanted.append(quoted)
        pending_or = False
    if not wanted:
        return ""
    expression = " AND ".join(f"({one})" for one in wanted)
    for one in unwanted:
        expression = f"({expression}) NOT {one}"
    return expression


def tsquery(words: str) -> str:
    """The same for PostgreSQL's to_tsquery('simple', …)."""
    wanted: list[str] = []
    unwanted: list[str] = []
    pending_or = False
    for term, is_unwanted, is_prefix in _terms(words):
        if term == "OR" and not is_unwanted:
            pending_or = bool(wanted)
            continue
        parts = re.findall(r"\w+", term)
        if not parts:
            continue
        quoted = [f"'{part}'" for part in parts]
        if is_prefix:
            quoted[-1] += ":*"
        phrase = "(" + " <-> ".join(quoted) + ")"
        if is_unwanted:
            unwanted.append(f"!{phrase}")
        elif pending_or:
            wanted[-1] = f"{wanted[-1]} | {phrase}"
        else:
            wanted.append(phrase)
        pending_or = False
    if not wanted:
        return ""
    return " & ".join([*(f"({one})" for one in wanted), *unwanted])


def _terms(words: str) -> list[tuple[str, bool, bool]]:
    """Each term with whether it is unwanted and whether it is only a beginning."""
    found = []
    for minus, phrase, single_minus, single in _TERM.findall(words):
        raw = phrase or single
        is_prefix = bool(single) and raw.endswith("*")
        term = indexable(raw.rstrip("*")).strip()
        if re.search(r"\w", term):
            found.append((term, bool(minus or single_minus), is_prefix))
    return found
