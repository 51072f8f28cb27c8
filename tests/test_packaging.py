"""What is installed: the lock files and the Makefile that uses them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = (ROOT / "requirements.lock", ROOT / "tests" / "requirements.lock")


def canonical(requirement: str) -> str:
    """The project name of a requirement as PEP 503 writes it."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found.group()).lower()


def locked(lock: Path) -> set[str]:
    return {canonical(line) for line in lock.read_text().split("\n") if re.match(r"[a-z]", line)}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(ROOT)))
def test_every_line_of_a_lock_has_a_hash_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index-url" not in text
    requirements = re.split(r"\n(?=[a-z])", text.strip())
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", one) for one in requirements)


def test_the_lock_covers_what_the_program_and_its_build_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {canonical(one) for one in project["project"]["dependencies"]}
    needed |= {canonical(one) for one in project["build-system"]["requires"]}
    assert needed <= locked(LOCKS[0])


def test_the_lock_of_the_tests_covers_the_other_one_and_the_tools() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tools = {canonical(one) for one in project["dependency-groups"]["dev"] if isinstance(one, str)}
    assert locked(LOCKS[0]) | tools <= locked(LOCKS[1])
