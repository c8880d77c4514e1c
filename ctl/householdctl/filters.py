"""Filters as an operator gives them."""

from __future__ import annotations


def joined(query: str, profile: str | None) -> str:
    """The filter, and the profile where one is named."""
    if profile is None:
        return query
    quoted = profile.replace("\\", "\\\\").replace('"', '\\"')
    only = f'profile = "{quoted}"'
    return f"{only} AND ({query})" if query.strip() else only
