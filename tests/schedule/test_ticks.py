from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ingest.schedule.notify import notify
from ingest.schedule.ticks import TickBook, TickTrouble


def book() -> TickBook:
    ticks = TickBook()
    ticks.register("claim", period_seconds=1, now=0, may_take_seconds=30)
    return ticks


def test_a_tick_that_hangs_is_said_once_and_again_when_it_recovers() -> None:
    ticks = book()
    ticks.began("claim", 1)
    assert ticks.look(30) == []
    assert ticks.look(32) == [TickTrouble("claim", "hangs", 31)]
    assert ticks.look(40) == []
    assert not ticks.is_well(40)
    ticks.ended("claim", 41)
    assert ticks.look(42) == [TickTrouble("claim", "recovered", 0.0)]
    assert ticks.is_well(42)


def test_a_tick_that_is_not_run_any_more_is_missed() -> None:
    ticks = book()
    ticks.began("claim", 1)
    ticks.ended("claim", 2)
    assert ticks.look(15) == []
    assert ticks.look(20) == [TickTrouble("claim", "missed", 18)]


def test_a_tick_that_never_ran_is_missed_too() -> None:
    assert [trouble.kind for trouble in book().look(20)] == ["missed"]


def test_a_slow_tick_that_has_just_ended_is_well() -> None:
    ticks = book()
    ticks.began("claim", 0)
    ticks.ended("claim", 29)
    assert ticks.look(30) == []


def test_systemd_hears_what_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(path)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        assert notify("READY=1", "STATUS=3 feeds due")
        assert server.recv(200) == b"READY=1\nSTATUS=3 feeds due"


def test_an_abstract_socket_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"ingest-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind("\0" + name)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name)
        assert notify("WATCHDOG=1")
        assert server.recv(200) == b"WATCHDOG=1"


def test_without_systemd_nothing_is_told_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    assert not notify("READY=1")
