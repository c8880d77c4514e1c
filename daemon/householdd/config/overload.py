"""``[overload]`` of the configuration: when a worker refuses, slows and ends sessions because it is overloaded."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from householdd.capacity.overload_controller import Tuning


class Overload(BaseModel):
    """The ladder as configured; core.ladder.Tuning says what each is."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    enabled: bool = Tuning.enabled
    lag: Annotated[float, Field(ge=0.02, le=10)] = Tuning.lag
    memory: Annotated[float, Field(ge=0.1, le=0.99)] = Tuning.memory
    rise: Annotated[float, Field(ge=0.5, le=600)] = Tuning.rise
    fall: Annotated[float, Field(ge=0.5, le=3600)] = Tuning.fall

    @property
    def tuning(self) -> Tuning:
        """For the workers."""
        return Tuning(**self.model_dump())
