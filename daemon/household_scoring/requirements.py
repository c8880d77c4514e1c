"""What each activity needs of a line: data, checked when it is read."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, get_args

import msgspec

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Seconds = Annotated[float, msgspec.Meta(gt=0, le=60)]
_Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=60_000)]

Band = Literal["excellent", "good", "fair", "poor", "unusable"]
"""How it is for a person, from best to worst."""


class LatencyBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Round trip at one percentile. ROP and CPUP are the terms of draft-ietf-ippm-qoo."""

    percentile: Annotated[float, msgspec.Meta(gt=0, le=100)]
    rop: _Milliseconds
    """Requirement for optimal performance: less is not noticed."""
    cpup: _Milliseconds
    """Conditions at the point of unacceptable performance: more is no worse."""

    def __post_init__(self) -> None:
        if self.rop > self.cpup:
            raise ValueError("rop must be at most cpup")


class LossBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Share of the packets lost."""

    rop: Share
    cpup: Share

    def __post_init__(self) -> None:
        if self.rop > self.cpup:
            raise ValueError("rop must be at most cpup")


class DeliveryBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Share of the wanted rate that arrives, in the worse direction."""

    rop: Share
    cpup: Share

    def __post_init__(self) -> None:
        if self.rop < self.cpup:
            raise ValueError("rop must be at least cpup")


class Player(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A video player."""

    video_share: Annotated[float, msgspec.Meta(gt=0, le=1)]
    """The video's rate as a share of the wanted download rate."""
    start_s: _Seconds
    """Playable video at which it starts."""
    resume_s: _Seconds
    """Playable video at which it goes on after a stall."""


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One activity. What is missing does not matter to it."""

    latency_from: Literal["own", "probe"]
    """Which round trips count: of the person's own connection, which must be of low rate, or of the probe's."""
    latency: tuple[LatencyBounds, ...] = ()
    loss: LossBounds | None = None
    delivery: DeliveryBounds | None = None
    player: Player | None = None
    """Set where the activity is watching a video."""
    call: bool = False
    """Whether the activity is a conversation."""


class BandBound(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The least score of a band."""

    band: Band
    least: Annotated[float, msgspec.Meta(ge=0, le=100)]


class Requirements(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Requirements by activity, and the bands of scores from best to worst; the last begins at 0."""

    activities: dict[str, Requirement]
    bands: tuple[BandBound, ...]
    notes: tuple[str, ...] = ()
    """For the reader of the data."""

    def __post_init__(self) -> None:
        if tuple(bound.band for bound in self.bands) != get_args(Band):
            raise ValueError(f"bands must be {', '.join(get_args(Band))}, in this order")
        least = [bound.least for bound in self.bands]
        if least[-1] != 0 or least != sorted(set(least), reverse=True):
            raise ValueError("bands must be in falling order of `least`, the last one at 0")

    def of(self, activity: str, where: str) -> Requirement:
        """The requirement of an activity. Raises ValueError that says ``where`` an unknown one stands."""
        try:
            return self.activities[activity]
        except KeyError:
            allowed = ", ".join(sorted(self.activities))
            raise ValueError(f"{where} must be one of {allowed}, not {activity!r}") from None


@cache
def shipped() -> Requirements:
    """The requirements that come with the package."""
    return msgspec.json.decode((files("household_scoring") / "requirements.json").read_bytes(), type=Requirements)
