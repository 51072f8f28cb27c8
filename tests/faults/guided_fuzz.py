"""Fuzzing that is led by the branches it reaches: `make fuzz`, for as long as it is let.

    python -m tests.faults.guided_fuzz [SECONDS]

Needs atheris, which has wheels for few platforms and is in no lock: `pip install atheris`. What it
finds is left in `tests/faults/found/`, from where `test_fuzz` reads it again. The seeds are those
of the tests and, where INGEST_CORPORA names them, some of the corpora.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

SEED_BYTES = 20_000  # a longer one is cut: small documents are quick to change and to read
SEED_FILES = 400


def main() -> None:
    """Fuzz for so many seconds, 60 where nothing is said."""
    seconds = sys.argv[1] if len(sys.argv) > 1 else "60"
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        sys.exit("fuzzing by coverage needs atheris: .venv/bin/python -m pip install atheris")
    with atheris.instrument_imports(include=["ingest"]):
        from tests.faults.fuzzing import FOUND, SEEDS, SPLINTERS, check

    def one(data: bytes) -> None:
        check(data)

    folder = Path(tempfile.mkdtemp(prefix="ingest-fuzz-"))
    words = folder / "words"
    words.write_text("".join(f'"{_escaped(one)}"\n' for one in SPLINTERS), encoding="ascii")
    seeds = folder / "seeds"
    seeds.mkdir()
    for number, body in enumerate(_seeds(SEEDS)):
        (seeds / str(number)).write_bytes(body)
    for path in FOUND.glob("*"):
        shutil.copy(path, seeds)
    options = [f"-max_total_time={seconds}", f"-artifact_prefix={FOUND}/", f"-dict={words}"]
    options += [f"-max_len={SEED_BYTES}", "-rss_limit_mb=4096", "-timeout=60", "-verbosity=1"]
    atheris.Setup([sys.argv[0], *options, str(seeds)], one)
    atheris.Fuzz()


def _seeds(own: tuple[bytes, ...]) -> list[bytes]:
    found = list(own)
    corpora = os.environ.get("INGEST_CORPORA")
    for name in ("feedparser-suite", "real-feeds") if corpora else ():
        files = sorted(path for path in Path(corpora or "", name).rglob("*") if path.is_file())
        step = max(1, len(files) // (SEED_FILES // 2))
        found += [path.read_bytes()[:SEED_BYTES] for path in files[::step]]
    return found


def _escaped(data: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in data[:60])


if __name__ == "__main__":
    main()
