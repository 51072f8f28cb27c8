"""Settings made without pydantic are those that pydantic makes."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from ingest.config import FeedSettings, Settings, WebhookSettings, load
from ingest.config.fitting import fitting

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
PYDANTIC = TypeAdapter(Settings)

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 100_000),
    st.just(2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "curl", "page", "basic", "info", "12", "ü", "\ud800", "a\nb", "https://a.b"]
    ),
    st.lists(st.one_of(st.text(max_size=3), st.integers(0, 70_000)), max_size=3),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)


def keys_of(cls: type) -> st.SearchStrategy[dict[str, Any]]:
    names = [field.name for field in dataclasses.fields(cls)]
    return st.dictionaries(st.sampled_from([*names, "unknown"]), values, max_size=3)


sections = {
    field.name: keys_of(type(getattr(Settings(), field.name)))
    for field in dataclasses.fields(Settings)
    if dataclasses.is_dataclass(getattr(Settings(), field.name))
}
trees = st.fixed_dictionaries(
    {},
    optional={
        **sections,
        "feeds": st.lists(keys_of(FeedSettings), max_size=2),
        "webhooks": st.lists(keys_of(WebhookSettings), max_size=2),
    },
)


@given(trees)
@example({"fetch": {"site_delay_seconds": 0, "allow_ports": [80], "transport": "curl"}})
@example({"feeds": [{"url": "https://a.b", "verify_tls": False, "headers": {"X": "y"}}]})
def test_what_fits_is_what_pydantic_makes_of_it(tree: dict[str, Any]) -> None:
    made = fitting(tree)
    if made is not None:
        try:
            assert made == PYDANTIC.validate_json(json.dumps(tree), strict=True)
        except ValidationError as error:
            pytest.fail(f"fits, but pydantic says {error}")


def test_a_config_file_that_is_right_loads_no_validator() -> None:
    program = (
        "import sys, pathlib; from ingest.config import load;"
        f"load(pathlib.Path({str(EXAMPLE)!r}), {{}}); print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("text", ["[fetch]\nmax_bytes = 5_000_000\nsite_delay_seconds = 0\n", ""])
def test_what_fits_has_the_types_of_the_settings(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    assert isinstance(load(path, {}).fetch.site_delay_seconds, float)
