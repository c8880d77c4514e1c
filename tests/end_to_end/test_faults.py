"""What an operator relies on when something beside it goes wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from household.v1 import config_service_pb2, server_service_pb2
from tests.certificates import issue
from tests.daemon import Daemon, Stubs, running, wait_until
from tests.websocket_clients import OldPage, client


def test_an_emergency_shutdown_goes_on_when_its_caller_hangs_up(daemon_of_two: Daemon) -> None:
    pids = daemon_of_two.worker_pids()
    os.kill(pids[0], signal.SIGSTOP)
    with pytest.raises(grpc.RpcError):
        # Less time than the stopped worker is given.
        daemon_of_two.server.ShutdownServer(server_service_pb2.ShutdownServerRequest(reason="r"), timeout=0.15)
    assert daemon_of_two.process.wait(10) == 0
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_worker_that_missed_a_change_is_told_once_it_answers(daemon_of_two: Daemon) -> None:
    pid = daemon_of_two.worker_pids()[0]
    os.kill(pid, signal.SIGSTOP)
    # By the API: a worker that is silent for ten seconds is replaced.
    change = config_service_pb2.UpdateRuntimeConfigRequest()
    change.config.timeouts.max_duration.seconds = 2
    change.update_mask.paths.append("timeouts.max_duration")
    daemon_of_two.config.UpdateRuntimeConfig(change, timeout=10)
    daemon_of_two.server.DrainServer(server_service_pb2.DrainServerRequest(reason="r"), timeout=10)
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: _states(daemon_of_two) == {server_service_pb2.WORKER_STATE_READY}, "both workers")
    with grpc.insecure_channel(f"unix:{daemon_of_two.runtime_dir}/private/worker-0.sock") as channel:
        told = Stubs(channel)
        wait_until(lambda: _server(told).state == server_service_pb2.SERVER_STATE_DRAINING, "the drain at worker 0")
        current = told.config.GetRuntimeConfig(config_service_pb2.GetRuntimeConfigRequest(), timeout=10).current
        assert current.timeouts.max_duration.seconds == 2
        assert daemon_of_two.ctl("resume").returncode == 0
        wait_until(lambda: _server(told).state == server_service_pb2.SERVER_STATE_SERVING, "its end")


def _states(daemon: Daemon) -> set[int]:
    return {worker.state for worker in daemon.get_server().workers}


def _server(stubs: Stubs) -> server_service_pb2.Server:
    server: server_service_pb2.Server = stubs.server.GetServer(server_service_pb2.GetServerRequest(), timeout=10).server
    return server


async def test_a_daemon_that_is_stopping_cannot_be_resumed(daemon: Daemon) -> None:
    async with client(daemon, "alex", OldPage) as alex:
        await alex.payload()
        daemon.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(wait_until, lambda: daemon.events("draining"), "the drain")
        refused = await asyncio.to_thread(daemon.ctl, "resume")
        assert refused.returncode == 6
        assert "stopping" in refused.stderr


def test_a_certificate_that_is_refused_leaves_the_old_one_in_use(tmp_path: Path) -> None:
    authority = trustme.CA()
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    first, second = authority.issue_cert("127.0.0.1"), authority.issue_cert("127.0.0.1")
    first.cert_chain_pems[0].write_to_path(cert)
    first.private_key_pem.write_to_path(key)
    with running(tmp_path, "--cert", str(cert), "--key", str(key)) as daemon:
        second.cert_chain_pems[0].write_to_path(cert)
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: daemon.events("not reloaded; the old configuration stays in force"), "the refusal")
        # Past the supervisor's own check, as when the files change between its look and theirs.
        os.kill(daemon.worker_pids()[0], signal.SIGHUP)
        wait_until(lambda: daemon.events("certificate not renewed; the old one stays in use"), "the worker's refusal")
        served = ssl.get_server_certificate(daemon.address)
        assert served.strip() == first.cert_chain_pems[0].bytes().decode().strip()


def test_a_certificate_that_has_expired_is_told_and_never_put_in_use(tmp_path: Path) -> None:
    good, old = issue(ends_in=3), issue(-90, -70)
    good.write(tmp_path)
    files = ("--cert", str(tmp_path / "tls.crt"), "--key", str(tmp_path / "tls.key"))
    with running(tmp_path, *files) as daemon:
        (line,) = daemon.events("certificate ends soon")
        assert (line["level"], line["setting"], line["days"]) == ("warning", "cert", 2)
        health = daemon.ctl("health", "--check")
        assert (health.returncode, "WARNING - certificate cert" in health.stdout) == (1, True)
        old.write(tmp_path)
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: daemon.events("not reloaded; the old configuration stays in force"), "the refusal")
        assert ssl.get_server_certificate(daemon.address).strip() == good.pem.decode().strip()
    # After a start there is no better one, so it serves and says so.
    with running(tmp_path, *files) as daemon:
        (line,) = daemon.events("certificate refused by clients")
        assert line["level"] == "error"
        assert "the certificate expired on" in line["problem"]
        health = daemon.ctl("health", "--check")
        assert (health.returncode, "CRITICAL - certificate cert" in health.stdout) == (2, True)
        good.write(tmp_path)
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: daemon.events("reloaded"), "the reload")
        wait_until(lambda: daemon.ctl("health", "--check").returncode == 1, "health knows the new one")


def test_health_is_told_to_watchers_and_reflection_lists_the_services(shared_daemon: Daemon) -> None:
    with grpc.insecure_channel(f"unix:{shared_daemon.control_socket}") as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=10)  # type: ignore[attr-defined]
        assert next(iter(watch)).status == health_pb2.HealthCheckResponse.SERVING
        watch.cancel()
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
        answers = reflection.ServerReflectionInfo(iter([request]), timeout=10)
        names = {service.name for service in next(iter(answers)).list_services_response.service}
    assert {"household.v1.SessionService", "household.v1.ServerService", "household.v1.ConfigService"} < names


def test_a_worker_that_is_stuck_ends_with_its_supervisor(daemon: Daemon) -> None:
    pid = daemon.worker_pids()[0]
    os.kill(pid, signal.SIGSTOP)
    daemon.process.kill()
    daemon.process.wait()
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text(), "its end")
