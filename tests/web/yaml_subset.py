"""Reading the YAML that `deploy/` is written in, and refusing what goes beyond it.

Mappings and lists by indentation, plain and quoted scalars, lists and mappings in one line that are
JSON but for the quotes. No anchors, no multi-line scalars, no tags, and no key twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

Node: TypeAlias = "str | list[Node] | dict[str, Node]"


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    indent: int
    text: str


def parse(text: str) -> Node:
    """A document as strings, lists and dicts. Raises ValueError naming the line."""
    lines = list(_lines(text))
    node, rest = _block(lines, lines[0].indent)
    if rest:
        raise ValueError(f"line {rest[0].number}: not indented like what is above it")
    return node


def _lines(text: str) -> Iterator[_Line]:
    for number, raw in enumerate(text.split("\n"), 1):
        bare = re.sub(r"(^|\s)#.*$", "", raw) if '"' not in raw else raw
        bare = "" if bare.lstrip().startswith("#") else bare.rstrip()
        if "\t" in bare:
            raise ValueError(f"line {number}: a tab")
        if bare:
            stripped = bare.lstrip(" ")
            yield _Line(number, len(bare) - len(stripped), stripped)


def _block(lines: list[_Line], indent: int) -> tuple[Node, list[_Line]]:
    if lines[0].text.startswith("- "):
        return _list(lines, indent)
    return _mapping(lines, indent)


def _list(lines: list[_Line], indent: int) -> tuple[Node, list[_Line]]:
    items: list[Node] = []
    while lines and lines[0].indent == indent and lines[0].text.startswith("- "):
        head = lines[0]
        inner = _Line(head.number, indent + 2, head.text[2:])
        if re.match(r"[\w.-]+:( |$)", inner.text):
            node, lines = _mapping([inner, *lines[1:]], indent + 2)
        else:
            node, lines = _scalar(inner.text, head.number), lines[1:]
        items.append(node)
    return items, lines


def _mapping(lines: list[_Line], indent: int) -> tuple[Node, list[_Line]]:
    found: dict[str, Node] = {}
    while lines and lines[0].indent == indent:
        head = lines[0]
        match = re.match(r"([\w.-]+):(?: +(.+))?$", head.text)
        if match is None:
            raise ValueError(f"line {head.number}: neither `key: value` nor `- item`")
        key, value = match[1], match[2]
        if key in found:
            raise ValueError(f"line {head.number}: {key} stands there twice")
        lines = lines[1:]
        if value is not None:
            found[key] = _scalar(value, head.number)
        elif lines and lines[0].indent > indent:
            found[key], lines = _block(lines, lines[0].indent)
        else:
            found[key] = ""
    return found, lines


def _scalar(text: str, number: int) -> Node:
    if text[0] in "[{":
        quoted = re.sub(
            r'(?<=[\[{,:])\s*([^\s"\[\]{},][^"\[\]{},:]*?)\s*(?=[\]},:])', r'"\1"', text
        )
        try:
            node: Node = json.loads(quoted)
        except ValueError:
            raise ValueError(f"line {number}: {text} is not understood") from None
        return node
    if text[0] == '"':
        value: str = json.loads(text)
        return value
    if text[0] in "&*!|>%@`" or ": " in text or " #" in text:
        raise ValueError(f"line {number}: {text} has to be quoted")
    return text
