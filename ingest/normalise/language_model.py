"""py3langid's model, read from a file as far as texts need it, instead of held in memory.

Loaded as py3langid loads it, the model takes 76 MB of each process, and half a second of CPU to be
unpacked. Unpacked once, its rows are read when a text leads to them: a process has some MB of them,
and begins at once. The numbers are the same, and so is what py3langid makes of them.

The files lie in the user's cache (XDG Base Directory Specification), 68 MB; where nothing can be
written there, in a temporary folder that goes at once, and the next process unpacks them anew.
"""

from __future__ import annotations

import contextlib
import lzma
import math
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np

    _Numbers: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_Value = TypeVar("_Value")

_UNPACKED_VERSION = "0.4."  # the layout of the model's file is py3langid's own affair
_COPIED_AT_ONCE_BYTES = 1 << 20
_MOST_KEPT_MOVES = 65_536  # of some 100 bytes, as integers and in a dictionary
_MOST_KEPT_FEATURES = 16_384  # of some 400 bytes


def classify(text: str) -> tuple[str, float]:
    """The language of `text` (ISO 639-1) and its score, as `py3langid.classify` gives them."""
    language, score = _identifier().classify(text)
    return str(language), float(score)


@cache
def _identifier() -> Any:
    if not version("py3langid").startswith(_UNPACKED_VERSION):
        import py3langid

        return py3langid
    try:
        return _opened(_unpacked_in(_cache_folder()))
    except (
        OSError,
        RuntimeError,
        ValueError,
        EOFError,
    ):  # no room, no home; cut off by a power cut
        with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
            return _opened(_unpacked_in(Path(folder)))


def _cache_folder() -> Path:
    named = os.environ.get("XDG_CACHE_HOME", "")
    if not Path(named).is_absolute():  # such are to be ignored, says the specification
        named = "~/.cache"
    return Path(named, "ingest").expanduser()


def _unpacked_in(folder: Path) -> Path:
    """The folder, under this one, of the model's arrays; unpacked if they are not there yet."""
    from py3langid.langid import MODEL_DIR, MODEL_FILE

    wanted = folder / f"py3langid-{version('py3langid')}"
    if wanted.is_dir():
        return wanted
    folder.mkdir(parents=True, exist_ok=True)
    # Beside its place, and moved there when it is whole: others may be doing the same.
    with tempfile.TemporaryDirectory(prefix=f"{wanted.name}-", dir=folder) as new:
        with tempfile.TemporaryFile(dir=new) as packed:
            with lzma.open(MODEL_DIR / MODEL_FILE) as source:
                shutil.copyfileobj(source, packed, _COPIED_AT_ONCE_BYTES)
            zipfile.ZipFile(packed).extractall(Path(new, "model"))
        with contextlib.suppress(OSError):  # another was quicker
            Path(new, "model").rename(wanted)
    return wanted


def _opened(folder: Path) -> Any:
    import numpy as np
    from py3langid.langid import LanguageIdentifier

    def small(name: str) -> _Numbers:
        numbers: _Numbers = np.load(folder / f"{name}.npy", allow_pickle=False)
        return numbers

    return LanguageIdentifier(
        _Weights(_Rows(folder / "ptc.npy")),
        small("pc"),
        small("classes").tolist(),
        _Kept(_Rows(folder / "nextmove.npy").integer, most=_MOST_KEPT_MOVES),
        small("out_feat").data,
        tk_row=small("nextmove_row").data,
    )


class _Rows:
    """The rows of an array in a file, read when they are asked for; of a flat one its numbers.

    Read, not mapped: around each page of a mapping that is touched the system maps fifteen more,
    and fifty texts have all of the model in memory again.
    """

    def __init__(self, path: Path) -> None:
        import numpy as np

        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        self.shape, self.dtype = mapped.shape[1:], mapped.dtype
        self._row_bytes = mapped.itemsize * math.prod(self.shape)
        self._start = mapped.offset
        self._file = path.open("rb", buffering=0)

    def read(self, number: int) -> bytes:
        start = self._start + number * self._row_bytes
        return os.pread(self._file.fileno(), self._row_bytes, start)

    def integer(self, number: int) -> int:
        return int.from_bytes(self.read(number), sys.byteorder)


class _Kept(dict[int, _Value]):
    """What was read, by its number, so that asking again takes no line of Python."""

    def __init__(self, read: Callable[[int], _Value], *, most: int) -> None:
        super().__init__()
        self._read = read
        self._most = most

    def __missing__(self, number: int) -> _Value:
        if len(self) >= self._most:
            self.clear()
        value = self[number] = self._read(number)
        return value


class _Weights:
    """How much each feature speaks for each language: an array as far as py3langid asks for one."""

    def __init__(self, rows: _Rows) -> None:
        self._rows = rows
        self._kept = _Kept(rows.read, most=_MOST_KEPT_FEATURES)

    def __getitem__(self, numbers: _Numbers) -> _Numbers:
        import numpy as np

        found = b"".join(map(self._kept.__getitem__, numbers.tolist()))
        return np.frombuffer(found, self._rows.dtype).reshape(-1, *self._rows.shape)
