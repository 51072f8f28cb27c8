"""configuration.md: every key with its type, default and limits, and what it means.

Types, defaults and limits come from `ingest.config.settings`; the meaning is the comment above the
key in config.example.toml.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt

from docs.generate.markdown import MADE, row, table_head
from ingest.config.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

HEAD = f"""# Configuration

{MADE}

One TOML file says what to poll, where to store it and how politely. `ingest init` writes one with
every key explained; each key has a default, so an empty file is a valid one. An unknown key, a
value of another type or out of its limits is refused in one line, with exit code 2, before anything
is changed.

* **Which file**: `--config FILE`, else `$INGEST_CONFIG`, else `config.toml` in the folder in which
  `ingest` is started. Without any of them the defaults apply.
* **Environment**: `INGEST_SECTION__KEY` overrides a key, as `INGEST_FETCH__MAX_BYTES=5000000` does
  `max_bytes` in `[fetch]`; a list is written `a, b`. Tables of which there may be many, as
  `[[feeds]]`, are only in the file. `--database URL` overrides both for one call.
* **Reload**: SIGHUP, or `systemctl reload ingest`, reads the file again while the daemon runs. A
  file that is wrong is refused in the log, and the old settings stay. What is needed once, at the
  start, needs a restart: `[database] url` and `read_url`, `[web]`, `[websub] callback_url`, `[log]`
  and `[schedule] tick_seconds`.
* Durations are in seconds and sizes in bytes unless a name says otherwise.
"""

KINDS = {bool: "true or false", int: "whole number", float: "number", str: "text"}


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """One key of the config file, in words. `default` is as TOML writes it."""

    section: str
    name: str
    type: str
    default: str
    allowed: str
    meaning: str


def page() -> str:
    """The whole page."""
    return HEAD + "".join(_section(name) for name in _sections())


def every_key() -> Iterator[Key]:
    """Every key there is, in the order of the file."""
    meanings = comments(EXAMPLE.read_text(encoding="utf-8"))
    for section, cls in _sections().items():
        hints = get_type_hints(cls, include_extras=True)
        for field in dataclasses.fields(cls):
            kind, limits = _described(hints[field.name])
            meaning = meanings.get((section, field.name), "")
            yield Key(section, field.name, kind, _default(field), " and ".join(limits), meaning)


def comments(example: str) -> dict[tuple[str, str], str]:
    """(section, key) -> the comment above it; keys without a line between them share one."""
    found: dict[tuple[str, str], str] = {}
    section, had_key = "", False
    words: list[str] = []
    for line in example.partition("\n# A set to start with")[0].splitlines():
        if heading := re.fullmatch(r"#?\[{1,2}(\w+)\]{1,2}", line):
            section, words, had_key = heading[1], [], False
        elif key := re.match(r"#?(\w+) = ", line):
            found[section, key[1]] = " ".join(words)
            had_key = True
        elif line.startswith("# "):
            words = [line[2:]] if had_key else [*words, line[2:]]
            had_key = False
        else:
            words, had_key = [], False
    return found


def _sections() -> dict[str, type]:
    """Each section's dataclass; of a list of tables, that of one table."""
    hints = get_type_hints(Settings)
    return {name: get_args(hint)[0] if get_args(hint) else hint for name, hint in hints.items()}


def _section(name: str) -> str:
    cls = _sections()[name]
    is_list = bool(get_args(get_type_hints(Settings)[name]))
    title = f"[[{name}]]" if is_list else f"[{name}]"
    about = (cls.__doc__ or "").strip().splitlines()[0]
    if name == "feeds":
        about = (
            "One table for each feed; `ingest feeds add` subscribes further ones, kept elsewhere."
        )
    lines = [f"\n## {title}\n\n{about}\n\n", table_head("key", "is", "default", "means")]
    for key in every_key():
        if key.section == name:
            kind = f"{key.type}, {key.allowed}" if key.allowed else key.type
            lines.append(row(f"`{key.name}`", kind, key.default, key.meaning))
    return "".join(lines)


def _described(hint: Any) -> tuple[str, list[str]]:
    """A type in words, and its limits."""
    origin = get_origin(hint)
    if origin is Annotated:
        base, *metadata = get_args(hint)
        kind, limits = _described(base)
        return kind, limits + [one for one in map(_limit, metadata) if one]
    if origin in (Union, types.UnionType):
        (kept,) = (one for one in get_args(hint) if one is not types.NoneType)
        return _described(kept)
    if origin is Literal:
        return " or ".join(f'`"{one}"`' for one in get_args(hint)), []
    if origin is tuple:
        kind, limits = _described(get_args(hint)[0])
        return f"list of {kind}s", limits
    if origin is dict:
        return "table of texts", []
    return KINDS[hint], []


def _limit(one: object) -> str:
    match one:
        case Ge():
            return f"≥ {one.ge:,}"
        case Gt():
            return f"> {one.gt:,}"
        case Le():
            return f"≤ {one.le:,}"
        case Lt():
            return f"< {one.lt:,}"
        case _:
            return ""


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default_factory is not dataclasses.MISSING:
        value: object = field.default_factory()
    elif field.default is dataclasses.MISSING:
        return "has to be set"
    else:
        value = field.default
    match value:
        case None | {}:
            return "unset"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f'`"{value}"`'
        case tuple():
            return "`[]`" if not value else f"`{list(value)}`"
        case int() if value >= 10_000:
            return f"`{value:_}`"
        case _:
            return f"`{value}`"
