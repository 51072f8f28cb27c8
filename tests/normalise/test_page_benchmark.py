"""The measure of the pages benchmark, and what we reach by it."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from benchmarks.pages import cases, half_of, main, our_body, score, summary


def test_equal_texts_score_one_and_strangers_nothing() -> None:
    perfect = score("one two three four five", "One two".lower() + " three four five")
    assert (perfect.precision, perfect.recall) == (1.0, 1.0)
    strange = score("one two three four five", "six seven eight nine ten")
    assert (strange.precision, strange.recall) == (0.0, 0.0)


def test_a_long_page_weighs_no_more_than_a_short_one() -> None:
    long = " ".join(str(n) for n in range(1000))
    result = summary([score(long, long), score("one two three four", "five six seven eight")])
    assert result.precision == result.recall == result.f1 == 0.5


def test_half_of_the_shingles_missing_is_half_the_recall() -> None:
    found = score("a b c d e f g h i j k", "a b c d e f g")
    assert found.precision == 1.0
    assert found.recall == 0.5


def test_an_empty_result_counts_against_precision_too() -> None:
    assert score("one two three four", "").precision == 0.0


def test_a_folder_is_measured_and_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = Path(__file__).parent / "pages"
    (tmp_path / "html").mkdir()
    truth = {}
    for path in sorted(pages.glob("*.html"))[:2]:
        (tmp_path / "html" / f"{path.stem}.html.gz").write_bytes(gzip.compress(path.read_bytes()))
        body = path.with_suffix(".txt").read_text("utf-8")
        truth[path.stem] = {"articleBody": body, "url": "https://a.example/"}
    (tmp_path / "ground-truth.json").write_text(json.dumps(truth), "utf-8")
    assert main([str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "2 pages   F1 1.0000   precision 1.0000   recall 1.0000" in printed


def test_a_folder_without_pages_is_a_usage_error(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 2


@pytest.mark.corpora
@pytest.mark.slow
def test_article_pages_reach_the_best_published_figure_on_both_halves() -> None:
    folder = os.environ.get("INGEST_CORPORA")
    if not folder:
        pytest.skip("INGEST_CORPORA is not set: article-pages")
    every = list(cases(Path(folder) / "article-pages"))
    for half in (0, 1):
        scores = [score(c.body, our_body(c)) for c in every if half_of(c.id) == half]
        assert summary(scores).f1 >= 0.970
