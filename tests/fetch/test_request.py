from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ingest.config import FeedSettings
from ingest.errors import ConfigError
from ingest.fetch import Auth, auth_of, site_of

FEED = FeedSettings(url="https://example.org/feed")


def test_a_feed_without_auth_needs_none() -> None:
    assert auth_of(FEED, {}) is None


def test_a_password_comes_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    basic = replace(FEED, auth="basic", username="ann", password_env="SECRET")
    assert auth_of(basic, {"SECRET": "p@ss"}) == Auth("Basic YW5uOnBAc3M=")
    file = tmp_path / "token"
    file.write_text("t0ken\n")
    bearer = replace(FEED, auth="bearer", password_file=str(file))
    assert auth_of(bearer, {}) == Auth("Bearer t0ken")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"auth": "basic", "password_env": "NOT_SET"}, "NOT_SET is not set"),
        ({"auth": "basic", "password_file": "/no/such/file"}, "No such file"),
        ({"auth": "basic"}, "needs password_env or password_file"),
        ({"auth": "digest", "password_env": "SECRET"}, "neither basic nor bearer"),
    ],
)
def test_credentials_that_cannot_be_had_are_a_config_error_without_the_secret(
    changed: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        auth_of(replace(FEED, **changed), {"SECRET": "hunter2"})  # type: ignore[arg-type]
    assert "hunter2" not in str(caught.value)


def test_no_repr_shows_a_secret() -> None:
    assert "hunter2" not in repr(Auth.basic("ann", "hunter2"))


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://feeds.bbci.co.uk/news/rss.xml", "bbci.co.uk"),
        ("https://www.example.com./x", "example.com"),
        ("http://EXAMPLE.com:8080", "example.com"),
        ("https://ann.github.io/feed", "ann.github.io"),
        ("https://github.io/", "github.io"),
        ("http://192.0.2.7:8080/", "192.0.2.7"),
        ("http://[2001:db8::1]/", "2001:db8::1"),
        ("http://localhost/", "localhost"),
        ("https://www.bücher.de/", "xn--bcher-kva.de"),
        ("https://a.b.c.kobe.jp/", "b.c.kobe.jp"),
        ("nonsense", ""),
    ],
)
def test_the_site_is_the_registrable_domain(url: str, site: str) -> None:
    assert site_of(url) == site
