"""The config file and the environment, read into `Settings` or refused in one line.

    file (TOML) --+
                  +--> names checked --> types and limits checked --> Settings checked as a whole
    INGEST_X__Y --+

A refusal names the file, the key, what was found there and what is allowed.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from ingest.config.fitting import fitting
from ingest.config.settings import FeedSettings, Settings, WebhookSettings
from ingest.errors import ConfigError

CONFIG_VARIABLE = "INGEST_CONFIG"
DEFAULT_PATH = Path("config.toml")
ENVIRONMENT = "environment"

# Sections that are lists: [[feeds]].
LISTS: dict[str, type] = {"feeds": FeedSettings, "webhooks": WebhookSettings}

# Values that are never repeated in a message: they may be, or hold, a secret.
SECRET_KEYS = frozenset({"url", "read_url", "token", "proxy", "headers"})

TYPE_NAMES = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a table",
    "dataclass_type": "a table",
}


def find(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The config file to use: the one given, else `INGEST_CONFIG`'s, else `./config.toml`.

    None where there is none of them. A file that was asked for is returned even if it is missing.
    """
    if config is not None:
        return config
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named)
    return DEFAULT_PATH if DEFAULT_PATH.exists() else None


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read `path` (None: defaults alone), lay `environ` over it and check the whole.

    Raises ConfigError, whose text names the file or variable, the key, the value and what is
    allowed. An environment variable `INGEST_FETCH__MAX_BYTES` overrides `max_bytes` in `[fetch]`.
    """
    tree = _read(path) if path is not None else {}
    origin = str(path) if path is not None else "defaults"
    _check_names(tree, origin)
    overridden = _lay_over(tree, environ)
    settings = fitting(tree) or _validate(tree, origin, overridden)

    from ingest.config.checks import check

    check(settings, origin, overridden)
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file (`ingest init` writes one)") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start})") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error or 'nested too deeply'}") from None


# --- names -------------------------------------------------------------------------------------


def _section_type(name: str) -> type:
    """The dataclass of one section; of a list, that of its tables."""
    return LISTS.get(name) or type(getattr(Settings(), name))


def _field_names(cls: type) -> list[str]:
    return [field.name for field in dataclasses.fields(cls)]


def _check_names(tree: Mapping[str, Any], origin: str) -> None:
    sections = _field_names(Settings)
    for name, section in tree.items():
        if name not in sections:
            raise ConfigError(f"{origin}: unknown section [{name}]: {_allowed(name, sections)}")
        wants_list = name in LISTS
        tables = section if wants_list else [section]
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            shape = f"[[{name}]] tables" if wants_list else f"a table: [{name}]"
            raise ConfigError(f"{origin}: {name} = {_shown(name, section)}: has to be {shape}")
        keys = _field_names(_section_type(name))
        for number, table in enumerate(tables):
            for key in table:
                if key not in keys:
                    place = f"{name}[{number}].{key}" if wants_list else f"{name}.{key}"
                    raise ConfigError(f"{origin}: unknown key {place}: {_allowed(key, keys)}")


def _allowed(name: str, names: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    listed = ", ".join(names)
    return f"did you mean {near[0]}? (allowed: {listed})" if near else f"allowed are {listed}"


# --- environment -------------------------------------------------------------------------------


def _lay_over(tree: dict[str, Any], environ: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Put the environment's values into `tree`; return which variable set which key."""
    sections = [name for name in _field_names(Settings) if name not in LISTS]
    overridden: dict[tuple[str, str], str] = {}
    for variable, raw in environ.items():
        if not variable.startswith("INGEST_") or "__" not in variable:
            continue
        section, _, key = variable.removeprefix("INGEST_").lower().partition("__")
        if section not in sections:
            raise ConfigError(
                f"{ENVIRONMENT}: {variable}: no section {section}: {_allowed(section, sections)}"
            )
        keys = _field_names(_section_type(section))
        if key not in keys:
            raise ConfigError(f"{ENVIRONMENT}: {variable}: no key {key}: {_allowed(key, keys)}")
        tree.setdefault(section, {})[key] = _environment_value(_section_type(section), key, raw)
        overridden[section, key] = variable
    return overridden


def _environment_value(cls: type, key: str, raw: str) -> Any:
    """Text stays text; everything else is read as TOML, a list also as `a, b`."""
    kinds = _kinds(get_type_hints(cls)[key])
    if tuple in kinds and not raw.lstrip().startswith("["):
        parts = [part.strip() for part in raw.split(",") if part.strip()]
        return [_toml_or_text(part) if int in kinds else part for part in parts]
    if str in kinds and tuple not in kinds:
        return raw
    return _toml_or_text(raw)


def _toml_or_text(raw: str) -> Any:
    try:
        return tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        return raw


def _kinds(hint: Any) -> set[Any]:
    """The plain types in a type hint: those of `Literal["a"]` and of `tuple[int, ...]` too."""
    if not get_args(hint):
        return {type(hint) if isinstance(hint, str) else hint}
    found = {get_origin(hint)}
    for part in get_args(hint):
        found |= _kinds(part)
    return found


# --- types and limits --------------------------------------------------------------------------


def _validate(
    tree: Mapping[str, Any], origin: str, overridden: Mapping[tuple[str, str], str]
) -> Settings:
    from pydantic import TypeAdapter, ValidationError

    # Strict JSON is TOML's own idea of types: lists for tuples, "5" is no number, 5 is one.
    document = json.dumps(tree, default=str)
    try:
        return TypeAdapter(Settings).validate_json(document, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    place = [part for part in first["loc"] if not _is_pydantic_label(part)]
    section = str(place[0])
    kind = first["type"]
    variable = overridden.get((section, str(place[1]))) if len(place) > 1 else None
    name = section
    for part in place[1:]:
        name += f"[{part}]" if isinstance(part, int) else f".{part}"
    if kind == "missing":
        problem = f"every [[{section}]] table needs it"
        raise ConfigError(f"{origin}: {name} is missing: {problem}") from None
    wanted = TYPE_NAMES.get(kind) or first["msg"].removeprefix("Input should be ")
    where = f"{ENVIRONMENT}: {variable}" if variable else f"{origin}: {name}"
    found = _shown(" ".join(str(part) for part in place), first["input"])
    raise ConfigError(f"{where} = {found}: has to be {wanted}") from None


def _is_pydantic_label(part: int | str) -> bool:
    """Pydantic puts the branch of a union into the place; no key of ours has brackets."""
    return isinstance(part, str) and ("[" in part or part in ("str", "int", "float", "bool"))


def _shown(place: str, value: Any) -> str:
    """The value as found, short; never one that may hold a secret."""
    if isinstance(value, str | dict | list) and SECRET_KEYS.intersection(place.split()):
        return '"…"'
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except ValueError:
        text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
