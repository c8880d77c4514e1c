"""Many paced sessions as one process can hold them, each measured exactly."""

from __future__ import annotations

import os
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from websockets.frames import Frame, Opcode

from bench.readers import connected

POLL = 0.02
"""Least seconds from one look at all sessions to the next; TCP holds meanwhile what came."""

OPENS = 0.1
"""Seconds for which sessions are opened before the others are looked at again."""

SAYS = 1.0
"""Seconds from one sign of life of a session to the next."""

_SIGN = Frame(Opcode.BINARY, os.urandom(64)).serialize(mask=True)


@dataclass
class Player:
    """One session. Frames are taken apart, because messages do not count as payload."""

    sock: socket.socket
    user: str
    payload: int = 0
    """Bytes so far."""
    at: float = 0.0
    """When the last of them was looked for."""
    says_at: float = 0.0
    _rest: bytes = b""
    """The beginning of a header."""
    _left: int = 0
    """Bytes that the frame under way still has."""
    _binary: bool = False

    def take(self) -> None:
        """Reads all that is there."""
        while True:
            try:
                data = self.sock.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError):
                break
            if not data:
                raise SystemExit(f"the session of {self.user} was ended")
            self._parse(data)
        self.at = time.perf_counter()
        if self.at >= self.says_at:
            self.sock.send(_SIGN)
            self.says_at = self.at + SAYS

    def _parse(self, data: bytes) -> None:
        if self._rest:
            data, self._rest = self._rest + data, b""
        place, end = 0, len(data)
        while place < end:
            if not self._left:
                size = data[place + 1] if end - place > 1 else 0
                header = {126: 4, 127: 10}.get(size, 2)
                if end - place < header:
                    self._rest = data[place:]
                    return
                self._binary = data[place] & 15 == Opcode.BINARY
                self._left = size if header == 2 else int.from_bytes(data[place + 2 : place + header])
                place += header
            got = min(self._left, end - place)
            self._left -= got
            place += got
            if self._binary:
                self.payload += got


@dataclass
class Crowd:
    """Sessions of one server, opened as they are wanted."""

    address: tuple[str, int]
    tls: ssl.SSLContext | None
    users: tuple[str, ...]
    """Of the sessions, in turn; each gets a number."""
    at_once: int = 1
    """Connections that are opened at the same time."""
    players: list[Player] = field(default_factory=list)
    slowest: float = 0.0
    """Longest seconds between two looks at a session in the last measurement: what the load itself could not do."""

    def resize(self, count: int) -> None:
        """Opens or lets go sessions until there are so many, and goes on playing meanwhile."""
        while len(self.players) > count:
            self.players.pop().sock.close()
        play_at = 0.0
        with ThreadPoolExecutor(self.at_once) as pool:
            while (have := len(self.players)) < count:
                self.players += pool.map(self._enter, range(have, min(have + self.at_once, count)))
                if time.perf_counter() >= play_at:
                    self.play(0)
                    play_at = time.perf_counter() + OPENS

    def _enter(self, number: int) -> Player:
        user = self.users[number % len(self.users)]
        sock = connected(self.address, self.tls, f"{user}_{number}")
        sock.settimeout(0)
        return Player(sock, user)

    def play(self, seconds: float) -> None:
        """Reads what comes for so long, and once at least."""
        end = time.perf_counter() + seconds
        while True:
            began = time.perf_counter()
            for player in self.players:
                player.take()
            took = time.perf_counter() - began
            self.slowest = max(self.slowest, took)
            if time.perf_counter() >= end:
                return
            time.sleep(max(POLL - took, 0))

    def rates(self, seconds: float) -> list[tuple[str, float]]:
        """User and payload rate in bit/s of each session over so long."""
        self.play(0)
        before = [(player.payload, player.at) for player in self.players]
        self.slowest = 0.0
        self.play(seconds)
        return [
            (player.user, (player.payload - count) * 8 / (player.at - at))
            for player, (count, at) in zip(self.players, before, strict=True)
        ]

    def close(self) -> None:
        """Lets all go."""
        for player in self.players:
            player.sock.close()
