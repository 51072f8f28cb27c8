"""Feeds that carry the ways in which text becomes script, in every field a feed can fill."""

from __future__ import annotations

import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

# After the OWASP "XSS Filter Evasion Cheat Sheet" and the HTML5 Security Cheatsheet: one for each
# way in, written anew. `pwned()` is what none of them may call.
PAYLOADS = (
    "<script>pwned()</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=pwned()>",
    "<img src=x onerror=&#112;wned()>",
    "<svg onload=pwned()>",
    "<svg><script>pwned()</script></svg>",
    "<math><mtext><style><img src=x onerror=pwned()></style></mtext></math>",
    "<body onload=pwned()>",
    "<iframe srcdoc='<script>parent.pwned()</script>'></iframe>",
    "<iframe src=javascript:pwned()></iframe>",
    "<a href=javascript:pwned()>a</a>",
    "<a href='java&#10;script:pwned()'>a</a>",
    "<a href='data:text/html,<script>pwned()</script>'>a</a>",
    "<form action=javascript:pwned()><button>a</button></form>",
    "<object data=javascript:pwned()></object>",
    "<embed src=javascript:pwned()>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css'</style>",
    "<p style='background:url(javascript:pwned())'>a</p>",
    "<meta http-equiv=refresh content='0;url=javascript:pwned()'>",
    "<base href=//evil.example/>",
    "<details open ontoggle=pwned()>a</details>",
    "<video><source onerror=pwned()></video>",
    "<noscript><p title='</noscript><img src=x onerror=pwned()>'></noscript>",
    '"><script>pwned()</script>',
    "' autofocus onfocus='pwned()",
    "</textarea><script>pwned()</script>",
    "</title><script>pwned()</script>",
    "{{ ''.__class__ }}{% raw %}<script>pwned()</script>",
    "<!--><script>pwned()</script>-->",
    "<![CDATA[<script>pwned()</script>]]>",
    "<template><script>pwned()</script></template>",
)
SENTENCES = (
    "The council of the harbour town voted on Monday to close the old bridge for repairs.",
    "Engineers had found cracks in two of its nine piers during an inspection in spring.",
    "Ferries will carry pedestrians across the river until the work is done next autumn.",
    "The mayor, Ada Quill, said that nobody would be asked to pay for the crossing.",
    "Traders on the eastern bank fear a summer without visitors and ask for lower rents.",
)


def feed(name: str) -> bytes:
    """An RSS document with one item for each payload, in its every field."""
    items = []
    for number, payload in enumerate(PAYLOADS):
        text = "".join(f"<p>{sentence} Part {number}.</p>{payload}" for sentence in SENTENCES)
        items.append(
            f"<item><guid isPermaLink='false'>{name}-{number}</guid>"
            f"<title>{escape(payload)} {number}</title>"
            f"<link>{'javascript:pwned()//' if number % 3 == 0 else 'https://h.example/'}"
            f"{name}/{number}</link>"
            f"<author>{escape(payload)}</author><dc:creator>{escape(payload)}</dc:creator>"
            f"<category>{escape(payload)}</category>"
            f"<description>{escape(payload)} {number}</description>"
            f"<content:encoded>{escape(text)}</content:encoded>"
            f"<pubDate>Mon, 02 Mar 2026 08:{number:02}:00 GMT</pubDate></item>"
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{escape(PAYLOADS[0])}</title><link>javascript:pwned()</link>"
        f"<description>{escape(PAYLOADS[2])}</description>{''.join(items)}</channel></rss>"
    ).encode()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = feed(self.path.strip("/"))
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is said."""


class HostileServer:
    """Serves the feed of any name, on loopback."""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
