"""Profiles of the people in the household."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from householdd.traffic.shapes import Burst, Constant, Shape, Silent, bulk

MEGABIT = 1e6
"""Decimal, as for network rates."""

MIN_RATE_MBPS, MAX_RATE_MBPS = 0.01, 10_000.0
"""In Mbit/s."""

_Rate = Annotated[float, msgspec.Meta(ge=MIN_RATE_MBPS, le=MAX_RATE_MBPS)]
# \Z, because $ would allow a trailing newline.
_Key = Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9-]{0,31}\Z")]
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ProfileError(ValueError):
    """The message says where, and what is allowed."""


class ConstantSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="shape", tag="constant"):
    """``rate_mbps`` in ``tick_hz`` portions per second."""

    rate_mbps: _Rate
    tick_hz: Annotated[float, msgspec.Meta(ge=1, le=1000)]

    def shape(self) -> Shape:
        return Constant(self.rate_mbps * MEGABIT, self.tick_hz)


class BurstSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="shape", tag="burst"):
    """``rate_mbps`` for ``on_s`` seconds, then nothing for ``off_s``."""

    rate_mbps: _Rate
    on_s: Annotated[float, msgspec.Meta(ge=0.1, le=60)]
    off_s: Annotated[float, msgspec.Meta(ge=0, le=60)]

    def shape(self) -> Shape:
        return Burst(self.rate_mbps * MEGABIT, self.on_s, self.off_s)


class BulkSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="shape", tag="bulk"):
    """As much as the line takes, up to ``rate_mbps``."""

    rate_mbps: _Rate

    def shape(self) -> Shape:
        return bulk(self.rate_mbps * MEGABIT)


class SilentSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="shape", tag="silent"):
    """No traffic in this direction."""

    def shape(self) -> Shape:
        return Silent()


Spec = ConstantSpec | BurstSpec | BulkSpec | SilentSpec


@dataclass(frozen=True)
class ProfileRates:
    """In Mbit/s; None for a direction without traffic."""

    download_mbps: float | None = None
    upload_mbps: float | None = None


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of user; download is server to client."""

    name: _Text
    description: _Text
    activity_type: _Text
    download: Spec
    upload: Spec
    aliases: tuple[_Key, ...] = ()
    key: str = ""
    """Name of the table in the data."""

    @property
    def only_measures(self) -> bool:
        """Whether clients only send pings, which nothing else may delay."""
        return self.key == PROBE.key

    @property
    def is_stream(self) -> bool:
        """Whether the client reads an HTTP response body, and cannot answer."""
        return self.key == WARM_UP

    @property
    def max_duration_s(self) -> float:
        """Longest session in seconds, whatever the timeouts allow."""
        return WARM_UP_S if self.is_stream else math.inf

    @property
    def downloads(self) -> bool:
        return not isinstance(self.download, SilentSpec)

    @property
    def uploads(self) -> bool:
        return not isinstance(self.upload, SilentSpec)

    @property
    def uploads_bulk(self) -> bool:
        return isinstance(self.upload, BulkSpec)

    @property
    def bulk(self) -> bool:
        return isinstance(self.download, BulkSpec) or self.uploads_bulk


PROBE = Profile(
    name="Probe",
    description="No traffic of its own: connections on which only the delay is measured",
    activity_type="probe",
    download=SilentSpec(),
    upload=SilentSpec(),
    key="probe",
)
"""Always present, so that pages can rely on it."""

BACKUP = Profile(
    name="Backup",
    description="Backing up photos: as much as the line takes, only upwards",
    activity_type="bulk_transfer",
    download=SilentSpec(),
    upload=BulkSpec(1000.0),
    key="backup",
)
"""The Computer's upload. Present unless the operator's file gives its key another meaning."""


WARM_UP = "warm-up"
"""Key of ``Profiles.warm_up``."""

WARM_UP_S = 15.0
"""Seconds; deployed pages read for 10 s."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    profiles: dict[_Key, Profile]


class Profiles:
    """All profiles, by key or alias."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self.by_key = {key: msgspec.structs.replace(profile, key=key) for key, profile in profiles.items()}
        self._by_name: dict[str, Profile] = {PROBE.key: PROBE, **self.by_key}
        for profile in self.by_key.values():
            for alias in profile.aliases:
                other = self._by_name.setdefault(alias, profile)
                if other is not profile:
                    raise ProfileError(f"profiles.{profile.key}.aliases: {alias!r} already means profile {other.key!r}")
        self._by_name.setdefault(BACKUP.key, BACKUP)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Profiles:
        """Read parsed TOML with a table ``profiles``. Raise ProfileError."""
        try:
            file = msgspec.convert(data, _File)
        except msgspec.ValidationError as error:
            raise ProfileError(str(error).replace("`$.", "`").replace("`$`", "the top level")) from None
        if not file.profiles:
            raise ProfileError("profiles: at least one is needed")
        for key, profile in file.profiles.items():
            if profile.key:
                raise ProfileError(f"profiles.{key}.key: not allowed; the table's name is the key")
        return cls(file.profiles)

    def warm_up(self) -> Profile:
        """Return the profile by which pages of the earlier system estimate the line rate.

        As fast as the fastest profile. No session URL names it.
        """
        peak = max(profile.download.shape().peak_bps for profile in self.by_key.values())
        return Profile(
            name="Warm-up",
            description="The download before a run of a page of the earlier system",
            activity_type="warm_up",
            download=BulkSpec(max(peak / MEGABIT, MIN_RATE_MBPS)),
            upload=SilentSpec(),
            key=WARM_UP,
        )

    def differ_beyond_rates(self, other: Profiles) -> bool:
        return self._unrated() != other._unrated()

    def _unrated(self) -> dict[str, Profile]:
        return {
            key: msgspec.structs.replace(
                profile, download=_with_rate(profile.download, 1.0), upload=_with_rate(profile.upload, 1.0)
            )
            for key, profile in self.by_key.items()
        }

    @property
    def rates(self) -> dict[str, ProfileRates]:
        return {
            key: ProfileRates(_rate(profile.download), _rate(profile.upload)) for key, profile in self.by_key.items()
        }

    def set_rates(self, rates: Mapping[str, ProfileRates]) -> set[str]:
        """Change rates; return the keys of the changed profiles.

        Each is replaced, so a session that holds one keeps its rates.
        """
        changed = set()
        for key, new in rates.items():
            before = self.by_key[key]
            after = msgspec.structs.replace(
                before,
                download=_with_rate(before.download, new.download_mbps),
                upload=_with_rate(before.upload, new.upload_mbps),
            )
            if after == before:
                continue
            changed.add(key)
            self.by_key[key] = after
            self._by_name |= {name: after for name, profile in self._by_name.items() if profile is before}
        return changed

    def find(self, who: str) -> Profile | None:
        return self._by_name.get(who)


def _rate(spec: Spec) -> float | None:
    return None if isinstance(spec, SilentSpec) else spec.rate_mbps


def _with_rate(spec: Spec, rate: float | None) -> Spec:
    return spec if isinstance(spec, SilentSpec) or rate is None else msgspec.structs.replace(spec, rate_mbps=rate)
