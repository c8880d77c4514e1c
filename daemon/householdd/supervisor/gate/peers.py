"""Credentials of the peer of a unix socket, from the kernel."""

from __future__ import annotations

import ctypes
import functools
import os
import pwd
import socket
import struct
from dataclasses import dataclass

SO_PEERGROUPS = 59
"""Socket option for the supplementary groups of the peer; socket(7)."""

_UCRED = struct.Struct("=iII")
_GID = struct.Struct("=I")
_MAX_GROUPS = 65536
"""NGROUPS_MAX of the kernel."""


@dataclass(frozen=True)
class Peer:
    """Credentials of a process when it connected."""

    pid: int
    uid: int
    gids: frozenset[int]
    """Primary and supplementary groups."""


def of_socket(sock: socket.socket) -> Peer:
    """Return the process that connected to ``sock``. Raise OSError."""
    pid, uid, gid = _UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Peer(pid, uid, frozenset((gid, *_groups(sock.fileno()))))


def _groups(fd: int) -> list[int]:
    # socket.getsockopt returns at most 1024 bytes, too few for users in many groups.
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(_MAX_GROUPS * _GID.size)
    size = ctypes.c_uint(len(buffer))
    if libc.getsockopt(fd, socket.SOL_SOCKET, SO_PEERGROUPS, buffer, ctypes.byref(size)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return [gid for (gid,) in _GID.iter_unpack(ctypes.string_at(buffer, size.value))]


@functools.lru_cache(1024)
def user_name(uid: int) -> str:
    """Return the name of ``uid``, or its number. Blocks on a directory service: call it in a thread."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
