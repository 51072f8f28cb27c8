"""What a feed wrote, shown as it was meant to look: sanitised, in a document of its own.

Three walls: nh3 leaves only harmless elements, the answer's own policy allows nothing but our one
style sheet (named by its hash), and both the policy and the page's iframe sandbox it.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    import nh3

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.6 Georgia,'Times New Roman',serif;margin:1rem;overflow-wrap:anywhere}"
    "a{color:inherit}pre,table{overflow-x:auto;max-width:100%}blockquote{opacity:.85}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox allow-popups"
)
_TAGS = (
    "a abbr b blockquote br caption cite code dd del dl dt em figcaption figure h1 h2 h3 h4 h5 h6"
    " hr i ins kbd li ol p pre q s small strong sub sup table tbody td tfoot th thead tr u ul"
)


@cache
def _cleaner() -> nh3.Cleaner:
    import nh3

    return nh3.Cleaner(
        tags=set(_TAGS.split()),
        clean_content_tags={"script", "style", "template", "noscript", "svg", "math"},
        attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
        url_schemes={"http", "https"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def framed(html: str) -> HTMLResponse:
    """A feed's HTML as a document that can do nothing."""
    body = _cleaner().clean(html)
    document = (
        '<!doctype html><html><head><meta charset="utf-8"><title>As the feed gave it</title>'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>"
    )
    return HTMLResponse(document, headers={"content-security-policy": POLICY})
