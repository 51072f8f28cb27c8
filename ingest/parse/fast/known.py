"""What feedparser knows, written down: namespaces, the elements it handles, what it takes for HTML.

The fast lane has to take every document as feedparser would, but not to load it: with the HTTP
client it brings along it costs a worker as much as reading a hundred entries. That these tables are
feedparser's own is held by `tests/parse/test_known.py`.
"""

from __future__ import annotations

import re
from html.entities import entitydefs

_PREFIXES = {
    "": (
        "",
        "http://backend.userland.com/rss",
        "http://blogs.law.harvard.edu/tech/rss",
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://example.com/newformat#",
        "http://example.com/necho",
        "http://purl.org/echo/",
        "uri/of/echo/namespace#",
        "http://purl.org/pie/",
        "http://purl.org/atom/ns#",
        "http://www.w3.org/2005/atom",
        "http://purl.org/rss/1.0/modules/rss091#",
    ),
    "admin": ("http://webns.net/mvcb/",),
    "ag": ("http://purl.org/rss/1.0/modules/aggregation/",),
    "annotate": ("http://purl.org/rss/1.0/modules/annotate/",),
    "audio": ("http://media.tangent.org/rss/1.0/",),
    "blogChannel": ("http://backend.userland.com/blogchannelmodule",),
    "cc": (
        "http://creativecommons.org/ns#license",
        "http://web.resource.org/cc/",
    ),
    "creativeCommons": (
        "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html",
        "http://backend.userland.com/creativecommonsrssmodule",
    ),
    "co": ("http://purl.org/rss/1.0/modules/company",),
    "content": ("http://purl.org/rss/1.0/modules/content/",),
    "cp": ("http://my.theinfo.org/changed/1.0/rss/",),
    "dc": ("http://purl.org/dc/elements/1.1/",),
    "dcterms": ("http://purl.org/dc/terms/",),
    "email": ("http://purl.org/rss/1.0/modules/email/",),
    "ev": ("http://purl.org/rss/1.0/modules/event/",),
    "feedburner": ("http://rssnamespace.org/feedburner/ext/1.0",),
    "fm": ("http://freshmeat.net/rss/fm/",),
    "foaf": ("http://xmlns.com/foaf/0.1/",),
    "geo": ("http://www.w3.org/2003/01/geo/wgs84_pos#",),
    "georss": ("http://www.georss.org/georss",),
    "gml": ("http://www.opengis.net/gml",),
    "icbm": ("http://postneo.com/icbm/",),
    "image": ("http://purl.org/rss/1.0/modules/image/",),
    "itunes": (
        "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "http://example.com/dtds/podcast-1.0.dtd",
    ),
    "l": ("http://purl.org/rss/1.0/modules/link/",),
    "media": (
        "http://search.yahoo.com/mrss",
        "http://search.yahoo.com/mrss/",
    ),
    "pingback": ("http://madskills.com/public/xml/rss/module/pingback/",),
    "prism": ("http://prismstandard.org/namespaces/1.2/basic/",),
    "rdf": ("http://www.w3.org/1999/02/22-rdf-syntax-ns#",),
    "rdfs": ("http://www.w3.org/2000/01/rdf-schema#",),
    "ref": ("http://purl.org/rss/1.0/modules/reference/",),
    "reqv": ("http://purl.org/rss/1.0/modules/richequiv/",),
    "search": ("http://purl.org/rss/1.0/modules/search/",),
    "slash": ("http://purl.org/rss/1.0/modules/slash/",),
    "soap": ("http://schemas.xmlsoap.org/soap/envelope/",),
    "ss": ("http://purl.org/rss/1.0/modules/servicestatus/",),
    "str": ("http://hacks.benhammersley.com/rss/streaming/",),
    "sub": ("http://purl.org/rss/1.0/modules/subscription/",),
    "sy": ("http://purl.org/rss/1.0/modules/syndication/",),
    "szf": ("http://schemas.pocketsoap.com/rss/mydescmodule/",),
    "taxo": ("http://purl.org/rss/1.0/modules/taxonomy/",),
    "thr": ("http://purl.org/rss/1.0/modules/threading/",),
    "ti": ("http://purl.org/rss/1.0/modules/textinput/",),
    "trackback": ("http://madskills.com/public/xml/rss/module/trackback/",),
    "wfw": ("http://wellformedweb.org/commentapi/",),
    "wiki": ("http://purl.org/rss/1.0/modules/wiki/",),
    "xhtml": ("http://www.w3.org/1999/xhtml",),
    "xlink": ("http://www.w3.org/1999/xlink",),
    "xml": ("http://www.w3.org/xml/1998/namespace",),
    "psc": ("http://podlove.org/simple-chapters",),
}
NAMESPACES = {uri: prefix for prefix, uris in _PREFIXES.items() for uri in uris}  # in lower case

# The names of elements, with prefix and underscore, for which feedparser (as mended) has handlers.
_HANDLED = (
    "abstract author body category cc_license channel cloud comments content content_encoded "
    "contributor copyright created creativeCommons_license creativecommons_license date day "
    "dc_author dc_contributor dc_creator dc_date dc_description dc_language dc_publisher "
    "dc_rights dc_subject dc_title dcterms_created dcterms_issued dcterms_modified "
    "dcterms_valid description email enclosure entry expirationdate feed "
    "feedburner_browserfriendly feedburner_origlink fullitem generator geom georss_box "
    "georss_line georss_point georss_polygon georss_where georssgeom gml_exterior "
    "gml_linearring gml_linestring gml_point gml_polygon gml_pos gml_poslist guid height "
    "homepage hour id image info issued item itunes_author itunes_block itunes_category "
    "itunes_duration itunes_email itunes_explicit itunes_image itunes_keywords itunes_link "
    "itunes_name itunes_owner itunes_subtitle itunes_summary itunes_title keywords language "
    "lastbuilddate link logo managingeditor media_category media_content media_credit "
    "media_description media_group media_keywords media_license media_player media_rating "
    "media_restriction media_thumbnail media_title modified name newlocation psc_chapter "
    "psc_chapters pubdate published rights rss source subtitle summary sy_updatefrequency "
    "sy_updateperiod tagline tags textInput textinput title ttl updated uri url webmaster where "
    "width xhtml_body "
)
HANDLED = frozenset(_HANDLED.split())

# The elements its sanitiser lets pass, by which it tells HTML from plain text.
_HTML_ELEMENTS = (
    "a abbr acronym address area article aside audio b big blockquote br button canvas caption "
    "center cite code col colgroup command datagrid datalist dd del details dfn dialog dir div "
    "dl dt em event-source fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 header "
    "hr i img input ins kbd keygen label legend li m map menu meter multicol nav nextid "
    "noscript ol optgroup option output p pre progress q s samp section select small sound "
    "source spacer span strike strong sub sup table tbody td textarea tfoot th thead time tr tt "
    "u ul var video "
)
HTML_ELEMENTS = frozenset(_HTML_ELEMENTS.split())

# Windows-1252 where it differs from ISO 8859-1.
CP1252 = str.maketrans(
    {
        code: bytes((code,)).decode("cp1252")
        for code in range(0x80, 0xA0)
        if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
    }
)

_CLOSING_OR_REFERENCE = re.compile(r"</\w+>|&#?\w+;")
_TAG_NAMES = re.compile(r"</?(\w+)")
_ENTITY_NAMES = re.compile(r"&(\w+);")


def looks_like_html(text: str) -> bool:
    """Whether feedparser takes a text for HTML that does not say what it is."""
    return (
        _CLOSING_OR_REFERENCE.search(text) is not None
        and all(name.lower() in HTML_ELEMENTS for name in _TAG_NAMES.findall(text))
        and all(name in entitydefs for name in _ENTITY_NAMES.findall(text))
    )
