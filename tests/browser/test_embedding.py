"""The page inside another site's page, with the operator's brand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.views import BASELINE_S, PEOPLE, forget, screenshot
from tests.daemon import Daemon, running

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 32"><path fill="#0b5c8a" d="M0 0h120v32H0z"/></svg>'

ALLOW = "screen-wake-lock; clipboard-write"
"""What the page asks for; without it the browser notes a violation, and all the rest works."""


class _Site(ThreadingHTTPServer):
    """A site whose every page shows ``framed`` in a frame."""

    framed = ""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if not isinstance(self.server, _Site):
            raise TypeError
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        frame = f'<iframe title="Test" allow="{ALLOW}" src="{self.server.framed}" width="360" height="700"></iframe>'
        self.wfile.write(f"<!doctype html><title>An ISP</title><link rel=icon href=data:,>{frame}".encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def sites() -> Iterator[tuple[_Site, _Site]]:
    """Two sites, which are two origins."""
    both = _Site(("127.0.0.1", 0), _Answer), _Site(("127.0.0.1", 0), _Answer)
    threads = [threading.Thread(target=site.serve_forever) for site in both]
    for thread in threads:
        thread.start()
    yield both
    for site, thread in zip(both, threads, strict=True):
        site.shutdown()
        site.server_close()
        thread.join()


@pytest.fixture
def framed(tmp_path: Path, sites: tuple[_Site, _Site]) -> Iterator[Daemon]:
    """A branded daemon that the first site may frame."""
    logo, file = tmp_path / "logo.svg", tmp_path / "householdd.toml"
    logo.write_text(LOGO)
    file.write_text(
        f'frame_ancestors = ["{sites[0].origin}"]\n'
        f'[branding]\nname = "Example Fibre"\nlink = "https://isp.example/"\nlogo = "{logo}"\n'
        'accent = "#0b5c8a"\naccent_dark = "#7cc4f0"\n'
    )
    with running(tmp_path, "--config", str(file)) as daemon:
        for site in sites:
            site.framed = f"{daemon.url}?seconds=12&computer=10"
        yield daemon


def test_an_allowed_site_shows_the_branded_page_and_a_foreign_one_does_not(
    framed: Daemon, sites: tuple[_Site, _Site], page: Page, complaints: list[str]
) -> None:
    allowed, foreign = sites
    page.set_viewport_size({"width": 400, "height": 760})
    page.goto(allowed.origin)
    inside = page.frame_locator("iframe")
    logo = inside.get_by_role("img", name="Example Fibre")
    expect(logo).to_be_visible()
    assert logo.evaluate("image => image.naturalWidth") > 0
    button = inside.get_by_role("button", name="Start the test")
    expect(button).to_have_css("background-color", "rgb(11, 92, 138)")
    screenshot(page, "embedded")
    button.click()
    expect(inside.locator("html")).to_have_attribute("data-state", "done", timeout=(BASELINE_S + 30) * 1000)
    for person in PEOPLE:
        expect(inside.locator(f"[data-user={person}]")).to_have_attribute("data-state", "done")
    assert complaints == []

    page.goto(foreign.origin)
    page.wait_for_function("() => document.readyState === 'complete'")
    expect(page.frame_locator("iframe").get_by_role("button")).to_have_count(0)
    assert any("frame-ancestors" in each for each in complaints), (complaints, framed.url)
    forget(page, complaints)
