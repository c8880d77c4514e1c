"""The brand and frame ancestors: validation of the configuration, and their effect on the page."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from householdd.config.loading import ConfigError, load
from tests.daemon import Daemon, running
from tests.worker.http_client import ask

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8H0z"/></svg>'

BRAND = """
frame_ancestors = ["https://isp.example", "https://*.isp.example:8443"]
[branding]
name = 'Example & "Sons" <Fibre>'
link = "https://isp.example/?a=1&b=2"
logo = "{logo}"
accent = "#0b5c8a"
accent_dark = "#7cc4f0"
privacy_link = "https://isp.example/privacy?&quot;"
help_link = "https://isp.example/help"
"""


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "householdd.toml"


def refused(toml: Path, text: str) -> str:
    toml.write_text(text)
    with pytest.raises(ConfigError) as error:
        load({"no_tls": True}, toml)
    return str(error.value).removeprefix(f"{toml}: ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[branding]\nnam = "x"',
            "branding.nam: no such setting; known are name, link, logo, accent, accent_dark, ",
        ),
        ('[branding]\nname = ""', "branding.name: needs 1 or more characters"),
        ('[branding]\nlink = "https://a.example"', "branding: a link or logo needs a name"),
        (
            '[branding]\nname = "x"\nlink = "javascript:alert(1)"',
            "branding.link: write a URL that begins with https://",
        ),
        *(
            (f'[branding]\n{key} = "{link}"', f"branding.{key}: write a URL that begins with https://, of at most 500")
            for key in ("privacy_link", "imprint_link", "help_link")
            for link in ("http://isp.example/", "javascript:alert(1)", "/privacy", "https://", "https://a/ b", "")
        ),
        ('[branding]\naccent = "blue"', "branding.accent: write a colour as #rrggbb"),
        (
            '[branding]\naccent = "#777777"',
            "branding.accent: #777777 on #ffffff has a contrast of 4.47; at least 4.5 is needed",
        ),
        ('[branding]\naccent_dark = "#4338ca"', "branding.accent_dark: #4338ca on #191c29 has a contrast of"),
        ('[branding]\nname = "x"\nlogo = "/nowhere.svg"', "branding.logo: /nowhere.svg: No such file or directory"),
        ('frame_ancestors = ["https://a.example/path"]', "frame_ancestors.0: write an origin, such as"),
        ("frame_ancestors = [\"https://a.example; script-src 'unsafe-inline'\"]", "frame_ancestors.0: write an origin"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(toml: Path, text: str, problem: str) -> None:
    assert refused(toml, text).startswith(problem)


@pytest.mark.parametrize(
    ("content", "problem"), [(b"GIF89a", "neither SVG, PNG nor WebP"), (SVG.ljust(65537), "more than 64 KiB")]
)
def test_a_logo_is_a_small_picture(toml: Path, tmp_path: Path, content: bytes, problem: str) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_bytes(content)
    assert refused(toml, f'[branding]\nname = "x"\nlogo = "{logo}"') == f"branding.logo: {logo}: {problem}"


@pytest.fixture(scope="module")
def branded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    directory = tmp_path_factory.mktemp("branded")
    logo = directory / "logo"
    logo.write_bytes(SVG)
    file = directory / "householdd.toml"
    file.write_text(BRAND.format(logo=logo))
    with running(directory, "--config", str(file)) as daemon:
        yield daemon


def test_the_page_has_the_brand_and_nothing_that_runs_of_it(branded: Daemon) -> None:
    page = ask(branded, "/").body.decode()
    assert (
        '<a href="https://isp.example/?a=1&amp;b=2" target="_top" rel="noopener">'
        '<img src="logo" alt="Example &amp; &quot;Sons&quot; &lt;Fibre&gt;"></a>'
    ) in page
    assert "<!-- brand" not in page
    assert ask(branded, "/brand.css").body.decode() == (
        ":root{--accent:#0b5c8a;--accent-ink:#ffffff}"
        "@media screen and (prefers-color-scheme:dark){:root:not([data-print]){--accent:#7cc4f0;--accent-ink:#14122e}}"
    )
    logo = ask(branded, "/logo")
    assert (logo.body, logo.headers["Content-Type"]) == (SVG, "image/svg+xml")
    assert logo.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def test_the_footer_has_the_operators_links_and_only_those(branded: Daemon) -> None:
    page = ask(branded, "/").body.decode()
    assert (
        '<a href="https://isp.example/help" target="_top" rel="noopener" data-text="help">Help</a>'
        '<a href="https://isp.example/privacy?&amp;quot;" target="_top" rel="noopener" data-text="privacy">Privacy</a>'
    ) in page
    assert 'data-text="imprint"' not in page


def test_a_link_to_the_page_is_shown_with_title_name_and_a_picture_that_is_served(
    branded: Daemon, shared_daemon: Daemon
) -> None:
    page, plain = (ask(daemon, "/").body.decode() for daemon in (branded, shared_daemon))
    title = "Home internet stress test"
    name = "Example &amp; &quot;Sons&quot; &lt;Fibre&gt;"
    assert f'<meta property="og:title" content="{name}: {title}">' in page
    assert f'<meta property="og:title" content="{title}">' in plain
    assert '<meta property="og:description" content="' in plain
    assert '<meta property="og:image" content="card.png">' in plain
    picture = ask(branded, "/card.png")
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.body.startswith(b"\x89PNG\r\n\x1a\n")


def test_only_pages_of_the_configured_origins_may_frame_the_page(branded: Daemon, shared_daemon: Daemon) -> None:
    policy = ask(branded, "/").headers["Content-Security-Policy"]
    assert policy.endswith("; frame-ancestors https://isp.example https://*.isp.example:8443")
    assert ask(shared_daemon, "/").headers["Content-Security-Policy"].endswith("; frame-ancestors 'none'")


def test_without_a_brand_the_page_names_nobody(shared_daemon: Daemon) -> None:
    page = ask(shared_daemon, "/").body.decode()
    assert 'class="brand"' not in page
    assert "brand.css" not in page
    assert ask(shared_daemon, "/brand.css").status == http.client.NOT_FOUND
