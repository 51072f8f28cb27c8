"""Markup nested deeper than any author nests: found before an HTML5 parser has to untangle it.

Opening what was left open takes the HTML5 algorithm quadratic time and space: one megabyte of
`<p><b id=…>`, each different and none closed, comes out of a sanitiser as gigabytes
(https://html.spec.whatwg.org/multipage/parsing.html#reconstruct-the-active-formatting-elements).
"""

from __future__ import annotations

import re
from collections import defaultdict

_FEW_TAGS = 1_000  # texts with fewer cannot be nested deep enough to matter: not looked at
_MAX_OPEN = (
    512  # elements open at once: browsers' own limit (Blink: kMaximumHTMLParserDOMTreeDepth)
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_WHOLE_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
# Void elements, and those that the next of their kind closes.
_UNCOUNTED = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "dt",
        "dd",
        "td",
        "th",
        "tr",
        "tbody",
        "thead",
        "tfoot",
        "option",
        "optgroup",
        "rp",
        "rt",
    }
)


def is_tangled(html: str) -> bool:
    """Whether too many elements are open at once. Linear in the length of `html`."""
    if html.count("<") < _FEW_TAGS:
        return False
    opened: defaultdict[str, int] = defaultdict(int)
    total = 0
    for closing, tag in _TAG.findall(html):
        name = tag.lower()
        if name in _UNCOUNTED:
            continue
        if not closing:
            opened[name] += 1
            total += 1
            if total > _MAX_OPEN:
                return True
        elif opened[name]:
            opened[name] -= 1
            total -= 1
    return False


def without_tags(html: str) -> str:
    """`html` with a line break for each tag."""
    return _WHOLE_TAG.sub("\n", html)
