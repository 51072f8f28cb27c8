"""What can be done about a feed that does not fare well: one sentence for each case. Pure."""

from __future__ import annotations

from ingest.model import FeedState, PollOutcome

_BY_OUTCOME = {
    PollOutcome.GONE: "The server says it is gone for good (410): look for its successor with"
    " `ingest feeds add SITE`, or `ingest feeds remove`.",
    PollOutcome.RATE_LIMITED: "The site asks to be left alone for a while; it is. Raise"
    " `fetch.site_delay_seconds`, or the feed's `min_interval_seconds`, if this recurs.",
    PollOutcome.BLOCKED: "The site refuses programs (403 or a challenge): set `fetch.contact`, ask"
    " the publisher, or give the feed its own `user_agent` or `proxy`.",
    PollOutcome.CLIENT_ERROR: "The address is not served: check it in a browser, then"
    " `ingest feeds add SITE` finds the feed the site offers now. 401 needs the feed's `auth`.",
    PollOutcome.SERVER_ERROR: "The server has a fault of its own. Nothing to do but wait: it is"
    " asked again with growing distance.",
    PollOutcome.NAME_ERROR: "The host's name does not resolve: a typing mistake in the address, or"
    " the domain has lapsed.",
    PollOutcome.CONNECT_ERROR: "Nobody answers there, or TLS fails: check the address from this"
    " machine, and a `proxy` or firewall between.",
    PollOutcome.TIMEOUT: "The server is too slow: raise `fetch.total_timeout_seconds` if it"
    " answers in a browser.",
    PollOutcome.TOO_LARGE: "The document is larger than allowed: raise `fetch.max_bytes` or"
    " `fetch.max_inflated_bytes` if it is honest.",
    PollOutcome.REDIRECT_ERROR: "Redirects lead nowhere: open the address in a browser and"
    " subscribe where it ends.",
    PollOutcome.REFUSED: "Our own guard refuses the address: name its network in"
    " `fetch.allow_networks` or its port in `fetch.allow_ports` if you trust it.",
    PollOutcome.PROTOCOL_ERROR: "What came back is not HTTP or was cut short. Nothing to do but"
    " wait; check a `proxy` between.",
    PollOutcome.NOT_A_FEED: "There is a web page where the feed was: `ingest feeds add SITE` finds"
    " the feed the site offers now.",
    PollOutcome.PARSE_FAILED: "Reading the document takes too long or fails: raise"
    " `parse.timeout_seconds`, and please report the feed.",
    PollOutcome.OWN_OUTAGE: "Our own network was down; nothing is held against the feed.",
}


def remedy(state: FeedState, outcome: PollOutcome | None) -> str | None:
    """What to do about a feed in this state whose last poll ended so; None where all is well."""
    match state:
        case FeedState.OK:
            return None
        case FeedState.PAUSED:
            return "Paused by a person: `ingest feeds resume`."
        case FeedState.STALE:
            return (
                "It answers, but has carried nothing new for a long time: check whether the site"
                " publishes elsewhere now, or `ingest feeds remove`."
            )
        case FeedState.GONE:
            return _BY_OUTCOME[PollOutcome.GONE]
        case _:
            return _BY_OUTCOME.get(outcome) if outcome is not None else None
