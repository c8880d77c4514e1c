"""Root of the configuration, and rules between settings."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    IPvAnyNetwork,
    PlainValidator,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from householdd.clients.addresses import (
    MAX_CUSTOMER_PREFIX,
    MIN_CUSTOMER_PREFIX,
    Address,
    CustomerSize,
    parse_address,
    parse_optional_address,
)
from householdd.clients.proxy_header import ProxyProtocol
from householdd.config.access import AccessSettings
from householdd.config.branding import BrandingSettings
from householdd.config.dashboard import DashboardSettings
from householdd.config.history import HistorySettings
from householdd.config.overload import OverloadSettings
from householdd.config.runtime import LimitsSettings, TimeoutsSettings
from householdd.config.tokens import TokensSettings
from householdd.config.urls import FrameAncestor, PublicUrl, SessionOrigin
from householdd.settings.definitions import Limits, Timeouts
from householdd.settings.runtime import Catalogue, LogLevel, RuntimeSettings, Source

ENV_PREFIX = "HOUSEHOLDD_"

LEGACY_PORT = 8004
"""Pages of the earlier system report their warm-up here."""

DEV_DEFAULTS: dict[str, Any] = {
    "listen": "127.0.0.1:8443",
    "metrics_listen": "",
    "dashboard": {"listen": ""},
    "workers": 1,
    "runtime_dir": ".run",
    "state_dir": ".run/state",
}


def _proxy_protocol(value: object) -> ProxyProtocol:
    match str(value).lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case "required":
            return "required"
        case _:
            raise ValueError('write true, false or "required"')


OptionalAddress = Annotated[Address | None, BeforeValidator(parse_optional_address)]


class Settings(BaseSettings):
    """Field names are the keys of the TOML file."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    dev: bool = False
    listen: Annotated[Address, BeforeValidator(parse_address)] = Address("0.0.0.0", 8443)  # noqa: S104 - a public server
    public_url: PublicUrl | None = None
    """None stands for the URL of ``listen``."""
    workers: Annotated[int, Field(ge=0, le=256)] = 0
    runtime_dir: Path = Path("/run/householdd")
    state_dir: Path = Path("/var/lib/householdd")
    emergency_file: Path | None = None
    """None stands for ``emergency-stop`` in the runtime directory."""
    cert: Path | None = None
    key: Path | None = None
    no_tls: bool = False
    redirect_listen: OptionalAddress = None
    """Plain HTTP is redirected, except for ACME."""
    acme_dir: Path | None = None
    """Web root of an ACME client, served at ``redirect_listen``."""
    allowed_origins: list[str] = ["*"]
    """Pages that may read the JSON rows, which hold no secret."""
    session_origins: list[SessionOrigin] = ["*"]
    require_origin: bool = False
    trusted_proxies: list[IPvAnyNetwork] = []
    proxy_protocol: Annotated[ProxyProtocol, PlainValidator(_proxy_protocol)] = False
    legacy: bool = False
    """Whether pages of the earlier system are served."""
    legacy_listen: OptionalAddress = None
    """None stands for port 8004, where deployed pages expect it."""
    ipv6_customer_prefix: Annotated[int, Field(ge=MIN_CUSTOMER_PREFIX, le=MAX_CUSTOMER_PREFIX)] = (
        CustomerSize.ipv6_prefix
    )
    """Prefix that counts as one customer."""
    frame_ancestors: list[FrameAncestor] = []
    branding: BrandingSettings = BrandingSettings()
    handshake_timeout: Annotated[float, Field(ge=0.1, le=60)] = 10.0
    uplink_mbps: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    """Capacity of the server's own uplink in each direction; 0 stands for the speed of its interface."""
    congestion_control: Annotated[str, Field(pattern="^[a-z0-9_-]{1,15}$")] = "cubic"
    metrics_listen: OptionalAddress = Address("127.0.0.1", 8444)
    metrics_remote: bool = False
    profiles: Path | None = None
    log_level: LogLevel = LogLevel.INFO
    log_format: Literal["auto", "console", "json"] = "auto"
    timeouts: TimeoutsSettings = Timeouts()
    history: HistorySettings = HistorySettings()
    access: AccessSettings = AccessSettings()
    limits: LimitsSettings = Limits()
    dashboard: DashboardSettings = DashboardSettings()
    tokens: TokensSettings = TokensSettings()
    overload: OverloadSettings = OverloadSettings()

    _sources: dict[str, Source] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _dev_defaults(cls, values: dict[str, Any]) -> dict[str, Any]:
        try:
            dev = TypeAdapter(bool).validate_python(values.get("dev", False))
        except ValidationError:
            # The field's own validation names the problem.
            dev = False
        if dev:
            if isinstance(dashboard := values.get("dashboard"), dict):
                values = {**values, "dashboard": {**DEV_DEFAULTS["dashboard"], **dashboard}}
            return {**DEV_DEFAULTS, **values}
        return values

    @model_validator(mode="after")
    def _tls(self) -> Self:
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key belong together; give both or neither")
        if self.no_tls and self.cert is not None:
            raise ValueError("no_tls and cert exclude each other")
        if not (self.dev or self.no_tls or self.cert):
            raise ValueError(
                "a certificate is needed: give cert and key, or dev for a self-signed one, or no_tls behind a proxy"
            )
        return self

    @model_validator(mode="after")
    def _redirect(self) -> Self:
        if self.redirect_listen is not None and self.no_tls:
            raise ValueError("redirect_listen redirects to HTTPS, which no_tls turns off; let the proxy redirect")
        if self.redirect_listen is not None and self.redirect_listen == self.listen and self.listen.port:
            raise ValueError(f"redirect_listen {self.redirect_listen} is the address of listen; port 80 is usual")
        if self.acme_dir is not None and self.redirect_listen is None:
            raise ValueError("acme_dir requires redirect_listen, such as 0.0.0.0:80")
        return self

    @model_validator(mode="after")
    def _proxies(self) -> Self:
        if self.proxy_protocol and not self.trusted_proxies:
            raise ValueError("proxy_protocol requires trusted_proxies")
        return self

    @model_validator(mode="after")
    def _metrics(self) -> Self:
        if self.metrics_listen is not None and not (self.metrics_remote or self.metrics_listen.is_loopback):
            raise ValueError(
                f"metrics_listen {self.metrics_listen} is open to other machines, and metrics need no login; use a "
                "loopback address, such as 127.0.0.1:8444, or set metrics_remote"
            )
        return self

    @model_validator(mode="after")
    def _dashboard(self) -> Self:
        listen = self.dashboard.listen
        if listen is None or listen.is_loopback:
            return self
        if self.dashboard.tokens is None:
            raise ValueError(
                f"dashboard.listen {listen} is open to other machines, which requires logins in dashboard.tokens; or "
                "use a loopback address, such as 127.0.0.1:8445"
            )
        if self.no_tls:
            raise ValueError(
                f"dashboard.listen {listen} is open to other machines, and no_tls sends tokens unencrypted; give cert "
                "and key, or use a loopback address, such as 127.0.0.1:8445"
            )
        return self

    @model_validator(mode="after")
    def _legacy(self) -> Self:
        if self.legacy_listen is not None and not self.legacy:
            raise ValueError("legacy_listen requires legacy = true")
        if self.legacy_address == self.listen and self.listen.port:
            raise ValueError(f"legacy_listen {self.listen} is the address of listen; give it another port")
        return self

    @property
    def legacy_address(self) -> Address | None:
        """Address for the earlier system's warm-up; None without ``legacy``."""
        if not self.legacy:
            return None
        return self.legacy_listen or Address(self.listen.host, LEGACY_PORT)

    @property
    def warnings(self) -> list[str]:
        """Settings that may not be intended."""
        if "*" in self.session_origins and not self.tokens.needed:
            every_site = "pages of every site may run tests here for their visitors"
            return [f"{every_site}; name yours in session_origins, or set a key in [tokens]"]
        return []

    @property
    def emergency_path(self) -> Path:
        return (self.emergency_file or self.runtime_dir / "emergency-stop").absolute()

    @property
    def worker_count(self) -> int:
        """Number of workers, by default one for each usable core."""
        return self.workers or len(os.sched_getaffinity(0))

    def came_from(self, source: Source, paths: Iterable[str]) -> None:
        """Note sources; later calls take precedence."""
        self._sources.update(dict.fromkeys(paths, source))

    def source(self, path: str) -> Source | None:
        """Return None for a default."""
        return self._sources.get(path)

    def runtime_settings(self, catalogue: Catalogue) -> RuntimeSettings:
        """Return the values; the rates are those of the profiles."""
        return replace(catalogue.defaults, timeouts=self.timeouts, limits=self.limits, log_level=self.log_level)

    def runtime_sources(self, catalogue: Catalogue) -> dict[str, Source]:
        """Return sources by path, without defaults."""
        rates = {path: Source.FILE for path in catalogue.definitions if path.startswith("profiles.") and self.profiles}
        return {path: source for path, source in self._sources.items() if path in catalogue.definitions} | rates
