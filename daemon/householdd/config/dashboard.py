"""``[dashboard]``: the operators' page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from householdd.clients.addresses import Address, parse_optional_address

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.ASCII)


def _host(name: str) -> str:
    if not _HOST.fullmatch(name.lower()):
        raise ValueError(f"{name!r}: write a host name without a port, such as noc.isp.example")
    return name.lower()


class DashboardSettings(BaseModel):
    """Without ``tokens`` it needs no login and allows no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: Annotated[Address | None, BeforeValidator(parse_optional_address)] = Address("127.0.0.1", 8445)
    tokens: Path | None = None
    names: list[Annotated[str, AfterValidator(_host)]] = []
    """Besides localhost, addresses and the machine's name."""

    @property
    def launch_only(self) -> tuple[object, ...]:
        """Settings that a reload keeps."""
        return self.listen, self.names
