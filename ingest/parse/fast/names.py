"""feedparser's names for elements and attributes, and which of them mean something to it."""

from __future__ import annotations

from typing import Any

from ingest.parse.fast.known import NAMESPACES


class Doubt(Exception):
    """Feedparser shall read this document."""


XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
ATTRIBUTES = {
    XML_LANG: "xml:lang",
    XML_BASE: "xml:base",
    "{http://www.w3.org/XML/1998/namespace}space": "xml:space",
    f"{_RDF}about": "rdf:about",
    f"{_RDF}resource": "rdf:resource",
    f"{_RDF}parseType": "rdf:parsetype",
}
_MEANINGFUL = frozenset(
    {"href", "url", "uri", "rel", "type", "length", "title", "term", "label", "text", "mode"}
    | {"ispermalink", "medium", "width", "height", "filesize", "duration", "lang", "base"}
)
_RSS_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM_VERSIONS = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}
# What feedparser knows and we have no use for: its handlers leave our drafts alone.
IN_PERSON = frozenset({"name", "email", "uri", "url", "homepage", "itunes_name", "itunes_email"})
IDLE = frozenset(
    {"managingeditor", "webmaster", "contributor", "dc_contributor", "dc_publisher"}
    | {"itunes_owner", "publisher", "itunes_block", "itunes_explicit", "cloud", "dcterms_valid"}
    | {"media_license", "media_rating", "media_restriction", "psc_chapters", "psc_chapter"}
    | {"cc_license", "creativecommons_license", "feedburner_browserfriendly", "expirationdate"}
    | {"admin_generatoragent", "admin_errorreportsto", "info"}
    | {"georss_point", "georss_where", "georss_box", "georss_line", "georss_polygon"}
    | {"geo_lat", "geo_long", "geo_point"}
)
IDLE_BELOW = IN_PERSON | {
    *("itunes_category", "psc_chapter", "gml_point", "gml_pos", "gml_envelope", "gml_polygon"),
    *("gml_exterior", "gml_linearring", "gml_linestring", "gml_poslist"),
}


def name_of(element: Any) -> str:
    """Return feedparser's prefix for the element's namespace and "_", and its local name."""
    tag = element.tag
    if not isinstance(tag, str):
        raise Doubt
    uri, _, local = tag.rpartition("}")
    uri = uri[1:].lower()
    if "backend.userland.com/rss" in uri:
        uri = ""
    prefix = NAMESPACES.get(uri, element.prefix or "") if uri else ""
    return f"{prefix}_{local}".lower() if prefix else local.lower()


def attributes_of(element: Any) -> dict[str, str]:
    """Return the attributes as feedparser names them; `Doubt` where it would mix two up."""
    found: dict[str, str] = {}
    for key, value in element.items():
        name = ATTRIBUTES.get(key)
        if name is None:
            if key[0] == "{":
                uri, _, local = key[1:].rpartition("}")
                if local.lower() in _MEANINGFUL and not NAMESPACES.get(uri.lower()):
                    raise Doubt  # feedparser ignores the namespace
                continue
            name = key.lower()
            if name == "rel" or name == "type":
                value = value.lower()
        found[name] = value
    return found


def href_of(attributes: dict[str, str]) -> str | None:
    """Return the address feedparser takes: it prefers `url` to `href`."""
    for name in ("url", "uri", "href"):
        if name in attributes:
            return attributes[name] or None
    return None


def _declared(namespaces: dict[str | None, str]) -> str:
    """Return what feedparser takes the first telling namespace declaration for."""
    for prefix, uri in namespaces.items():
        known = uri.lower()
        if prefix is None and known == "http://my.netscape.com/rdf/simple/0.9/":
            return "rss090"
        if known == "http://purl.org/rss/1.0/":
            return "rss10"
        if known == "http://www.w3.org/2005/atom":
            return "atom10"
    return ""


def version_of(root: Any, name: str, raw: bytes) -> str:
    """Return the format's name; `Doubt` where the root element is not one we read."""
    declared = _declared(root.nsmap)
    if name == "rss":
        if declared.startswith("rss"):
            return declared
        said = root.get("version") or ""
        return _RSS_VERSIONS.get(said) or ("rss20" if said.startswith("2.") else "rss")
    if name == "feed":
        return declared or _ATOM_VERSIONS.get(root.get("version") or "", "atom")
    if name == "rdf_rdf":
        if declared:
            return declared
        low = raw.lower()
        if b"/rss/1.0/" not in low and b"2005/atom" not in low and b"simple/0.9/" not in low:
            return "rdf"  # nothing further down can name another version
    raise Doubt
