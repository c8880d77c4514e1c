"""A profile that uploads as much as the line takes."""

from __future__ import annotations

from pathlib import Path

from householdd.config.profiles import BUILT_IN
from householdd.traffic.upload_window import MIN_REQUEST_BYTES
from tests.daemon import running
from tests.websocket_clients import OldPage, client

PROFILE = """
[profiles.backup]
name = "Backup"
description = "Photos: as much as the line takes"
activity_type = "bulk_transfer"
download = { shape = "constant", rate_mbps = 0.1, tick_hz = 4 }
upload = { shape = "bulk", rate_mbps = 1000 }
"""


async def test_a_bulk_upload_is_asked_for_as_fast_as_it_comes(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles.toml"
    profiles.write_text(BUILT_IN.read_text() + PROFILE)
    with running(tmp_path, env={"HOUSEHOLDD_PROFILES": str(profiles)}) as daemon:
        async with client(daemon, "backup_1", OldPage) as page:
            await page.until(lambda: page.kinds["real_upload_request"] >= 12)
            update = page.last("real_time_update")
        asked = [message["target_bytes"] for message in page.messages if message["type"] == "real_upload_request"]
    assert asked[0] == MIN_REQUEST_BYTES
    # Loopback carries more than is asked for at first.
    assert max(asked) > 8 * MIN_REQUEST_BYTES
    assert asked[0] < update["server_received_bytes"] <= sum(asked)
