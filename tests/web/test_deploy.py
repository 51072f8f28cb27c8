"""What `deploy/` says is true of this program: its keys, its metrics, its times."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.routing import Route

from ingest.cli.app import COMMANDS
from ingest.config import Settings, load
from ingest.model import PollCounts, PollOutcome
from ingest.store.engine import Database
from ingest.web.app import create_app
from ingest.web.health import Health
from ingest.web.metrics import Metrics
from tests.web.polls import NOW, Running, recorded
from tests.web.yaml_subset import parse

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


def test_the_queries_sort_by_labels_that_the_metrics_have(
    newsroom: Database, measured: set[str]
) -> None:
    metrics = Metrics(newsroom, Health(running=Running()), clock=lambda: NOW)
    metrics.observe(recorded(PollOutcome.OK, PollCounts(1, 1, 0, 0, 0, 0)))
    labels = set(re.findall(r'(\w+)="', metrics.render().decode())) | {"instance", "job"}
    for name in ("grafana.json", "alerts.yaml"):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        used = {one for group in re.findall(r"by \(([^)]+)\)", text) for one in group.split(", ")}
        used |= set(re.findall(r"\{\{ ?(?:\$labels\.)?(\w+) ?\}\}", text))
        assert used <= labels, name
    assert {"outcome", "state", "relation", "stage", "webhook"} <= labels


def test_the_alerts_are_rules_with_a_summary() -> None:
    rules = parse((DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))
    assert isinstance(rules, dict)
    groups = rules["groups"]
    assert isinstance(groups, list)
    (group,) = groups
    assert isinstance(group, dict)
    assert len(group["rules"]) >= 6
    for rule in group["rules"]:
        assert isinstance(rule, dict)
        assert rule.keys() == {"alert", "expr", "for", "annotations"}, rule
        assert isinstance(rule["expr"], str)
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert re.fullmatch(r"\d+[mh]", str(rule["for"]))
        assert isinstance(rule["annotations"], dict)
        assert rule["annotations"]["summary"]


def test_the_compose_file_names_what_it_has() -> None:
    compose = parse((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert isinstance(compose, dict)
    services = compose["services"]
    assert isinstance(services, dict)
    daemon = services["ingest"]
    assert isinstance(daemon, dict)
    assert isinstance(daemon["build"], dict)
    context = (DEPLOY / str(daemon["build"]["context"])).resolve()
    assert (context / str(daemon["build"]["dockerfile"])).is_file()
    assert isinstance(daemon["depends_on"], dict)
    assert daemon["depends_on"].keys() <= services.keys()
    assert all(str(port).startswith("127.0.0.1:") for port in daemon["ports"])
    assert daemon["read_only"] == "true"
    assert daemon["cap_drop"] == ["ALL"]
    volumes = compose["volumes"]
    assert isinstance(volumes, dict)
    for service in services.values():
        assert isinstance(service, dict)
        for volume in service.get("volumes", []):
            source = str(volume).partition(":")[0]
            assert source.startswith("./") or source in volumes, volume
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    required = set(re.findall(r"\$\{(\w+):\?", text))
    assert set(re.findall(r"\$\{(\w+)", text)) == required  # none is silently empty


@pytest.mark.parametrize(
    "wrong",
    ["a: 1\na: 2", "a:\n\t- b", "a: [b", "a:\n  - b\n - c", "a: b: c", "just words", "a: *b"],
)
def test_yaml_that_is_wrong_would_be_noticed(wrong: str) -> None:
    with pytest.raises(ValueError, match="line"):
        parse(wrong)


def test_the_container_file_says_what_runs_and_as_whom(newsroom: Database) -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    known = {
        "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK",
        "STOPSIGNAL", "ENTRYPOINT", "CMD",
    }  # fmt: skip
    assert {line.split()[0] for line in lines} <= known
    last = lines[max(at for at, line in enumerate(lines) if line.startswith("FROM ")) :]
    said = {line.split()[0]: line.partition(" ")[2] for line in last}
    assert said["USER"] not in ("root", "0")
    assert last.index(f"USER {said['USER']}") < last.index(f"CMD {said['CMD']}")
    assert json.loads(said["ENTRYPOINT"]) == ["ingest"]
    assert json.loads(said["CMD"])[0] in COMMANDS
    asked = json.loads(said["HEALTHCHECK"].partition("CMD")[2])
    path = re.search(r"8080(/[a-z/]+)", asked[-1])
    assert path is not None
    app = create_app(newsroom, Settings(), clock=lambda: NOW, health=Health())
    assert path[1] in {route.path for route in app.routes if isinstance(route, Route)}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd is installed")
def test_systemd_understands_the_unit_and_finds_it_well_confined(tmp_path: Path) -> None:
    unit = (DEPLOY / "ingest.service").read_text(encoding="utf-8")
    path = tmp_path / "ingest.service"
    path.write_text(unit.replace("/opt/ingest/bin/ingest", sys.executable), encoding="utf-8")
    verified = subprocess.run(
        ["systemd-analyze", "verify", path], capture_output=True, text=True, check=False
    )
    ours = [line for line in verified.stderr.splitlines() if "ingest.service" in line]
    assert (verified.returncode, ours) == (0, [])
    confined = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert confined.returncode == 0, confined.stdout[-500:]  # at most 2.0 of 10


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
