"""A callback that nobody would answer is refused before hubs are asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://us.example/websub", "needs `enabled = true` under [web]"),
        ("https://us.example/websub?a=b", "URL without ? or #"),
        ("us.example", "URL without ? or #"),
    ],
)
def test_a_callback_that_cannot_be_answered_is_refused(
    cli: Cli, here: Path, url: str, says: str
) -> None:
    (here / "config.toml").write_text(f'[websub]\ncallback_url = "{url}"\n', encoding="utf-8")
    refused = cli("run")
    assert refused.code == 2
    assert "websub.callback_url" in refused.err
    assert says in refused.err
