"""The doors between the rooms of the house: an import may only go down (docs, design section 3).

cli  web
  schedule
    pipeline
      store
        fetch   parse   normalise   dedupe        never one another, nor store
          model   errors   config
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ingest"

GROUND = {"model", "errors", "config"}
STAGES = {"fetch", "parse", "normalise", "dedupe"}
# The files beside `pipeline.py` are the pipeline in pieces: its worker processes, its writer.
PIPELINE = {
    path.stem
    for path in PACKAGE.glob("*.py")
    if path.stem not in GROUND and not path.stem.startswith("__")
}
# `store` reads what the stages state as protocols and calls their pure functions.
MAY_IMPORT = {
    "model": set(),
    "errors": {"model"},
    "config": {"errors", "model"},  # the words that keys may hold
    **dict.fromkeys(STAGES, GROUND),
    "store": GROUND | STAGES,
    "pipeline": GROUND | STAGES | {"store"},
    "schedule": GROUND | STAGES | {"store", "pipeline"},
    "web": GROUND | STAGES | {"store", "pipeline", "schedule"},
    "cli": GROUND | STAGES | {"store", "pipeline", "schedule", "web"},
}
SQL = ("sqlalchemy", "alembic", "sqlite3", "psycopg")
NOT_INSIDE = {"tests", "benchmarks", "migrations"}


def room_of(module: str) -> str | None:
    """The room a module of ours is in; None for the package itself and for what is not ours."""
    parts = module.split(".")
    if parts[0] != "ingest" or len(parts) == 1 or parts[1].startswith("__"):
        return None
    return "pipeline" if parts[1] in PIPELINE else parts[1]


def is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports(path: Path, *, at_run_time_only: bool = False) -> set[str]:
    """Every module that a file imports, at its top or inside functions."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[ast.AST] = set()
    if at_run_time_only:
        skipped = {
            below for node in ast.walk(tree) if is_for_types_only(node) for below in ast.walk(node)
        }
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide which door they take"
            assert node.module is not None
            found.add(node.module)
            if node.module == "ingest":
                found |= {f"ingest.{alias.name}" for alias in node.names}
    return found


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_lies_below_its_room(path: Path) -> None:
    room = room_of(module_of(path))
    if room is None:
        return
    assert room in MAY_IMPORT, f"{room}/ is not in the drawing of the house"
    for module in imports(path):
        other = room_of(module)
        is_allowed = other is None or other == room or other in MAY_IMPORT[room]
        assert is_allowed, f"{room} may not import {module}"
        assert module.split(".")[0] not in NOT_INSIDE


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sql_is_spoken_in_the_store_only(path: Path) -> None:
    if room_of(module_of(path)) != "store":
        spoken = {
            module for module in imports(path, at_run_time_only=True) if module.split(".")[0] in SQL
        }
        assert not spoken


def test_every_room_of_the_drawing_is_there() -> None:
    rooms = {room_of(module_of(path)) for path in FILES} - {None}
    assert rooms == set(MAY_IMPORT)
