"""The config file: what it may say, and how it is refused."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.config import FeedSettings, Settings, WebhookSettings, find, load
from ingest.config.loading import LISTS
from ingest.errors import ConfigError

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str, environ: dict[str, str] | None = None) -> str:
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {})
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(path), "config.toml")


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert load(write(tmp_path, ""), {}) == Settings()


def test_no_file_means_the_defaults() -> None:
    assert load(None, {}) == Settings()


def test_values_of_every_kind_are_read(tmp_path: Path) -> None:
    settings = load(
        write(
            tmp_path,
            """
            [fetch]
            max_bytes = 5
            total_timeout_seconds = 9
            allow_networks = ["127.0.0.0/8"]
            allow_ports = [8080]
            verify_tls = false
            [log]
            level = "debug"
            [[feeds]]
            url = "https://a.example/rss"
            headers = { X-Account = "desk" }
            """,
        ),
        {},
    )
    assert settings.fetch.max_bytes == 5
    assert settings.fetch.total_timeout_seconds == 9
    assert settings.fetch.allow_networks == ("127.0.0.0/8",)
    assert settings.fetch.allow_ports == (8080,)
    assert settings.fetch.verify_tls is False
    assert settings.log.level == "debug"
    assert settings.feeds == (
        FeedSettings(url="https://a.example/rss", headers={"X-Account": "desk"}),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            '[fetch]\nmax_bytes = "5"',
            'config.toml: fetch.max_bytes = "5": has to be a whole number',
        ),
        ("[fetch]\nmax_bytes = 0", "fetch.max_bytes = 0: has to be greater than or equal to 1"),
        ("[fetch]\nverify_tls = 1", "fetch.verify_tls = 1: has to be true or false"),
        ("[fetch]\nread_timeout_seconds = nan", "read_timeout_seconds = NaN: has to be greater"),
        ('[fetch]\nallow_networks = "10.0.0.0/8"', "fetch.allow_networks = "),
        ('[fetch]\nallow_networks = ["ten"]', 'a network is written like "10.0.0.0/8"'),
        ("[fetch]\nmax_byte = 1", "unknown key fetch.max_byte: did you mean max_bytes? (allowed"),
        ("[fech]\nmax_bytes = 1", "unknown section [fech]: did you mean fetch? (allowed: database"),
        ("fetch = 3", "fetch = 3: has to be a table: [fetch]"),
        ("feeds = 3", "feeds = 3: has to be [[feeds]] tables"),
        ("[feeds]\nurl = 'http://a.example'", "has to be [[feeds]] tables"),
        ("[[feeds]]\nname = 'a'", "feeds[0].url is missing"),
        ("[[feeds]]\nurl = 'a.example'", "feeds[0].url = 'a.example': has to be an http(s):// URL"),
        ("[[feeds]]\nurl = 'ftp://a.example/'", "has to be an http(s):// URL"),
        ("[[feeds]]\nurl = 'http://[::1/'", "has to be an http(s):// URL"),
        ("[[feeds]]\nurl = 'http://a.example/'\ntext = 'all'", "has to be 'feed' or 'page'"),
        ("[[feeds]]\nurl = 'http://a.example/'\ntxt = 'page'", "did you mean text?"),
        ("[[feeds]]\nurl = 'http://a.example/'\ninclude = '('", "not a regular expression"),
        ("[[feeds]]\nurl = 'http://a.example/'\nauth = 'basic'", "username is missing"),
        ("[[feeds]]\nurl = 'http://a.example/'\nname = '7'", "a word that is no number"),
        (
            "[[feeds]]\nurl = 'http://a.example/'\nheaders = { 'X-A' = \"a\\r\\nb: c\" }",
            "'X-A' is not a header",
        ),
        (
            "[[feeds]]\nurl = 'http://a.example/'\n[[feeds]]\nurl = 'http://a.example/'",
            "feeds[1].url: the same as feeds[0].url",
        ),
        ("[database]\nurl = 'mysql://u:secret@h/n'", "has to be sqlite:///FILE or postgresql"),
        ("[web]\nenabled = true\nhost = '0.0.0.0'", "web.token: has to be set where web.host"),
        ("[schedule]\nmin_interval_seconds = 90000", "90000 is above max_interval_seconds"),
        ("[dedupe]\nwindow_days = inf", "dedupe.window_days: inf is above 36_525, the most"),
        ("[database]\nkeep_raw_days = 99999999999", "keep_raw_days: 99999999999 is above 36_525"),
        ("[schedule]\nlease_seconds = 10_000_000_000", "lease_seconds: 10000000000 is above 3_155"),
        ("[fetch]\nconcurrency = 99999999999999999999", "fetch.concurrency: 9999999999999999999"),
        ("[fetch]\nuser_agent = ' '", 'fetch.user_agent: " ": has to say something, or be left'),
        ("[web]\nhost = ''", 'web.host: "": has to say something, or be left out'),
        ("[database]\nurl = ''", 'database.url: "": has to say something, or be left out'),
        ("[[feeds]]\nurl = 'http://a.example/'\nexclude = ''", 'feeds[0].exclude: "": has to'),
        ("[[feeds]]\nurl = 'http://a.example/'\nlanguage = ' '", "feeds[0].language: "),
        (
            "[[feeds]]\nurl = 'http://a.example/'\nmin_interval_seconds = 4_000_000_000",
            "feeds[0].min_interval_seconds: 4000000000 is above 3_155_760_000",
        ),
        (
            "[[feeds]]\nurl = 'http://a.example/'\npassword_env = 'P'",
            'feeds[0].password_env: needs auth = "basic" or "bearer" beside it',
        ),
        (
            "[[feeds]]\nurl = 'http://a.example/'\nauth = 'bearer'\nusername = 'u'",
            'feeds[0].username: is for auth = "basic" only',
        ),
        ("[[webhooks]]\nname = 'a'\nurl = 'http://a/'\nsecret_env = ''", "webhooks[0].secret_env"),
        ("[[webhooks]]\nname = 'a'\nsecret_env = 'S'", "webhooks[0].url is missing: every [[webh"),
        ("[[webhooks]]\nname = 'a b'\nurl = 'http://a/'\nsecret_env = 'S'", "name = 'a b': has to"),
        (
            "[[webhooks]]\nname = 'a'\nurl = 'ftp://a/'\nsecret_env = 'S'",
            "url: has to be an http(s)",
        ),
        (
            "[[webhooks]]\nname = 'a'\nurl = 'http://a/'\nsecret_env = 'S'\nkinds = ['all']",
            "kinds: 'all': allowed are article.new, ",
        ),
        ("[webhooks]\nname = 'a'", "has to be [[webhooks]] tables"),
        ("[fetch", "config.toml: not valid TOML"),
        ("a = " + "[" * 5_000, "config.toml: not valid TOML"),
    ],
)
def test_what_is_not_allowed_is_named_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    assert says in refusal(tmp_path, text)


def test_a_secret_is_not_repeated_in_the_message(tmp_path: Path) -> None:
    assert "hunter2" not in refusal(tmp_path, "[database]\nurl = 'mysql://u:hunter2@h/n'")
    hook = "[[webhooks]]\nname = 'a'\nsecret_env = 'S'\nurl = 'ftp://a/hunter2'"
    assert "hunter2" not in refusal(tmp_path, hook)
    assert "hunter2" not in refusal(tmp_path, "[web]\ntoken = { a = 'hunter2' }")
    feed = "[[feeds]]\nurl = 'http://a.example/'\n"
    assert "hunter2" not in refusal(tmp_path, feed + "headers = { X-Key = ['hunter2'] }")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "absent.toml", {})


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(path, {})


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[log]\nlevel = 'error'\n")
    assert load(path, {}).log.level == "error"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "[fetch]\nmax_bytes = 5\nmax_redirects = 2")
    settings = load(
        path,
        {
            "INGEST_FETCH__MAX_BYTES": "6",
            "INGEST_FETCH__ALLOW_NETWORKS": "127.0.0.0/8, ::1/128",
            "INGEST_FETCH__ALLOW_PORTS": "22,23",
            "INGEST_FETCH__VERIFY_TLS": "false",
            "INGEST_LOG__LEVEL": "warning",
            "INGEST_CONFIG": "elsewhere.toml",
            "HOME": "/nowhere",
        },
    )
    assert settings.fetch.max_bytes == 6
    assert settings.fetch.max_redirects == 2
    assert settings.fetch.allow_networks == ("127.0.0.0/8", "::1/128")
    assert settings.fetch.allow_ports == (22, 23)
    assert settings.fetch.verify_tls is False
    assert settings.log.level == "warning"


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("INGEST_FETCH__MAX_BYTES", "six", 'INGEST_FETCH__MAX_BYTES = "six": has to be a whole'),
        ("INGEST_FETCH__MAX_BITES", "6", "no key max_bites: did you mean max_bytes?"),
        ("INGEST_FETSH__MAX_BYTES", "6", "no section fetsh: did you mean fetch?"),
        ("INGEST_DATABASE__URL", "nowhere", "INGEST_DATABASE__URL: has to be sqlite:///FILE"),
    ],
)
def test_a_bad_override_names_the_variable(
    tmp_path: Path, variable: str, value: str, says: str
) -> None:
    assert says in refusal(tmp_path, "", {variable: value})


def test_the_file_is_the_one_given_then_the_variable_then_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find(None, {}) is None
    write(tmp_path, "")
    assert find(None, {}) == Path("config.toml")
    assert find(None, {"INGEST_CONFIG": "b.toml"}) == Path("b.toml")
    assert find(Path("a.toml"), {"INGEST_CONFIG": "b.toml"}) == Path("a.toml")


# --- config.example.toml -----------------------------------------------------------------------


def test_the_example_is_valid_and_changes_no_default() -> None:
    settings = load(EXAMPLE, {})
    assert dataclasses.replace(settings, feeds=()) == Settings()
    assert len(settings.feeds) >= 20
    assert len({feed.language for feed in settings.feeds}) >= 10
    assert all(feed.name and feed.publisher and feed.language for feed in settings.feeds)


def test_the_example_shows_every_key_with_its_default(tmp_path: Path) -> None:
    """With the # before its keys taken away, the example sets every key there is."""
    sections, _, feeds = EXAMPLE.read_text(encoding="utf-8").partition("\n# --- feeds")
    head, _, webhooks = sections.partition("\n# --- webhooks")
    shown = re.sub(r"^#(?=\w+ = )", "", head, flags=re.M)
    settings = load(write(tmp_path, shown), {})
    for section in dataclasses.fields(Settings):
        if section.name in LISTS:
            continue
        ours = getattr(settings, section.name)
        for key in dataclasses.fields(ours):
            place = f"{section.name}.{key.name}"
            assert re.search(rf"(?m)^{key.name} = ", shown), f"{place} is not in the example"
            default = getattr(type(ours)(), key.name)
            if default is None:
                assert getattr(ours, key.name) is not None, f"{place} shows no value"
            else:
                assert getattr(ours, key.name) == default, f"{place} shows another default"
    for key in dataclasses.fields(FeedSettings):
        assert re.search(rf"(?m)^#{key.name} = ", feeds), f"feeds.{key.name} is not in the example"
    for key in dataclasses.fields(WebhookSettings):
        assert re.search(rf"(?m)^#{key.name} = ", webhooks), f"webhooks.{key.name} is not there"


def test_every_key_in_the_example_has_a_comment() -> None:
    comment_above = False
    for line in (
        EXAMPLE.read_text(encoding="utf-8").partition("\n# A set to start with")[0].split("\n")
    ):
        if re.match(r"#?\w+ = ", line):
            assert comment_above, f"no comment above {line}"
        else:
            comment_above = line.startswith("# ")


def test_the_example_feed_with_every_key_is_valid(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").partition("\n# --- feeds")[2]
    shown = re.sub(r"^#(?=\w+ = |\[\[)", "", text.partition("# A set to start with")[0], flags=re.M)
    one_secret = shown.replace("password_file = ", "#password_file = ")
    assert load(write(tmp_path, one_secret.partition("\n")[2]), {}).feeds[0].auth == "basic"


def test_the_example_webhook_is_valid(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").partition("\n# --- webhooks")[2]
    shown = text.partition("\n# --- feeds")[0].partition("\n")[2]
    shown = re.sub(r"^#(?=\w+ = |\[\[)", "", shown, flags=re.M)
    one_secret = shown.replace("secret_file = ", "#secret_file = ")
    (webhook,) = load(write(tmp_path, one_secret), {}).webhooks
    assert (webhook.name, webhook.secret_env, len(webhook.kinds)) == ("desk", "DESK_SECRET", 3)
    with pytest.raises(ConfigError, match="needs one of secret_env and secret_file"):
        load(write(tmp_path, shown), {})


def test_settings_are_imported_without_the_validator() -> None:
    program = "import sys, ingest.config; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
