from __future__ import annotations

import pytest

from householdd.config.loading import ConfigError, load


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://speed.example", "https://speed.example/"),
        ("https://speed.example/", "https://speed.example/"),
        ("https://ISP.example:8443/speed", "https://ISP.example:8443/speed/"),
        ("https://isp.example/a/b%20c/", "https://isp.example/a/b%20c/"),
        ("https://[2001:db8::7]/", "https://[2001:db8::7]/"),
    ],
)
def test_a_public_url_ends_in_a_slash(written: str, read: str) -> None:
    assert load({"no_tls": True, "public_url": written}, None).public_url == read


@pytest.mark.parametrize(
    "written",
    [
        *("", "speed.example", "http://speed.example/", "ftp://speed.example/", "https://", "https:///speed/"),
        *("https://user@speed.example/", "https://speed.example/?a=b", "https://speed.example/#a", "https://a b/"),
        *("https://speed.example:0/", "https://speed.example:65536/", "https://speed.example:port/", "https://x//y"),
        *("https://speed.example/<b>", 'https://"/', "https://speed.example/\n", "https://übung.example/"),
    ],
)
def test_what_is_no_public_url_is_refused(written: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load({"no_tls": True, "public_url": written}, None)
    assert str(refused.value) == (
        "--public-url: write https://HOST/ or https://HOST:PORT/PATH/, without user, query and fragment"
    )
