"""A real browser, told what to do over the pipe of its DevTools protocol: no library, no port.

https://chromedevtools.github.io/devtools-protocol/ (`--remote-debugging-pipe`: JSON messages, each
ended by a zero byte, into descriptor 3 and out of descriptor 4).
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CHROMIUM = os.environ.get("INGEST_CHROMIUM") or shutil.which("chromium")
PATIENCE_SECONDS = 120.0  # for one answer: other suites may have the processor meanwhile
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# Lays our two pipes where the browser looks for them, and becomes the browser.
_BECOME = """import os, sys
os.dup2(os.dup(int(sys.argv[1])), 13); os.dup2(os.dup(int(sys.argv[2])), 14)
os.dup2(13, 3); os.dup2(14, 4)
os.execv(sys.argv[3], sys.argv[3:])"""


@dataclass(frozen=True, slots=True)
class Screen:
    """What the page is shown on: CSS pixels, and whether it asks for dark colours."""

    width: int = 1280
    height: int = 1000
    is_dark: bool = False
    is_phone: bool = False


DESK = Screen()
DARK = Screen(is_dark=True)
PHONE = Screen(390, 844, is_phone=True)


@dataclass(frozen=True, slots=True)
class Looked:
    """A page as it stands after loading, and every word on the console, frames included."""

    dom: str
    console: tuple[str, ...]


class Browser:
    """One headless browser with one tab."""

    def __init__(self, profile: Path) -> None:
        assert CHROMIUM is not None
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        for end in (theirs_in, theirs_out):
            os.set_inheritable(end, True)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BECOME, str(theirs_in), str(theirs_out), CHROMIUM, *FLAGS,
             f"--user-data-dir={profile}"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer = b""
        self._number = 0
        self._events: list[dict[str, Any]] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session: str = self._ask("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        self._watch(self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            self._ask("Browser.close")
        os.close(self._out)
        os.close(self._in)
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    # --- what a test does ----------------------------------------------------------------------

    def show_on(self, screen: Screen) -> None:
        """From now on the tab is of this size and colour."""
        self._tab(
            "Emulation.setDeviceMetricsOverride",
            width=screen.width,
            height=screen.height,
            deviceScaleFactor=1,
            mobile=screen.is_phone,
        )
        colours = "dark" if screen.is_dark else "light"
        self._tab(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": colours}],
        )

    def look(self, url: str) -> Looked:
        """Load a page, its frames too."""
        self._events.clear()
        problem = self._tab("Page.navigate", url=url).get("errorText")
        assert problem is None, f"{url}: {problem}"
        self._until("Page.loadEventFired")
        dom = self.run("document.documentElement.outerHTML")
        return Looked(dom, tuple(filter(None, map(_said, self._events))))

    def run(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = self._tab("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press a key: its DOM name and its Windows code."""
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self._tab(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **text,
            )

    def follow(self) -> str:
        """Press Enter on what has the focus, and wait for the page it leads to; its address."""
        self._events.clear()
        self.press("Enter", 13)
        self._until("Page.loadEventFired")
        address: str = self.run("location.href")
        return address

    def picture(self) -> bytes:
        """The tab as a PNG."""
        return base64.b64decode(self._tab("Page.captureScreenshot", format="png")["data"])

    # --- the protocol --------------------------------------------------------------------------

    def _watch(self, session: str) -> None:
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable", session)
        self._ask(
            "Target.setAutoAttach",
            session,
            autoAttach=True,
            waitForDebuggerOnStart=False,
            flatten=True,
        )

    def _tab(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._ask(method, self._session, **parameters)

    def _ask(self, method: str, session: str | None = None, /, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer)
                result: dict[str, Any] = answer["result"]
                return result

    def _until(self, event: str) -> None:
        def has_come() -> bool:
            return any(
                one["method"] == event and one.get("sessionId") == self._session
                for one in self._events
            )

        while not has_come():
            self._next()

    def _next(self) -> dict[str, Any]:
        """The next message; an event is kept as well."""
        until = time.monotonic() + PATIENCE_SECONDS
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError("the browser does not answer")
            data = os.read(self._in, 1 << 20)
            if not data:
                raise EOFError("the browser has ended")
            self._buffer += data
        raw, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(raw)
        if "method" in message:
            self._events.append(message)
            if message["method"] == "Target.attachedToTarget" and "sessionId" in message:
                self._attached(message["params"]["sessionId"])
        return message

    def _attached(self, session: str) -> None:
        """A frame with a process of its own: its console counts too."""
        for domain in ("Runtime", "Log"):
            self._number += 1
            asked = {"id": self._number, "method": f"{domain}.enable", "sessionId": session}
            os.write(self._out, json.dumps({**asked, "params": {}}).encode() + b"\0")


def _said(event: dict[str, Any]) -> str | None:
    """What an event puts on the console: calls, exceptions, and what the browser itself says."""
    parameters = event.get("params", {})
    if event["method"] == "Runtime.consoleAPICalled":
        return f"{parameters['type']}: {parameters['args']}"
    if event["method"] == "Runtime.exceptionThrown":
        details = parameters["exceptionDetails"]
        return f"exception: {details.get('exception', {}).get('description', details['text'])}"
    if event["method"] == "Log.entryAdded":
        entry = parameters["entry"]
        return f"{entry['source']} {entry['level']}: {entry['text']}"
    return None
