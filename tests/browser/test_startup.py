"""What a visitor reads when the page cannot start, or lacks a part of the browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.views import forget, in_state
from tests.daemon import Daemon, running

LANGUAGES = {
    "c": '["c"]',
    "C": '["C"]',
    "en_US": '["en_US"]',
    "empty": '[""]',
    "x": '["x"]',
    "no tag": '["not a language!", "de_DE@euro"]',
    "none": "[]",
}
"""Browser languages by name, as JavaScript. Intl refuses most of them with a RangeError."""

MISSING = {
    "ResizeObserver": "delete window.ResizeObserver",
    "Intl": "delete window.Intl",
    "NumberFormat": "delete Intl.NumberFormat",
    "DateTimeFormat": "delete Intl.DateTimeFormat",
    "localStorage": """Object.defineProperty(window, "localStorage", {
        get() { throw new DOMException("The operation is insecure.", "SecurityError"); },
    })""",
    "localStorage is null": 'Object.defineProperty(window, "localStorage", { value: null })',
    "timeout": "delete AbortSignal.timeout",
    "connection": "delete Navigator.prototype.connection",
    "clipboard": "delete Navigator.prototype.clipboard",
    "wakeLock": "delete Navigator.prototype.wakeLock",
}
"""What the page does without."""


def speaks(page: Page, languages: str) -> None:
    """Gives the browser these languages."""
    page.add_init_script(
        f"""{{
            const languages = {languages};
            Object.defineProperty(Navigator.prototype, "languages", {{ get: () => languages }});
            Object.defineProperty(Navigator.prototype, "language", {{ get: () => languages[0] }});
        }}"""
    )


def is_ready(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("data-startup", "ready")
    expect(page.get_by_role("button", name="Start the test")).to_be_enabled()
    expect(page.locator("#headline")).to_contain_text("seconds")
    expect(page.locator(".startup")).to_be_hidden()


def cannot_start(page: Page, words: str, german: str) -> None:
    """The page says so in both languages, in the place of its status, and the button does not pretend to work."""
    expect(page.get_by_text(words)).to_be_visible()
    expect(page.get_by_text(german)).to_be_visible()
    expect(page.locator("#headline")).to_be_hidden()
    expect(page.locator("#run")).to_be_disabled()
    expect(page.locator(".startup p:visible")).to_have_count(2)


@pytest.mark.parametrize("languages", LANGUAGES.values(), ids=LANGUAGES.keys())
def test_a_language_that_is_no_tag_is_english(shared_daemon: Daemon, page: Page, languages: str) -> None:
    speaks(page, languages)
    page.goto(shared_daemon.url)
    is_ready(page)


@pytest.mark.parametrize("script", MISSING.values(), ids=MISSING.keys())
def test_the_page_starts_without_what_it_can_do_without(shared_daemon: Daemon, page: Page, script: str) -> None:
    page.add_init_script(script)
    page.goto(shared_daemon.url)
    is_ready(page)
    page.get_by_role("button", name="Start the test").click()
    in_state(page, "running", 20)
    page.get_by_role("button", name="Stop").click()
    in_state(page, "done", 20)


@pytest.mark.parametrize("missing", ["Worker", "WebSocket"])
def test_what_the_test_needs_and_the_browser_lacks_is_named(shared_daemon: Daemon, page: Page, missing: str) -> None:
    page.add_init_script(f"delete window.{missing}")
    page.goto(shared_daemon.url)
    expect(page.get_by_text(f"lacks what the test needs ({missing})")).to_be_visible()
    expect(page.locator("#run")).to_be_disabled()


OLD = ("This browser is too old", "Dieser Browser ist zu alt")
UNLOADED = ("A part of this page could not be loaded", "Ein Teil dieser Seite ließ sich nicht laden")
FAILED = ("This page does not work in this browser", "Diese Seite funktioniert in diesem Browser nicht")


def _missing(route: Route) -> None:
    route.fulfill(status=404, body="Not found.")


def _script(content: str) -> object:
    def answer(route: Route) -> None:
        route.fulfill(status=200, content_type="text/javascript", body=content)

    return answer


@pytest.mark.parametrize(
    ("file", "answer", "words"),
    [
        ("app.js", lambda route: route.abort(), UNLOADED),
        ("app.js", _missing, UNLOADED),
        ("text-*.js", lambda route: route.abort(), UNLOADED),
        ("text-*.js", _missing, UNLOADED),
        ("app.js", _script("let a = a ??= ;"), OLD),
        ("app.js", _script("class A { #b @ c }"), OLD),
        ("app.js", _script("throw new TypeError('no such function')"), FAILED),
        ("app.js", _script("missing.call()"), FAILED),
    ],
    ids=["blocked", "404", "text blocked", "text 404", "syntax", "newer syntax", "throws", "lacks"],
)
def test_a_script_that_does_not_come_or_does_not_run_is_told_in_words(
    shared_daemon: Daemon, page: Page, complaints: list[str], file: str, answer: object, words: tuple[str, str]
) -> None:
    page.route(f"**/{file}", answer)  # type: ignore[arg-type]
    page.goto(shared_daemon.url)
    cannot_start(page, *words)
    forget(page, complaints)


def test_a_browser_that_knows_no_modules_is_told_in_words(shared_daemon: Daemon, page: Page) -> None:
    page.add_init_script("delete HTMLScriptElement.prototype.noModule")
    # It does not run them.
    page.route("**/app.js", _script(""))  # type: ignore[arg-type]
    page.goto(shared_daemon.url)
    cannot_start(page, *OLD)


def test_a_page_whose_scripts_are_all_held_back_says_so_after_a_while(
    shared_daemon: Daemon, page: Page, complaints: list[str]
) -> None:
    page.route("**/*.js", lambda route: route.abort())
    page.goto(shared_daemon.url)
    expect(page.locator("#run")).to_be_disabled()
    words = page.get_by_text("taking a long time to start")
    page.wait_for_function(
        "() => document.querySelector('[data-cause=pending]').getBoundingClientRect().height > 0", timeout=30_000
    )
    expect(words).to_be_visible()
    forget(page, complaints)


def test_without_javascript_the_page_says_what_it_needs(shared_daemon: Daemon, browser: Browser) -> None:
    context = browser.new_context(ignore_https_errors=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(shared_daemon.url)
    # Playwright finds no text in a noscript element, though it is shown.
    words = page.locator(".no-script")
    expect(words).to_contain_text(["This test needs JavaScript", "Dieser Test braucht JavaScript"])
    for place in range(2):
        expect(words.nth(place)).to_be_visible()
    expect(page.locator(".startup p:visible")).to_have_count(0)
    expect(page.locator("#headline")).to_be_hidden()
    expect(page.locator("#run")).to_be_disabled()
    context.close()


def test_a_worker_whose_script_is_held_back_is_told_from_a_server_that_is_away(
    shared_daemon: Daemon, page: Page, complaints: list[str]
) -> None:
    page.route("**/worker.js", lambda route: route.abort())
    page.goto(shared_daemon.url)
    page.get_by_role("button", name="Start the test").click()
    in_state(page, "failed", 20)
    expect(page.locator("#headline")).to_have_text("A part of the test could not be loaded.")
    expect(page.locator("#trouble")).to_contain_text("content blocker")
    page.route("**/virtual-household/*", lambda route: route.abort())
    page.get_by_role("button", name="Run again").click()
    expect(page.locator("#headline")).to_have_text("The server does not answer.", timeout=20_000)
    # Some of the four people may have asked for it a moment later.
    forget(page, complaints, "Failed to load")


def test_the_dashboard_starts_with_any_language_and_without_storage(
    tmp_path_factory: pytest.TempPathFactory, page: Page
) -> None:
    page.add_init_script(MISSING["localStorage"].replace("localStorage", "sessionStorage"))
    speaks(page, LANGUAGES["c"])
    with running(tmp_path_factory.mktemp("daemon"), "--dashboard-listen", "127.0.0.1:0") as daemon:
        page.goto(daemon.events("serving")[0]["dashboard"])
        expect(page.locator("html")).to_have_attribute("data-link", "live")
        # The browser would say of each try to connect that nobody is there.
        page.close()
