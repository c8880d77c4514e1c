"""``[history]``: sessions and runs that are kept."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ByteSize, ConfigDict, Field, SecretStr, model_validator

from householdd.config.webhook import WebhookSettings
from householdd.storage.engine import parse_url


def _database_url(value: SecretStr) -> SecretStr:
    parse_url(value.get_secret_value())
    return value


class HistorySettings(BaseModel):
    """Database of sessions and runs."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    enabled: bool = True
    url: Annotated[SecretStr, AfterValidator(_database_url)] | None = None
    """None stands for history.db in the state directory. May hold a password."""
    retention_days: Annotated[float, Field(gt=0, le=36500)] = 90
    max_rows: Annotated[int, Field(ge=100, le=1_000_000_000)] = 1_000_000
    """Sessions, and runs."""
    max_bytes: Annotated[ByteSize, Field(ge=10_000_000)] = ByteSize(10_000_000_000)
    """Together, as docs/history.md counts."""
    min_session_seconds: Annotated[float, Field(ge=0, le=60)] = 3
    """Shorter sessions that clients ended are kept in sums only."""
    addresses: Literal["whole", "truncated", "none"] = "truncated"
    permalinks: bool = True
    """Whether a run is shown to everyone with its id."""
    runs_per_minute: Annotated[float, Field(ge=1, le=100_000)] = 60
    """For each IPv4 /24 or IPv6 /48."""
    runs_per_day: Annotated[float, Field(ge=1, le=10_000_000)] = 5000
    """For each IPv4 /24 or IPv6 /48."""
    webhook: WebhookSettings = WebhookSettings()

    @model_validator(mode="after")
    def _webhook(self) -> Self:
        if self.webhook.url is not None and not self.enabled:
            raise ValueError("webhook.url requires enabled = true")
        return self
