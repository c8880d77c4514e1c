"""The three engines of browsers: Chromium, Firefox and WebKitGTK, as Debian ships them.

Playwright drives Chromium. Its Firefox is not the one that people have, and Selenium's needs a driver that Debian does
not ship, so Firefox is driven over WebDriver BiDi, which it speaks itself; WebKitGTK by its WebKitWebDriver.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Page, ViewportSize, sync_playwright
from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The certificate of a test is not one that a browser trusts.
    "--ignore-certificate-errors",
)
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
WEBKIT_COMMANDS = ("WebKitWebDriver", "xvfb-run", "dbus-run-session")
MINI_BROWSERS = "usr/lib/*/webkit2gtk-4.*/MiniBrowser"

WIDTH, HEIGHT = 390, 844
"""Size of a phone's screen, in CSS pixels. WebKitGTK's window is at least 447 wide: it has a toolbar."""

LANGUAGE = "de"
"""Language that Chromium and Firefox prefer; WebKitGTK takes that of its environment."""

ANSWER_S = 60.0
"""Timeout of a command of WebDriver, in seconds."""


class EngineMissingError(Exception):
    """The engine, or its driver, is not installed; the message says which."""


class Tab(Protocol):
    """A browser's only tab."""

    def goto(self, url: str) -> None:
        """Load a page."""

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, of JSON's types."""

    def screenshot(self, path: Path) -> None:
        """Write a PNG of the visible part, or of the whole page where the engine can."""


class _ChromiumTab:
    def __init__(self, page: Page) -> None:
        self._page = page

    def goto(self, url: str) -> None:
        self._page.goto(url)

    def evaluate(self, expression: str) -> Any:
        return self._page.evaluate(expression)

    def screenshot(self, path: Path) -> None:
        self._page.screenshot(path=path, full_page=True)


@contextlib.contextmanager
def chromium(_directory: Path) -> Iterator[Tab]:
    """Run Chromium without a window."""
    if CHROMIUM is None:
        raise EngineMissingError("no chromium on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        size = ViewportSize(width=WIDTH, height=HEIGHT)
        context = browser.new_context(ignore_https_errors=True, viewport=size, locale=LANGUAGE)
        try:
            yield _ChromiumTab(context.new_page())
        finally:
            browser.close()


class _FirefoxTab:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._sequence = 0
        self.send("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        self._context = self.send("browsingContext.getTree")["contexts"][0]["context"]
        viewport = {"width": WIDTH, "height": HEIGHT}
        self.send("browsingContext.setViewport", context=self._context, viewport=viewport)

    def send(self, method: str, **params: Any) -> Any:
        self._sequence += 1
        self._connection.send(json.dumps({"id": self._sequence, "method": method, "params": params}))
        while True:
            message = json.loads(self._connection.recv(timeout=ANSWER_S))
            if message.get("id") != self._sequence:
                continue
            if message["type"] == "error":
                raise AssertionError(f"{method}: {message['error']}: {message['message']}")
            return message["result"]

    def goto(self, url: str) -> None:
        self.send("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        # As text: BiDi's own form of an object is not JSON.
        text = f"JSON.stringify({expression}) ?? 'null'"
        given = self.send("script.evaluate", expression=text, target={"context": self._context}, awaitPromise=True)
        if given["type"] != "success":
            raise AssertionError(given["exceptionDetails"]["text"])
        return json.loads(given["result"]["value"])

    def screenshot(self, path: Path) -> None:
        taken = self.send("browsingContext.captureScreenshot", context=self._context, origin="document")
        path.write_bytes(base64.b64decode(taken["data"]))


@contextlib.contextmanager
def firefox(directory: Path) -> Iterator[Tab]:
    """Run the stock Firefox without a window, with its profile in ``directory``."""
    if FIREFOX is None:
        raise EngineMissingError("no firefox-esr on the PATH")
    profile = directory / "firefox"
    profile.mkdir(exist_ok=True)
    (profile / "user.js").write_text(f'user_pref("intl.accept_languages", "{LANGUAGE}");\n')
    command = [FIREFOX, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    with _process(command, directory / "firefox.log") as log:
        found = _wait(lambda: [line for line in log.read_text().splitlines() if "BiDi listening on" in line])
        with connect(f"{found[0].split()[-1]}/session", max_size=None, compression=None) as connection:
            yield _FirefoxTab(connection)


class _WebKitTab:
    def __init__(self, port: int, browser: str) -> None:
        self._port = port
        options = {"binary": browser, "args": ["--automation"]}
        wanted = {"acceptInsecureCerts": True, "webkitgtk:browserOptions": options}
        session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._path = f"/session/{session['sessionId']}"
        self._call("POST", f"{self._path}/window/rect", {"width": WIDTH, "height": HEIGHT})

    def _call(self, method: str, path: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_S)
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            value = json.loads(response.read())["value"]
        if response.status != http.HTTPStatus.OK:
            raise AssertionError(f"{method} {path}: {value['error']}: {value['message']}")
        return value

    def goto(self, url: str) -> None:
        self._call("POST", f"{self._path}/url", {"url": url})

    def evaluate(self, expression: str) -> Any:
        return self._call("POST", f"{self._path}/execute/sync", {"script": f"return {expression};", "args": []})

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._call("GET", f"{self._path}/screenshot")))

    def quit(self) -> None:
        self._call("DELETE", self._path)


@contextlib.contextmanager
def webkit(directory: Path, lang: str = "C.UTF-8") -> Iterator[Tab]:
    """Run WebKitGTK's MiniBrowser on a screen in memory.

    Its language is that of the environment: ``lang`` is the variable LANG.
    """
    missing = [command for command in WEBKIT_COMMANDS if shutil.which(command) is None]
    browsers = sorted(str(path) for path in Path("/").glob(MINI_BROWSERS))
    if missing or not browsers:
        raise EngineMissingError(f"no {', '.join(missing or ['MiniBrowser of WebKitGTK'])}")
    port = _free_port()
    command = ["dbus-run-session", "--", "xvfb-run", "-a", "WebKitWebDriver", f"--port={port}"]
    environment = {name: value for name, value in os.environ.items() if name not in {"LC_ALL", "LANGUAGE"}}
    with _process(command, directory / "webkit.log", environment | {"LANG": lang}):
        _wait(lambda: _listens(port))
        tab = _WebKitTab(port, browsers[-1])
        try:
            yield tab
        finally:
            tab.quit()


Engine = Callable[[Path], contextlib.AbstractContextManager[Tab]]
ENGINES: dict[str, Engine] = {"chromium": chromium, "firefox": firefox, "webkit": webkit}


@contextlib.contextmanager
def _process(command: list[str], log: Path, environment: dict[str, str] | None = None) -> Iterator[Path]:
    """Run a command, its output in ``log``, and end it with all that it started."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, start_new_session=True
        )
    try:
        yield log
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(found: Callable[[], Any]) -> Any:
    end = time.monotonic() + ANSWER_S
    while not (value := found()):
        if time.monotonic() > end:
            raise AssertionError(f"nothing within {ANSWER_S:g} s")
        time.sleep(0.1)
    return value


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
