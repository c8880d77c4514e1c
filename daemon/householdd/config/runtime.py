"""``[timeouts]`` and ``[limits]``: sections whose settings can also change at run time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator

from householdd.settings.definitions import Limits, SettingGroup, Timeouts

_Group = TypeVar("_Group", bound=SettingGroup)


def _known(group: type[SettingGroup]) -> BeforeValidator:
    def check(value: object) -> object:
        for name in value if isinstance(value, Mapping) else ():
            group.check_name(name)
        return value

    return BeforeValidator(check)


def _in_range(value: _Group) -> _Group:
    value.check()
    return value


TimeoutsSettings = Annotated[Timeouts, _known(Timeouts), AfterValidator(_in_range)]
LimitsSettings = Annotated[Limits, _known(Limits), AfterValidator(_in_range)]
