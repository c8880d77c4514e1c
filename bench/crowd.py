"""Many paced sessions in one process, each measured exactly."""

from __future__ import annotations

import os
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from websockets.frames import Frame, Opcode

from bench.frame_reader import FrameReader
from bench.readers import connected, upgrade

MIN_POLL_INTERVAL_S = 0.02
"""Minimum interval between two polls of all sessions; meanwhile data waits in TCP."""

MAX_OPENING_S = 0.1
"""Longest time spent opening sessions before the others are polled."""

HEARTBEAT_S = 1.0
"""Interval between signs of life of a session."""

_SIGN = Frame(Opcode.BINARY, os.urandom(64)).serialize(mask=True)


@dataclass
class Player:
    """One session."""

    sock: socket.socket
    user: str
    frames: FrameReader
    at: float = 0.0
    """Time of the last poll."""
    says_at: float = 0.0

    def take(self) -> None:
        """Read all available data."""
        while True:
            try:
                data = self.sock.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError):
                break
            if not data:
                raise SystemExit(f"the session of {self.user} was ended")
            self.frames.take(data)
        self.at = time.perf_counter()
        if self.at >= self.says_at:
            self.sock.send(_SIGN)
            self.says_at = self.at + HEARTBEAT_S


@dataclass
class Crowd:
    """Sessions of one server, opened on demand."""

    address: tuple[str, int]
    tls: ssl.SSLContext | None
    users: tuple[str, ...]
    """Users of the sessions, in rotation; each gets a number."""
    at_once: int = 1
    """Connections opened concurrently."""
    players: list[Player] = field(default_factory=list)
    slowest: float = 0.0
    """Longest interval between two polls of a session in the last measurement, in seconds: the lag of the load
    itself."""

    def resize(self, count: int) -> None:
        """Open or close sessions until there are ``count``; keep playing meanwhile."""
        while len(self.players) > count:
            self.players.pop().sock.close()
        play_at = 0.0
        with ThreadPoolExecutor(self.at_once) as pool:
            while (have := len(self.players)) < count:
                self.players += pool.map(self._enter, range(have, min(have + self.at_once, count)))
                if time.perf_counter() >= play_at:
                    self.play(0)
                    play_at = time.perf_counter() + MAX_OPENING_S

    def _enter(self, number: int) -> Player:
        user = self.users[number % len(self.users)]
        sock = connected(self.address, self.tls, upgrade(f"{user}_{number}"))
        sock.settimeout(0)
        return Player(sock, user, FrameReader(sock))

    def play(self, seconds: float) -> None:
        """Read for ``seconds``, and at least once."""
        end = time.perf_counter() + seconds
        while True:
            began = time.perf_counter()
            for player in self.players:
                player.take()
            took = time.perf_counter() - began
            self.slowest = max(self.slowest, took)
            if time.perf_counter() >= end:
                return
            time.sleep(max(MIN_POLL_INTERVAL_S - took, 0))

    def rates(self, seconds: float) -> list[tuple[str, float]]:
        """Return the user and the payload rate in bit/s of each session over ``seconds``."""
        self.play(0)
        before = [(player.frames.payload, player.at) for player in self.players]
        self.slowest = 0.0
        self.play(seconds)
        return [
            (player.user, (player.frames.payload - count) * 8 / (player.at - at))
            for player, (count, at) in zip(self.players, before, strict=True)
        ]

    def close(self) -> None:
        for player in self.players:
            player.sock.close()
