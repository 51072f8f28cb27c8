"""Templates: everything escaped, nothing undefined, the same few filters everywhere."""

from __future__ import annotations

from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from ingest import __version__
from ingest.web import shown

if TYPE_CHECKING:
    from starlette.requests import Request


@cache
def environment() -> Environment:
    """The templates of this package."""
    made = Environment(
        loader=PackageLoader("ingest.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_final,
        auto_reload=False,
    )
    for name in ("minute", "iso", "span", "share", "amount", "web_url", "host_of"):
        made.filters[name] = getattr(shown, name)
    made.globals["version"] = __version__
    return made


def _final(value: object) -> object:
    """What a feed wrote, without characters that hide or turn text; None as nothing."""
    if value is None:
        return ""
    if isinstance(value, Markup):
        return value
    return escape(shown.clean(value)) if isinstance(value, str) else value


def render(
    name: str, request: Request, now: datetime, status_code: int = 200, **values: object
) -> HTMLResponse:
    """The template `name` as an answer. `here` is the path that was asked for."""
    template = environment().get_template(name)
    ago = partial(shown.ago, now=now)
    html = template.render(here=request.url.path, now=now, ago=ago, **values)
    return HTMLResponse(html.encode("utf-8", "replace"), status_code)
