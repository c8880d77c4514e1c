"""``[overload]``: when an overloaded worker refuses, slows and ends sessions."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from householdd.capacity.overload_controller import OverloadTuning


class OverloadSettings(BaseModel):
    """The settings of ``OverloadTuning``, which describes them."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    enabled: bool = OverloadTuning.enabled
    lag: Annotated[float, Field(ge=0.02, le=10)] = OverloadTuning.lag
    memory: Annotated[float, Field(ge=0.1, le=0.99)] = OverloadTuning.memory
    rise: Annotated[float, Field(ge=0.5, le=600)] = OverloadTuning.rise
    fall: Annotated[float, Field(ge=0.5, le=3600)] = OverloadTuning.fall

    @property
    def tuning(self) -> OverloadTuning:
        return OverloadTuning(**self.model_dump())
