"""Requirements of each activity."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, get_args

import msgspec

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Seconds = Annotated[float, msgspec.Meta(gt=0, le=60)]
_Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=60_000)]

Band = Literal["excellent", "good", "fair", "poor", "unusable"]
"""From best to worst."""


Rendition = Literal["high", "medium", "low"]
"""Version of a video by its rate, from best to worst."""


class LatencyBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Round trip at one percentile, by draft-ietf-ippm-qoo."""

    percentile: Annotated[float, msgspec.Meta(gt=0, le=100)]
    rop: _Milliseconds
    """Requirements for optimal performance."""
    cpup: _Milliseconds
    """Conditions at the point of unacceptable performance."""

    def __post_init__(self) -> None:
        if self.rop > self.cpup:
            raise ValueError("rop must be at most cpup")


class LossBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Share of lost packets."""

    rop: Share
    cpup: Share

    def __post_init__(self) -> None:
        if self.rop > self.cpup:
            raise ValueError("rop must be at most cpup")


class DeliveryBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Share of the wanted rate, in the worse direction."""

    rop: Share
    cpup: Share

    def __post_init__(self) -> None:
        if self.rop < self.cpup:
            raise ValueError("rop must be at least cpup")


class RenditionBound(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Rate of a rendition, and what it is worth."""

    rendition: Rendition
    share: Annotated[float, msgspec.Meta(gt=0, le=1)]
    """Of the wanted download rate."""
    score: Annotated[float, msgspec.Meta(ge=0, le=100)]
    """Of a video that plays in it without a stop."""


class Player(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A video player."""

    renditions: Annotated[tuple[RenditionBound, ...], msgspec.Meta(min_length=1)]
    """From the best on."""
    start_s: _Seconds
    """Buffered seconds at which playback starts."""
    resume_s: _Seconds
    """Buffered seconds at which it resumes."""


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Missing requirements do not matter to the activity."""

    latency_from: Literal["own", "probe"]
    """Round trips that count: the person's own, at a low rate, or the probe's."""
    latency: tuple[LatencyBounds, ...] = ()
    loss: LossBounds | None = None
    delivery: DeliveryBounds | None = None
    player: Player | None = None
    """Only set for watching a video."""
    call: bool = False


class BandBound(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Least score of a band."""

    band: Band
    least: Annotated[float, msgspec.Meta(ge=0, le=100)]


class Requirements(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Bands are from best to worst; the last begins at 0."""

    activities: dict[str, Requirement]
    bands: tuple[BandBound, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if tuple(bound.band for bound in self.bands) != get_args(Band):
            raise ValueError(f"bands must be {', '.join(get_args(Band))}, in this order")
        least = [bound.least for bound in self.bands]
        if least[-1] != 0 or least != sorted(set(least), reverse=True):
            raise ValueError("bands must be in falling order of `least`, the last one at 0")

    def of(self, activity: str, where: str) -> Requirement:
        """Raise ValueError, naming ``where``, for an unknown activity."""
        try:
            return self.activities[activity]
        except KeyError:
            allowed = ", ".join(sorted(self.activities))
            raise ValueError(f"{where} must be one of {allowed}, not {activity!r}") from None


@cache
def shipped() -> Requirements:
    return msgspec.json.decode((files("household_scoring") / "requirements.json").read_bytes(), type=Requirements)
