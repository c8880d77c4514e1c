"""The webhook from a client's report to a receiver, over the daemon's death."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from household.v1 import server_service_pb2
from tests.daemon import Daemon, running, wait_until
from tests.end_to_end.reports import play_alex, probing, report
from tests.receiver import receiving


def stored(daemon: Daemon, query: str) -> list[str]:
    """The only column of ``query``."""
    with closing(sqlite3.connect(daemon.directory / "state" / "history.db")) as connection:
        return [row[0] for row in connection.execute(query)]


def outbox(daemon: Daemon) -> list[str]:
    """Runs that wait."""
    return stored(daemon, "SELECT run_id FROM webhook_outbox")


def profiles(daemon: Daemon, run_id: str) -> list[str]:
    """Of the sessions that are known to belong to the run."""
    return stored(daemon, f"SELECT profile FROM session WHERE run_id = '{run_id}'")  # noqa: S608 - an id of our own


async def test_a_run_is_told_also_when_the_daemon_is_killed_before(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s" * 40)
    with receiving() as receiver:
        env = {
            "HOUSEHOLDD_HISTORY__WEBHOOK__URL": f"http://127.0.0.1:{receiver.port}/runs",
            "HOUSEHOLDD_HISTORY__WEBHOOK__SECRET_FILE": str(secret),
        }
        # The second is for a machine so slow that the daemon outlives the time until the first attempt.
        receiver.answers.extend([410, 503])
        with running(tmp_path, env=env) as daemon:
            async with probing(daemon, "refused") as probe:
                refused = await report(probe)

            def status() -> server_service_pb2.WebhookStatus:
                return daemon.get_server().history.webhook

            def given_up_at_last() -> bool:
                now = status()
                return now.dropped == 1 and not now.waiting

            await asyncio.to_thread(wait_until, given_up_at_last, "it is given up")
            given_up = status()
            assert given_up.problem == "the receiver answered with 410"
            assert given_up.HasField("failed_at")
            assert not given_up.HasField("next_attempt_at")
            health = await asyncio.to_thread(daemon.ctl, "health")
            assert health.returncode == 8
            words = r"the webhook is not delivered: the receiver answered with 410 \(\S+ ago, 0 waiting, 1 dropped\)"
            assert re.search(words, health.stderr)
            async with probing(daemon, "killed") as probe:
                await play_alex(daemon, "killed")
                killed = await report(probe)
                await asyncio.to_thread(wait_until, lambda: outbox(daemon) == [killed["id"]], "it is stored")
                # Sessions come by a way of their own, after the report or before.
                await asyncio.to_thread(wait_until, lambda: "alex" in profiles(daemon, killed["id"]), "so is Alex")
            daemon.process.kill()
            await asyncio.to_thread(daemon.process.wait, 10)
        receiver.answers.clear()
        with running(tmp_path, env=env) as daemon:
            delivered = server_service_pb2.WebhookStatus(delivered=1)
            await asyncio.to_thread(wait_until, lambda: status() == delivered, "it is delivered")
            assert outbox(daemon) == []
    told = receiver.received[-1].json
    assert receiver.ids[0] == refused["id"]
    assert set(receiver.ids[1:]) == {killed["id"]}
    assert "alex" in {each["profile"] for each in told["sessions"]}
    assert told["address"] == "127.0.0.0/24"
    assert told["path"] == killed["path"]
