"""The facts the normaliser works with, kept as data: read once, on first use."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> Mapping[str, Any]:
    """The TOML file `name` (without its ending) of this folder."""
    return tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text("utf-8"))


@cache
def phrase_tables() -> Mapping[str, Mapping[str, Any]]:
    """The phrase lists of every language, by language tag."""
    folder = files(__name__).joinpath("phrases")
    return {
        item.name.removesuffix(".toml"): tomllib.loads(item.read_text("utf-8"))
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".toml")
    }
