"""Filters of options and the operator's filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from household_filters.values import MIN_PREFIX

if TYPE_CHECKING:
    import datetime as dt


def live(
    query: str,
    *,
    profile: str | None = None,
    address: str | None = None,
    user: str | None = None,
    run: str | None = None,
) -> str:
    """``run`` is a test id."""
    return _all_of(
        _equal("profile", profile), _equal("address", address), _equal("user_id", user), _equal("test_id", run), query
    )


def ended(
    query: str,
    *,
    profile: str | None = None,
    address: str | None = None,
    user: str | None = None,
    run: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> str:
    return _all_of(
        _equal("profile", profile),
        _equal("address", address),
        _equal("user_id", user),
        _run("run_id", run),
        *_between("closed_at", since, until),
        query,
    )


def runs(
    query: str,
    *,
    address: str | None = None,
    run: str | None = None,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> str:
    return _all_of(_equal("address", address), _run("id", run), *_between("stored_at", since, until), query)


def beginning(field: str, prefix: str) -> str:
    """Return the filter for ids that begin with ``prefix``."""
    return f'{field} = "{prefix}*"'


def is_beginning(text: str) -> bool:
    """Whether ``text`` could begin an id."""
    return len(text) >= MIN_PREFIX and set(text.lower()) <= set("0123456789abcdef-")


def _all_of(*terms: str) -> str:
    *named, query = terms
    given = [term for term in named if term]
    if not given:
        return query
    return " AND ".join([*given, f"({query})"] if query.strip() else given)


def _equal(field: str, value: str | None) -> str:
    return "" if value is None else f"{field} = {quoted(value)}"


def _run(field: str, run: str | None) -> str:
    """Match a run by its id, the beginning of one, or its test id."""
    if run is None:
        return ""
    by_label = _equal("test_id", run)
    return f"({beginning(field, run)} OR {by_label})" if is_beginning(run) else by_label


def _between(field: str, since: dt.datetime | None, until: dt.datetime | None) -> list[str]:
    first = f'{field} >= "{since.isoformat()}"' if since else ""
    last = f'{field} < "{until.isoformat()}"' if until else ""
    return [first, last]


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
