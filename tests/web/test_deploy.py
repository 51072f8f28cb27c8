"""What `deploy/` says is true of this program: its keys, its metrics, its times."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ingest.config import Settings, load

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"


@pytest.mark.parametrize("name", ["grafana.json", "alerts.yaml"])
def test_every_metric_that_is_asked_for_exists(measured: set[str], name: str) -> None:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    asked = set(re.findall(r"\b(?:ingest|process)_[a-z_]+\b", text))
    assert len(asked) > 3
    assert asked <= measured


def test_the_dashboard_shows_every_counter_of_polls(measured: set[str]) -> None:
    dashboard = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    shown = json.dumps(dashboard)
    for name in measured:
        if name.startswith("ingest_") and name.endswith("_total"):
            assert name in shown


def variables(text: str) -> dict[str, str]:
    """The settings that a deployment file gives by the environment."""
    found = re.findall(r"\b(INGEST_[A-Z]+__[A-Z_]+)\s*[=:]\s*(.+?)(?:\s*\\)?$", text, re.MULTILINE)
    return {name: value.strip("\"' ") for name, value in found}


@pytest.mark.parametrize("name", ["ingest.service", "Containerfile", "compose.yaml"])
def test_every_setting_that_is_given_is_known_and_allowed(name: str) -> None:
    given = variables((DEPLOY / name).read_text(encoding="utf-8"))
    assert "INGEST_DATABASE__URL" in given
    assert isinstance(load(None, given), Settings)


def test_the_unit_gives_the_daemon_time_to_finish() -> None:
    unit = (DEPLOY / "ingest.service").read_text(encoding="utf-8")
    seconds = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert seconds is not None
    assert int(seconds[1]) > 2 * Settings().schedule.drain_timeout_seconds
    for line in ("Type=notify", "WatchdogSec=60", "DynamicUser=yes", "ProtectSystem=strict"):
        assert line in unit.splitlines()


def test_the_container_is_built_from_files_that_are_there() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    assert len(copied) >= 5
    for name in copied:
        assert (ROOT / name).exists(), name
