"""Configuration: command-line options over ``HOUSEHOLDD_*`` over the TOML file over defaults."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    PlainValidator,
    PrivateAttr,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from householdd.clients.addresses import (
    MAX_CUSTOMER_PREFIX,
    MIN_CUSTOMER_PREFIX,
    Address,
    CustomerSize,
    parse_address,
    parse_optional_address,
)
from householdd.config import errors
from householdd.config.access import AccessSettings
from householdd.config.branding import Branding
from householdd.config.dashboard import DashboardSettings
from householdd.config.overload import Overload
from householdd.config.tokens import RunTokens
from householdd.config.toml_files import read_toml
from householdd.config.webhook import WebhookSettings
from householdd.settings.definitions import Limits, SettingError, SettingGroup, Timeouts
from householdd.settings.runtime import Catalogue, LogLevel, RuntimeSettings, Source
from householdd.storage.engine import parse_url

ENV_PREFIX = "HOUSEHOLDD_"

LEGACY_PORT = 8004
"""Where pages of the earlier system send the result of their warm-up."""

DEV_DEFAULTS: dict[str, Any] = {
    "listen": "127.0.0.1:8443",
    "metrics_listen": "",
    "dashboard": {"listen": ""},
    "workers": 1,
    "runtime_dir": ".run",
    "state_dir": ".run/state",
}
"""What ``dev`` changes."""

_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?", re.ASCII | re.IGNORECASE)
"""A host-source of Content Security Policy Level 3, without path; nothing that could end a directive or a header."""


_PUBLIC_URL = re.compile(
    r"https://([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(:(?P<port>\d{1,5}))?(/[\w.~%!$&'()*+,;=:@-]+)*/?",
    re.ASCII | re.IGNORECASE,
)


class ConfigError(ValueError):
    """A configuration that cannot be used; the message says which setting, from where, and what is allowed."""


def parse_frame_ancestor(value: object) -> str:
    """Reads an origin whose pages may show ours in a frame: ``https://isp.example``, ``https://*.isp.example:8443``."""
    if not _ORIGIN.fullmatch(str(value)):
        raise ValueError("write an origin, such as https://isp.example or https://*.isp.example:8443")
    return str(value)


def parse_session_origin(value: object) -> str:
    """Reads an origin as a browser names it: ``https://isp.example``, without path and default port; ``*`` is all."""
    if value != "*" and (not _ORIGIN.fullmatch(str(value)) or "*" in str(value)):
        raise ValueError('write an origin, such as https://isp.example or http://isp.example:8080, or "*" for all')
    return str(value).lower()


def parse_public_url(text: str) -> str:
    """Read the URL at which customers find the page; the result ends in a slash."""
    match = _PUBLIC_URL.fullmatch(text)
    if match is None or not 0 < int(match["port"] or 443) < 1 << 16:
        raise ValueError("write https://HOST/ or https://HOST:PORT/PATH/, without user, query and fragment")
    return text if text.endswith("/") else f"{text}/"


def parse_proxy_protocol(value: object) -> bool | Literal["required"]:
    """Reads whether trusted proxies begin with a PROXY header: true, false, or required, if nobody else comes."""
    match str(value).lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case "required":
            return "required"
        case _:
            raise ValueError('write true, false or "required"')


_ProxyProtocol = Annotated[bool | Literal["required"], PlainValidator(parse_proxy_protocol)]
_SessionOrigin = Annotated[str, BeforeValidator(parse_session_origin)]
_FrameAncestor = Annotated[str, BeforeValidator(parse_frame_ancestor)]


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


def _database_url(value: SecretStr) -> SecretStr:
    parse_url(value.get_secret_value())
    return value


class HistorySettings(BaseModel):
    """``[history]``: what is kept of sessions and runs, where, and for how long."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    enabled: bool = True
    url: Annotated[SecretStr, AfterValidator(_database_url)] | None = None
    """None is the file history.db in the state directory. Secret, because it may hold a password."""
    retention_days: Annotated[float, Field(gt=0, le=36500)] = 90
    max_rows: Annotated[int, Field(ge=100, le=1_000_000_000)] = 1_000_000
    """Sessions, and as many runs."""
    max_bytes: Annotated[ByteSize, Field(ge=10_000_000)] = ByteSize(10_000_000_000)
    """Of sessions and runs together, as docs/history.md counts them."""
    min_session_seconds: Annotated[float, Field(ge=0, le=60)] = 3
    """Shorter sessions that their clients ended are kept in sums only."""
    addresses: Literal["whole", "truncated", "none"] = "truncated"
    permalinks: bool = True
    runs_per_minute: Annotated[float, Field(ge=1, le=100_000)] = 60
    """For each IPv4 /24 and IPv6 /48."""
    runs_per_day: Annotated[float, Field(ge=1, le=10_000_000)] = 5000
    """The same."""
    webhook: WebhookSettings = WebhookSettings()

    @model_validator(mode="after")
    def _told_of_what_is_kept(self) -> Self:
        if self.webhook.url is not None and not self.enabled:
            raise ValueError("the webhook tells of runs that are kept, and enabled is false")
        return self


class Settings(BaseSettings):
    """Everything that can be configured; field names are the keys of the TOML file."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    dev: bool = False
    listen: Annotated[Address, BeforeValidator(parse_address)] = Address("0.0.0.0", 8443)  # noqa: S104 - a public server
    public_url: Annotated[str, AfterValidator(parse_public_url)] | None = None
    """Where customers find the page; None is made of ``listen``."""
    workers: Annotated[int, Field(ge=0, le=256)] = 0
    runtime_dir: Path = Path("/run/householdd")
    state_dir: Path = Path("/var/lib/householdd")
    emergency_file: Path | None = None
    """None is ``emergency-stop`` in the runtime directory."""
    cert: Path | None = None
    key: Path | None = None
    no_tls: bool = False
    redirect_listen: Annotated[Address | None, BeforeValidator(parse_optional_address)] = None
    """Where plain HTTP is answered: by a redirect to HTTPS, and for ACME. None is nowhere."""
    acme_dir: Path | None = None
    """The web root of an ACME client, whose challenges are answered there."""
    allowed_origins: list[str] = ["*"]
    """Origins whose pages may read the JSON rows. By default all: no row holds a secret, and deployed pages need it."""
    session_origins: list[_SessionOrigin] = ["*"]
    require_origin: bool = False
    trusted_proxies: list[IPvAnyNetwork] = []
    proxy_protocol: _ProxyProtocol = False
    legacy: bool = False
    """Whether pages of the earlier system are served their warm-up and their result's port."""
    legacy_listen: Annotated[Address | None, BeforeValidator(parse_optional_address)] = None
    """None is port 8004 of the host of ``listen``, where deployed pages look for it."""
    ipv6_customer_prefix: Annotated[int, Field(ge=MIN_CUSTOMER_PREFIX, le=MAX_CUSTOMER_PREFIX)] = (
        CustomerSize.ipv6_prefix
    )
    """Prefix length of the IPv6 network that counts as one customer."""
    frame_ancestors: list[_FrameAncestor] = []
    branding: Branding = Branding()
    handshake_timeout: Annotated[float, Field(ge=0.1, le=60)] = 10.0
    congestion_control: Annotated[str, Field(pattern="^[a-z0-9_-]{1,15}$")] = "cubic"
    metrics_listen: Annotated[Address | None, BeforeValidator(parse_optional_address)] = Address("127.0.0.1", 8444)
    metrics_remote: bool = False
    profiles: Path | None = None
    log_level: LogLevel = LogLevel.INFO
    log_format: Literal["auto", "console", "json"] = "auto"
    timeouts: Annotated[Timeouts, _known(Timeouts), AfterValidator(_in_range)] = Timeouts()
    history: HistorySettings = HistorySettings()
    access: AccessSettings = AccessSettings()
    limits: Annotated[Limits, _known(Limits), AfterValidator(_in_range)] = Limits()
    dashboard: DashboardSettings = DashboardSettings()
    tokens: RunTokens = RunTokens()
    overload: Overload = Overload()

    _sources: dict[str, Source] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _dev_defaults(cls, values: dict[str, Any]) -> dict[str, Any]:
        try:
            dev = TypeAdapter(bool).validate_python(values.get("dev", False))
        except ValidationError:
            # Left to the field itself, which says what is wrong.
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

    def came_from(self, source: Source, paths: Iterable[str]) -> None:
        """Notes where values come from; a later call wins over those before."""
        self._sources.update(dict.fromkeys(paths, source))

    def source(self, path: str) -> Source | None:
        """Where the value of ``path`` comes from; None for a default."""
        return self._sources.get(path)

    def runtime_settings(self, catalogue: Catalogue) -> RuntimeSettings:
        """Return the values of the runtime settings; the rates are those of the profiles."""
        return replace(catalogue.defaults, timeouts=self.timeouts, limits=self.limits, log_level=self.log_level)

    def runtime_sources(self, catalogue: Catalogue) -> dict[str, Source]:
        """Return the sources of those values by path, without defaults."""
        rates = {path: Source.FILE for path in catalogue.definitions if path.startswith("profiles.") and self.profiles}
        return {path: source for path, source in self._sources.items() if path in catalogue.definitions} | rates

    @model_validator(mode="after")
    def _redirect(self) -> Self:
        if self.redirect_listen is not None and self.no_tls:
            raise ValueError("redirect_listen sends browsers to HTTPS, and no_tls serves none; the proxy can redirect")
        if self.redirect_listen is not None and self.redirect_listen == self.listen and self.listen.port:
            raise ValueError(f"redirect_listen {self.redirect_listen} is taken by listen; port 80 is usual")
        if self.acme_dir is not None and self.redirect_listen is None:
            raise ValueError("acme_dir is served at redirect_listen; set that too, such as 0.0.0.0:80")
        return self

    @model_validator(mode="after")
    def _proxies(self) -> Self:
        if self.proxy_protocol and not self.trusted_proxies:
            raise ValueError("proxy_protocol takes trusted_proxies, the addresses of those that are believed")
        return self

    @model_validator(mode="after")
    def _metrics(self) -> Self:
        if self.metrics_listen is not None and not (self.metrics_remote or self.metrics_listen.is_loopback):
            raise ValueError(
                f"metrics_listen {self.metrics_listen} can be reached from elsewhere, and metrics are told to whoever "
                "asks; use a loopback address, such as 127.0.0.1:8444, or set metrics_remote"
            )
        return self

    @model_validator(mode="after")
    def _dashboard(self) -> Self:
        listen = self.dashboard.listen
        if listen is None or listen.is_loopback:
            return self
        if self.dashboard.tokens is None:
            raise ValueError(
                f"dashboard.listen {listen} can be reached from elsewhere, which takes dashboard.tokens, a file of who "
                "may log in; or use a loopback address, such as 127.0.0.1:8445"
            )
        if self.no_tls:
            raise ValueError(
                f"dashboard.listen {listen} can be reached from elsewhere, and no_tls would show tokens to whoever "
                "listens; give cert and key, or use a loopback address, such as 127.0.0.1:8445"
            )
        return self

    @property
    def legacy_address(self) -> Address | None:
        """Where the result of a warm-up is taken; None where it is not."""
        if not self.legacy:
            return None
        return self.legacy_listen or Address(self.listen.host, LEGACY_PORT)

    @model_validator(mode="after")
    def _legacy(self) -> Self:
        if self.legacy_listen is not None and not self.legacy:
            raise ValueError("legacy_listen requires legacy = true")
        if self.legacy_address == self.listen and self.listen.port:
            raise ValueError(f"legacy_listen {self.listen} is the address of listen; give it a port of its own")
        return self

    @property
    def warnings(self) -> list[str]:
        """What is allowed and may not be meant."""
        if "*" in self.session_origins and not self.tokens.needed:
            every_site = "pages of every site may run tests here for their visitors"
            return [f"{every_site}; name yours in session_origins, or set a key in [tokens]"]
        return []

    @property
    def emergency_path(self) -> Path:
        """The file whose being there is the emergency stop."""
        return (self.emergency_file or self.runtime_dir / "emergency-stop").absolute()

    @property
    def worker_count(self) -> int:
        """Workers to run; 0 in the configuration means one per core that this process may use."""
        return self.workers or len(os.sched_getaffinity(0))


def load(options: Mapping[str, Any], file: Path | None) -> Settings:
    """The settings in force. ``options`` holds what was given on the command line, without the rest.

    Raises ConfigError for the first thing that is wrong.
    """
    # Once, since it may be a pipe.
    content = None if file is None else _read(file)

    found: dict[Source, PydanticBaseSettingsSource] = {}

    class Sourced(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no such file is read
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no such files are read
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            in_file = () if content is None else (InitSettingsSource(settings_cls, content),)
            # In the order in which a later one wins.
            found.update(zip((Source.FILE,), in_file, strict=False))
            found.update({Source.ENVIRONMENT: env_settings, Source.OPTION: init_settings})
            return init_settings, env_settings, *in_file

    try:
        settings = Sourced(**options)
    except ValidationError as error:
        raise ConfigError(_first_problem(error, options, file)) from None
    for source, given in found.items():
        settings.came_from(source, _paths(given()))
    return settings


def load_again(options: Mapping[str, Any], file: Path | None) -> Settings:
    """The same while the daemon runs. Raises ConfigError, also for a pipe, which was emptied at the start."""
    if file is not None and file.exists() and not file.is_file():
        raise ConfigError(f"{file}: no regular file, so it cannot be read a second time")
    return load(options, file)


def _paths(given: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """``timeouts.inactivity`` for each value in nested tables."""
    for key, value in given.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


def _read(file: Path) -> dict[str, Any]:
    try:
        return read_toml(file)
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from None


def _section(path: Sequence[int | str]) -> type[BaseModel]:
    """The model that ``path``, the keys of tables in tables, leads to."""
    model: type[BaseModel] = Settings
    for key in path:
        model = cast("type[BaseModel]", model.model_fields[str(key)].annotation)
    return model


def _is_given(path: Sequence[int | str], given: object) -> bool:
    """Whether the value at ``path``, or one that it is a part of, is among those ``given``."""
    for key in path:
        if not isinstance(given, Mapping):
            return True
        if key not in given:
            return False
        given = given[key]
    return True


def _first_problem(error: ValidationError, options: Mapping[str, Any], file: Path | None) -> str:
    first = error.errors()[0]
    if first["type"] == "extra_forbidden":
        words = f"no such setting; known are {', '.join(_section(first['loc'][:-1]).model_fields)}"
    else:
        words = errors.describe(first)
    loc = first["loc"]
    if first["type"] == "value_error" and isinstance(wrong := first["ctx"]["error"], SettingError):
        loc, words = (*loc, wrong.path), wrong.problem
    key = ".".join(map(str, loc))
    if not key:
        return words
    top = str(first["loc"][0])
    if _is_given(first["loc"], options):
        return f"--{key.replace('_', '-').replace('.', '-')}: {words}"
    if any(name.upper().startswith(f"{ENV_PREFIX}{top.upper()}") for name in os.environ):
        return f"{ENV_PREFIX}{key.upper().replace('.', '__')}: {words}"
    return f"{file}: {key}: {words}"
