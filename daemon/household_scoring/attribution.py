"""Whether the line, the device or the server caused the delay and the rate of a run.

The application's pings meet all three. The server's kernel measures the same path without the device's application: its
round trip ends at the device's kernel, which acknowledges.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from household_scoring.grade import BOUNDS, Grade
from household_scoring.latency import increase

MIN_KERNEL_SAMPLES = 100
"""As of the application's pings: five of 100 exceed the 95th percentile."""
MIN_EXCESS_MS = 10.0
MIN_EXCESS_SHARE = 0.25
"""Excess of the application over the kernel that names the device: the greater of the two. On lines of 5 to 200 Mbit/s
both were within 5 ms or 10 % of irtt (docs/measurement.md), so a line alone stays below half of it."""
MEANS_OF = 20
"""Samples in a row whose means are compared: a second, of the pings as of the kernel."""
MIN_MEANS_EXCESS_MS = 3.0
"""As ``MIN_EXCESS_MS``, of means on a line that adds hardly anything."""
MAX_LOSS_SHARE = 0.01
"""Loss from which pings may wait for TCP's retransmissions, which the kernel's round trip leaves out."""
MAX_RECEIVER_LIMITED = 0.1
"""Share of the time with a shut receive window from which the device, not the line, limited the rate."""

Cause: TypeAlias = Literal["line", "device", "server", "unknown"]
Witness: TypeAlias = Literal["application", "kernel"]


class Evidence(msgspec.Struct, frozen=True, rename="camel"):
    """What the witnesses say of a run. None where nothing was measured."""

    baseline_ms: float | None
    """Median of the probe's idle pings."""
    loaded_p95_ms: float | None
    """95th percentile of the probe's pings under load."""
    kernel_idle_ms: float | None = None
    """Median of the kernel's idle round trips, of the probe."""
    kernel_p95_ms: float | None = None
    """95th percentile of the kernel's round trips under load, of the connection where it is least."""
    kernel_count: int = 0
    """Samples of that connection."""
    means_agree: bool = False
    """Whether the means of a second agree (:func:`means_agree`)."""
    loss_share: float | None = None
    """Of the probe's pings under load."""
    retransmitted: bool | None = None
    """Whether the server's kernel sent any segment again; None if unknown. If it did not, a device changed the order of
    the answers, and nothing was lost."""
    server_late: bool = False
    """The server was late, or it or its uplink was the limit."""
    client_late: bool = False
    """Timers of the client were late, or pings stayed unanswered."""
    receiver_limited: float | None = None
    """Share of the time in which the Computer's receive window was shut."""
    client_limited: bool = False
    """The Computer confirmed less than arrived, and was slowed."""


class Attribution(msgspec.Struct, frozen=True, rename="camel"):
    """Cause of the delay and of the rate."""

    cause: Cause
    """Of the delay."""
    witness: Witness | None
    """Whose figures carry the grade; None if no one's do."""
    rate: Cause
    """What limited the Computer; only ``line`` allows to speak of the line's rate."""
    kernel_baseline_ms: float | None = None
    """Idle round trip of the kernel; None unless it measured the client's path."""
    kernel_increase_p95_ms: float | None = None
    means_agree: bool = False
    """Whether the means of a second agree with the kernel's."""


def is_far_above(above_ms: float, below_ms: float) -> bool:
    """Return whether the first exceeds the second by more than both measure wrongly."""
    return above_ms - below_ms > max(MIN_EXCESS_MS, MIN_EXCESS_SHARE * below_ms)


def means_agree(application_ms: float, kernel_ms: float) -> bool:
    """Return whether two increases of the 95th percentile, of means of a second, are of the same queue.

    A line that stands still for a moment, as Wi-Fi does, delays single packets. The kernel smooths them away in a
    percentile, but not in a mean; a device's delay is in no mean of the kernel.
    """
    least_ms = min(MIN_EXCESS_MS, max(MIN_MEANS_EXCESS_MS, kernel_ms))
    return application_ms - kernel_ms <= max(least_ms, MIN_EXCESS_SHARE * kernel_ms)


def is_receiver_limited(share: float | None) -> bool:
    """Return whether a receive window that was shut for this share of the time limited the rate."""
    return share is not None and share > MAX_RECEIVER_LIMITED


def attribute(evidence: Evidence) -> Attribution:
    rate = _rate(evidence)
    baseline_ms, loaded_p95_ms = evidence.baseline_ms, evidence.loaded_p95_ms
    if evidence.server_late:
        return Attribution(cause="server", witness=None, rate=rate)
    if baseline_ms is None or loaded_p95_ms is None:
        return Attribution(cause="unknown", witness=None, rate=rate)
    added_ms = increase(baseline_ms, loaded_p95_ms)
    idle_ms, kernel_p95_ms = evidence.kernel_idle_ms, evidence.kernel_p95_ms
    # A small increase blames no one, and late timers the device.
    unsure: Witness | None = "application" if added_ms < _HARMLESS_MS else None
    suspect: Cause = "device" if evidence.client_late and unsure is None else "unknown"
    if idle_ms is None and evidence.kernel_count == 0:
        return Attribution(cause="unknown", witness="application", rate=rate)
    if idle_ms is None or kernel_p95_ms is None or evidence.kernel_count < MIN_KERNEL_SAMPLES:
        # The server has the samples: they wait behind payload that the device, or the line, has not worked off.
        return Attribution(cause=suspect, witness=unsure, rate=rate)
    if is_far_above(baseline_ms, idle_ms):
        # The kernel's path ends at a proxy, or the device is slow even when idle.
        return Attribution(cause=suspect, witness=unsure, rate="unknown")
    # An application's round trip contains the kernel's; one that is longer has delayed acknowledgements in it.
    idle_ms = min(idle_ms, baseline_ms)
    kernel_ms = increase(idle_ms, kernel_p95_ms)
    cause: Cause = "line"
    witness: Witness = "application"
    if evidence.client_late or (is_far_above(added_ms, kernel_ms) and not evidence.means_agree):
        witness = "kernel"
        lossy = (evidence.loss_share or 0.0) >= MAX_LOSS_SHARE and evidence.retransmitted is not False
        cause = "device" if evidence.client_late or not lossy else "line"
    return Attribution(
        cause=cause,
        witness=witness,
        rate=rate,
        kernel_baseline_ms=idle_ms,
        kernel_increase_p95_ms=kernel_ms,
        means_agree=evidence.means_agree,
    )


def with_limit_of_upload(found: Attribution, graded: Grade | None) -> Attribution:
    """Name the line as the limit of an upload if its queue shows that it was full.

    Without a queue, nothing tells whether the device could have sent more: the receive window is that of a download.
    """
    if found.rate != "unknown" or found.cause != "line" or graded in {None, Grade.A_PLUS, Grade.A}:
        return found
    return msgspec.structs.replace(found, rate="line")


_HARMLESS_MS = BOUNDS[1][0]
"""Increase below which the grade is A or better."""


def _rate(evidence: Evidence) -> Cause:
    if evidence.server_late:
        return "server"
    if evidence.client_limited:
        return "device"
    if evidence.receiver_limited is None:
        return "unknown"
    return "device" if is_receiver_limited(evidence.receiver_limited) else "line"
