"""Runs on their way from the store to a real receiver; the time between attempts is the test's."""

from __future__ import annotations

import json
import ssl
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trustme
from sqlalchemy.engine import URL

from householdd.storage import outbox
from householdd.storage.engine import file_url
from householdd.storage.outbox import ANNOUNCE_DELAY_S, LEASE_S
from householdd.storage.pruning import Bounds, prune
from householdd.storage.retention import Retention
from householdd.storage.rows import RunLink, RunRow
from householdd.storage.store import Store
from householdd.supervisor.history.rows import announced_run
from householdd.supervisor.webhook import signature
from householdd.supervisor.webhook.delivery import POLL_INTERVAL_S, Webhook, WebhookStatus
from householdd.supervisor.webhook.http_post import Poster
from householdd.supervisor.webhook.retry import MAX_AGE_S
from tests.daemon import wait_until
from tests.receiver import Receiver, receiving
from tests.run_reports import run_report
from tests.storage.samples import NOW, RUN, run, session

SECRET = b"a secret of at least thirty-two bytes"
FOREVER = Retention(days=36500, most=1_000_000)
REPORT = json.dumps(run_report())


class Clock:
    """Unix time that a test moves on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Bench:
    """A store with a webhook whose attempts the test makes itself."""

    def __init__(
        self, database: URL, port: int, *, permalinks: bool = True, public_url: str | None = None, **changes: Any
    ) -> None:
        self.clock = Clock()
        self.store = Store(database, FOREVER)
        arguments: dict[str, Any] = {"now": self.clock, "chance": lambda: 0.0} | changes
        body = partial(announced_run, permalinks=permalinks, public_url=public_url)
        poster = Poster(f"http://127.0.0.1:{port}/hook?key=1")
        self.webhook = Webhook(self.store.engine, poster, SECRET, body, **arguments)
        self.store.announce = self.webhook.queued

    def keep(self, *rows: RunRow) -> None:
        """Stores runs, and waits until they are."""
        for row in rows:
            assert self.store.put(replace(row, report=REPORT))
        wait_until(lambda: self.store.status().waiting == 0, "they are stored")
        assert not self.store.status().problem

    def later(self, seconds: float) -> float:
        """Makes an attempt ``seconds`` later; seconds until the next."""
        self.clock.now += seconds
        return self.webhook.deliver()

    @property
    def status(self) -> WebhookStatus:
        return self.webhook.status()


@contextmanager
def benched(database: URL, port: int, **changes: Any) -> Iterator[Bench]:
    bench = Bench(database, port, **changes)
    bench.store.start()
    try:
        yield bench
    finally:
        bench.store.close(10)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def bench(database: URL, receiver: Receiver) -> Iterator[Bench]:
    with benched(database, receiver.port) as made:
        yield made


@pytest.fixture
def sqlite_bench(tmp_path: Path, receiver: Receiver) -> Iterator[Bench]:
    with benched(file_url(tmp_path / "history.db"), receiver.port) as made:
        yield made


def test_a_stored_run_is_posted_with_its_sessions(bench: Bench, receiver: Receiver) -> None:
    bench.store.put(session(1, run_id=None))
    bench.keep(RUN)
    bench.store.put(RunLink(RUN.id, (session(1).id,)))
    wait_until(lambda: bench.store.status().waiting == 0, "the link is stored")
    assert bench.later(0) == ANNOUNCE_DELAY_S
    assert receiver.received == []
    assert bench.later(ANNOUNCE_DELAY_S) == POLL_INTERVAL_S
    (request,) = receiver.received
    assert request.path == "/hook?key=1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("householdd/")
    sent = request.json
    assert sent.pop("report") == json.loads(REPORT)
    assert [each["profile"] for each in sent.pop("sessions")] == ["alex"]
    assert [(each["stretch"], each["grade"]) for each in sent.pop("stretches")] == [
        ("download", "A"),
        ("upload", "B"),
        ("both", "A+"),
    ]
    assert sent == {
        "type": "run_stored",
        "id": RUN.id,
        "stored_at": NOW * 1e3,
        "valid": True,
        "grade": "B",
        "baseline_ms": 10.0,
        "increase_p95_ms": 40.0,
        "cause": "line",
        "rate_cause": "device",
        "witness": "application",
        "kernel_baseline_ms": 9.5,
        "kernel_increase_p95_ms": 41.0,
        "hurting": "upload",
        "path": f"?run={RUN.id}",
        "url": None,
        "server": "speed-1",
        "source": "client",
        "address": "192.0.2.0/24",
    }
    assert bench.status == WebhookStatus(delivered=1)


def test_no_address_and_no_path_where_none_is_kept_or_shown(database: URL, receiver: Receiver) -> None:
    with benched(database, receiver.port, permalinks=False, public_url="https://isp.example/speed/") as bench:
        bench.keep(replace(RUN, address=None, address_block=None))
        bench.later(ANNOUNCE_DELAY_S)
    sent = receiver.received[0].json
    assert (sent["address"], sent["path"], sent["url"]) == (None, None, None)
    assert b"192.0.2" not in receiver.received[0].body


def test_the_public_url_is_told_with_each_run(receiver: Receiver, tmp_path: Path) -> None:
    with benched(file_url(tmp_path / "other.db"), receiver.port, public_url="https://isp.example/speed/") as bench:
        bench.keep(RUN)
        bench.later(ANNOUNCE_DELAY_S)
    assert receiver.received[0].json["url"] == f"https://isp.example/speed/?run={RUN.id}"


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # An example of the specification's libraries.
    headers = signature.headers(
        b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330.9,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_the_documented_check_takes_ours_and_nothing_else(sqlite_bench: Bench, receiver: Receiver) -> None:
    sqlite_bench.keep(RUN)
    sqlite_bench.later(ANNOUNCE_DELAY_S)
    (request,) = receiver.received
    check = documented_check()
    now = sqlite_bench.clock.now
    assert check(SECRET, request.headers, request.body, now)
    assert not check(SECRET + b"!", request.headers, request.body, now)
    assert not check(SECRET, request.headers, request.body + b" ", now)
    assert not check(SECRET, request.headers, request.body, now + 301)
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert not check(SECRET, request.headers | {name: request.headers[name] + "0"}, request.body, now)


def documented_check() -> Callable[..., bool]:
    """The function in docs/history.md."""
    document = (Path(__file__).parents[3] / "docs" / "history.md").read_text()
    (code,) = [part.partition("```")[0] for part in document.split("```python\n")[1:]]
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - that it runs is the test
    found: Callable[..., bool] = names["is_genuine"]
    return found


def test_runs_are_told_in_the_order_of_their_storing(bench: Bench, receiver: Receiver) -> None:
    order = [3, 1, 2, 0]
    bench.keep(*(run(number, stored_at=NOW + place / 10) for place, number in enumerate(order)))
    bench.clock.now += 1
    for _ in order:
        bench.later(ANNOUNCE_DELAY_S)
    assert receiver.ids == [run(number).id for number in order]
    assert (bench.status.delivered, bench.status.waiting) == (4, 0)


def test_failures_are_tried_again_after_twice_as_long_with_the_same_id_and_a_new_time(
    bench: Bench, receiver: Receiver
) -> None:
    receiver.answers.extend([500, 429, 301])
    bench.keep(RUN)
    assert bench.later(ANNOUNCE_DELAY_S) == 10
    assert bench.status.problem == "the receiver answered with 500"
    failed_at = NOW + ANNOUNCE_DELAY_S
    assert (bench.status.failed_at, bench.status.next_attempt_at) == (failed_at, failed_at + 10)
    assert bench.later(9) == 1
    assert (bench.status.failed_at, bench.status.next_attempt_at) == (failed_at, failed_at + 10)
    assert len(receiver.received) == 1
    assert bench.later(1) == 20
    # A look in between, as nothing else is due.
    assert bench.later(20) == POLL_INTERVAL_S
    assert bench.status.problem == "the receiver answered with 301"
    assert (bench.status.failed, bench.status.waiting) == (3, 1)
    assert bench.later(40) == POLL_INTERVAL_S
    assert bench.status == WebhookStatus(delivered=1, failed=3)
    assert receiver.ids == [RUN.id] * 4
    assert {each.path for each in receiver.received} == {"/hook?key=1"}
    times = [int(each.headers["webhook-timestamp"]) - int(NOW) for each in receiver.received]
    assert times == [2, 12, 32, 72]
    assert len({each.headers["webhook-signature"] for each in receiver.received}) == 4


def test_a_receiver_that_asks_for_time_gets_it(sqlite_bench: Bench, receiver: Receiver) -> None:
    receiver.answers.append(429)
    receiver.retry_after = "25"
    sqlite_bench.keep(RUN)
    assert sqlite_bench.later(ANNOUNCE_DELAY_S) == 25
    assert sqlite_bench.later(24) == 1
    assert sqlite_bench.later(1) == POLL_INTERVAL_S
    assert sqlite_bench.status == WebhookStatus(delivered=1, failed=1)


def test_a_refused_run_is_given_up_and_the_next_one_goes_on(sqlite_bench: Bench, receiver: Receiver) -> None:
    receiver.answers.append(404)
    sqlite_bench.keep(run(1), run(2, stored_at=NOW + 1))
    sqlite_bench.later(ANNOUNCE_DELAY_S)
    assert sqlite_bench.status == WebhookStatus(
        waiting=1,
        failed=1,
        dropped=1,
        problem="the receiver answered with 404",
        failed_at=NOW + ANNOUNCE_DELAY_S,
        next_attempt_at=NOW + 1 + ANNOUNCE_DELAY_S,
    )
    sqlite_bench.later(1)
    assert sqlite_bench.status == WebhookStatus(delivered=1, failed=1, dropped=1)


def test_a_run_is_given_up_when_an_attempt_fails_after_a_day(sqlite_bench: Bench, receiver: Receiver) -> None:
    receiver.answers.extend([503] * 2)
    sqlite_bench.keep(RUN)
    sqlite_bench.later(MAX_AGE_S - 1)
    assert (sqlite_bench.status.waiting, sqlite_bench.status.dropped) == (1, 0)
    sqlite_bench.later(3600)
    assert (sqlite_bench.status.waiting, sqlite_bench.status.dropped) == (0, 1)


def test_a_dead_receiver_never_stops_storing_and_gets_all_when_it_is_back(database: URL) -> None:
    with receiving() as gone:
        port = gone.port
    with benched(database, port) as bench:
        for number in range(3):
            bench.keep(run(number, stored_at=NOW + number))
            bench.later(ANNOUNCE_DELAY_S)
        assert "refused" in bench.status.problem
        assert (bench.status.waiting, bench.store.status().written) == (3, 3)
        with receiving(port) as back:
            for _ in range(3):
                bench.later(40)
            assert sorted(back.ids) == [run(number).id for number in range(3)]
    assert (bench.status.delivered, bench.status.waiting, bench.status.problem) == (3, 0, "")


def test_what_waited_at_a_stop_is_told_after_the_start(database: URL, receiver: Receiver) -> None:
    with benched(database, receiver.port) as before:
        before.keep(RUN)
    with benched(database, receiver.port) as after:
        wait_until(after.webhook._wake.is_set, "the database is ready")
        after.later(ANNOUNCE_DELAY_S)
    assert receiver.ids == [RUN.id]


def test_daemons_that_share_a_database_share_the_work_and_take_over(database: URL, receiver: Receiver) -> None:
    with benched(database, receiver.port) as one, benched(database, receiver.port) as other:
        one.keep(RUN)
        with one.store.engine.begin() as connection:
            assert outbox.claim(connection, NOW + ANNOUNCE_DELAY_S)
        # As if the first had died in its attempt.
        other.later(ANNOUNCE_DELAY_S)
        assert receiver.received == []
        other.later(LEASE_S)
    assert receiver.ids == [RUN.id]


def test_too_many_that_wait_are_dropped_and_counted(sqlite_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_WAITING", 2)
    sqlite_bench.keep(*(run(number) for number in range(3)))
    wait_until(lambda: sqlite_bench.status.dropped == 1, "it is counted")
    # That is no attempt, and hides none.
    assert not sqlite_bench.status.problem
    sqlite_bench.later(0)
    assert sqlite_bench.status.waiting == 2


def test_a_run_that_is_no_longer_kept_is_no_longer_told(sqlite_bench: Bench) -> None:
    sqlite_bench.keep(RUN)
    assert sum(prune(sqlite_bench.store.engine, Bounds(1000, 10**9), NOW + 1, None)) == 1
    sqlite_bench.later(ANNOUNCE_DELAY_S)
    assert sqlite_bench.status == WebhookStatus()


def test_the_thread_delivers_by_itself_and_stops_in_an_attempt(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answers.extend([204, b"HTTP/1.1 200 OK\r\n"])
    with benched(file_url(tmp_path / "history.db"), receiver.port, now=lambda: NOW + ANNOUNCE_DELAY_S) as bench:
        bench.webhook.start()
        bench.keep(run(1))
        wait_until(lambda: bench.status.delivered == 1, "it is delivered")
        bench.keep(run(2))
        wait_until(lambda: len(receiver.received) == 2, "the second is under way")
        bench.webhook.close(30)
        assert not bench.webhook._thread.is_alive()
        assert (bench.status.delivered, bench.status.failed) == (1, 1)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000, b"HTTP/1.1 200 OK\r\nA: b\r\n"])
def test_an_answer_that_does_not_end_is_given_up(receiver: Receiver, answer: bytes) -> None:
    receiver.answers.append(answer)
    poster = Poster(f"http://127.0.0.1:{receiver.port}/", deadline=0.3)
    with pytest.raises(TimeoutError, match=r"no answer within 0\.3 s"):
        poster.post({}, b"{}")


def test_over_tls_only_a_trusted_receiver_is_told() -> None:
    authority = trustme.CA()
    trusted, served = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(trusted)
    authority.issue_cert("127.0.0.1").configure_cert(served)
    with receiving(tls=served) as receiver:
        url = f"https://127.0.0.1:{receiver.port}/hook"
        assert Poster(url, trusted).post({}, b"{}").status == 204
        with pytest.raises(ssl.SSLCertVerificationError):
            Poster(url).post({}, b"{}")
    assert [(each.path, each.headers["host"]) for each in receiver.received] == [
        ("/hook", f"127.0.0.1:{receiver.port}")
    ]


def test_a_tls_handshake_that_does_not_end_is_given_up(receiver: Receiver) -> None:
    # A plain server waits for a request line that never comes.
    poster = Poster(f"https://127.0.0.1:{receiver.port}/", deadline=0.3)
    before = time.monotonic()
    with pytest.raises((TimeoutError, ssl.SSLError)):
        poster.post({}, b"{}")
    assert time.monotonic() - before < 60
