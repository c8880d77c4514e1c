"""Filters as an operator gives them."""

from __future__ import annotations


def joined(query: str, profile: str | None) -> str:
    """The filter, and the profile where one is named."""
    if profile is None:
        return query
    # A quote ends a value of the filter language, so a profile with one in it is nobody's.
    only = f'profile = "{profile}"'
    return f"{only} AND ({query})" if query.strip() else only
