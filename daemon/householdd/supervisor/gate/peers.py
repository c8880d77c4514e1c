"""Who is at the other end of a unix socket, as the kernel says."""

from __future__ import annotations

import ctypes
import functools
import os
import pwd
import socket
import struct
from dataclasses import dataclass

SO_PEERGROUPS = 59
"""Supplementary groups of the peer, socket(7); Python has no name for it."""

_UCRED = struct.Struct("=iII")
_GID = struct.Struct("=I")
_MAX_GROUPS = 65536
"""The kernel's NGROUPS_MAX."""


@dataclass(frozen=True)
class Peer:
    """A process at the moment it connected."""

    pid: int
    uid: int
    gids: frozenset[int]
    """Its primary and its supplementary groups."""


def of_socket(sock: socket.socket) -> Peer:
    """The process that connected to ``sock``. Raises OSError."""
    pid, uid, gid = _UCRED.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return Peer(pid, uid, frozenset((gid, *_groups(sock.fileno()))))


def _groups(fd: int) -> list[int]:
    # By ctypes: socket.getsockopt takes 1024 bytes at most, and some people are in more groups than fit there.
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(_MAX_GROUPS * _GID.size)
    size = ctypes.c_uint(len(buffer))
    if libc.getsockopt(fd, socket.SOL_SOCKET, SO_PEERGROUPS, buffer, ctypes.byref(size)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return [gid for (gid,) in _GID.iter_unpack(ctypes.string_at(buffer, size.value))]


@functools.lru_cache(1024)
def user_name(uid: int) -> str:
    """What ``uid`` is called, or its number. May wait for a directory service, so not for the event loop."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
