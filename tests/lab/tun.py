"""TUN devices: network interfaces whose packets a process reads and writes."""

from __future__ import annotations

import fcntl
import os
import struct

from tests.lab.netns import LabUnavailableError, Namespace

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
"""From <linux/if_tun.h>: IP packets, with nothing before them."""


def open_tun(namespace: Namespace, name: str) -> int:
    """Makes a device in ``namespace``; its descriptor, which does not block, and with which the device goes.

    Without offloads it gets packets of no more than its MTU, each with its checksum. Raises LabUnavailableError where
    it cannot be made.
    """
    with namespace.entered():
        try:
            descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
        except OSError as error:
            raise LabUnavailableError(f"a TUN device is needed: {error}") from error
    return descriptor
