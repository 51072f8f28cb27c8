"""The language model that is read as far as texts need it says what py3langid says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import py3langid
import pytest

from ingest.normalise import language_model

TEXTS = (
    "The council had the sluices opened at dawn, and nobody objected to the water coming in.",
    "Der Rat liess im Morgengrauen die Schleusen oeffnen, und niemand erhob Einspruch dagegen.",
    "Le conseil a fait ouvrir les ecluses a l'aube, et personne ne s'y est oppose du tout.",
    "Rada nakazala otworzyc sluzy o swicie i nikt nie protestowal przeciwko tej decyzji.",
    "Совет распорядился открыть шлюзы на рассвете, и никто не возражал против этого.",
    "Рада наказала відкрити шлюзи на світанку, і ніхто не заперечував проти цього.",
    "市议会下令在黎明时分打开水闸，没有人反对。",
    "ALL OF IT IN CAPITALS, AS SOME AGENCIES WRITE THEIR HEADLINES",
    "12 345 67",
    "",
    "\ud83d a lone surrogate",
    "Kæreste alle sammen, vi ses i morgen på torvet, hvor der er kaffe til alle.",
)


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    language_model._identifier.cache_clear()
    yield tmp_path / "ingest"
    language_model._identifier.cache_clear()


def said_by_py3langid() -> list[tuple[str, float]]:
    found = [py3langid.classify(text) for text in TEXTS]
    return [(str(language), float(score)) for language, score in found]


def test_it_says_what_py3langid_says_to_the_last_bit(cache_folder: Path) -> None:
    assert [language_model.classify(text) for text in TEXTS] == said_by_py3langid()
    (unpacked,) = cache_folder.iterdir()
    before = unpacked.stat().st_mtime_ns
    language_model._identifier.cache_clear()
    assert [language_model.classify(text) for text in TEXTS] == said_by_py3langid()
    assert unpacked.stat().st_mtime_ns == before, "what is unpacked is not unpacked again"


def test_moves_that_are_not_kept_are_read_again(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language_model, "_MOST_KEPT_MOVES", 3)
    assert [language_model.classify(text) for text in TEXTS] == said_by_py3langid()


def test_where_no_cache_can_be_written_it_goes_without(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache_folder.write_text("a file where the folder should be", encoding="utf-8")
    temporary = cache_folder.parent / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    assert [language_model.classify(text) for text in TEXTS] == said_by_py3langid()
    assert not list(temporary.iterdir()), "nothing is left behind"


def test_what_was_cut_off_in_the_cache_is_not_used(cache_folder: Path) -> None:
    language_model.classify(TEXTS[0])
    language_model._identifier.cache_clear()
    (unpacked,) = cache_folder.iterdir()
    os.truncate(unpacked / "nextmove.npy", 1_000_000)
    os.truncate(unpacked / "pc.npy", 0)
    assert [language_model.classify(text) for text in TEXTS] == said_by_py3langid()


def test_of_a_version_with_another_file_py3langid_itself_is_asked(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language_model, "version", lambda _: "9.0")
    assert [language_model.classify(text) for text in TEXTS] == said_by_py3langid()
    assert not cache_folder.exists()


def test_two_who_unpack_at_once_end_with_one_model(cache_folder: Path) -> None:
    code = "from ingest.normalise.language_model import classify; print(classify('Guten Morgen'))"
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=dict(os.environ))
        for _ in range(2)
    ]
    said = {one.communicate()[0] for one in both}
    assert [one.returncode for one in both] == [0, 0]
    assert len(said) == 1
    assert len(list(cache_folder.iterdir())) == 1
