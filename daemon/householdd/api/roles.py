"""Roles of callers, and required by methods."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from householdd.api.callers import Caller


class Role(enum.IntEnum):
    """Each includes the permissions of those before."""

    NONE = 0
    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """Name in configuration, errors and audit log."""
        return self.name.lower()


LEAST: Mapping[str, Role] = {
    "grpc.health.v1.Health/Check": Role.VIEWER,
    "grpc.health.v1.Health/List": Role.VIEWER,
    "grpc.health.v1.Health/Watch": Role.VIEWER,
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": Role.VIEWER,
    "household.v1.ConfigService/GetRuntimeConfig": Role.VIEWER,
    "household.v1.ConfigService/ResetRuntimeConfig": Role.OPERATOR,
    "household.v1.ConfigService/UpdateRuntimeConfig": Role.OPERATOR,
    "household.v1.HistoryService/GetHistoryStats": Role.VIEWER,
    "household.v1.HistoryService/GetRun": Role.VIEWER,
    "household.v1.HistoryService/ListHistory": Role.VIEWER,
    "household.v1.HistoryService/ListRuns": Role.VIEWER,
    "household.v1.ServerService/DrainServer": Role.OPERATOR,
    "household.v1.ServerService/GetServer": Role.VIEWER,
    "household.v1.ServerService/ResumeServer": Role.OPERATOR,
    "household.v1.ServerService/ShutdownServer": Role.ADMIN,
    "household.v1.ServerService/WatchDrain": Role.VIEWER,
    "household.v1.SessionService/BlockAddresses": Role.OPERATOR,
    "household.v1.SessionService/GetSession": Role.VIEWER,
    "household.v1.SessionService/KillSessions": Role.OPERATOR,
    "household.v1.SessionService/ListBlocks": Role.VIEWER,
    "household.v1.SessionService/ListBreakers": Role.VIEWER,
    "household.v1.SessionService/ListSessions": Role.VIEWER,
    "household.v1.SessionService/ResetBreakers": Role.OPERATOR,
    "household.v1.SessionService/UnblockAddresses": Role.OPERATOR,
    "household.v1.SessionService/WatchSessions": Role.VIEWER,
}
"""By full name; other methods are denied.

Methods that only read require a viewer; all others are changes, which are audited.
"""


@dataclass(frozen=True)
class Grants:
    """User ids, group ids, and names of certificates such as ``DNS:noc.isp.example``."""

    uids: frozenset[int] = frozenset()
    gids: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()

    def cover(self, caller: Caller) -> bool:
        return caller.uid in self.uids or not (
            self.gids.isdisjoint(caller.gids) and self.names.isdisjoint(caller.names)
        )


@dataclass(frozen=True)
class Rules:
    """Holders of each role."""

    grants: Mapping[Role, Grants] = field(default_factory=dict)

    def with_names(self, roles: Mapping[str, Role]) -> Rules:
        grants = dict(self.grants)
        for name, role in roles.items():
            before = grants.get(role, Grants())
            grants[role] = replace(before, names=before.names | {name})
        return Rules(grants)

    def role(self, caller: Caller) -> Role:
        return max((role for role, grants in self.grants.items() if grants.cover(caller)), default=Role.NONE)
