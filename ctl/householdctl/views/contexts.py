"""Contexts for people and scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from householdctl.output.tables import Column

if TYPE_CHECKING:
    from householdctl.control.contexts import Contexts


def document(known: Contexts, name: str) -> dict[str, Any]:
    context = known.contexts[name]
    return {
        "name": name,
        "current": name == known.current,
        "target": context.target,
        "ca": context.ca,
        "cert": context.cert,
        "key": context.key,
    }


COLUMNS: tuple[Column[dict[str, Any]], ...] = (
    Column("CURRENT", lambda context: "*" if context["current"] else ""),
    Column("NAME", lambda context: str(context["name"])),
    Column("TARGET", lambda context: str(context["target"])),
    Column("CA", lambda context: context["ca"] or "-", wide=True),
    Column("CERT", lambda context: context["cert"] or "-", wide=True),
    Column("KEY", lambda context: context["key"] or "-", wide=True),
)
