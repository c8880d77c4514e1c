"""From the measurements of a run to its verdicts. Pure: no I/O except the shipped data, no clock, no randomness.

The page computes the same in TypeScript, `client/src/core/scoring/`; both read `requirements.json` of this package and
are tested against the cases of `tests/vectors/`. The daemon and householdctl share this package, which imports neither.

Every struct has the same JSON as its TypeScript counterpart: `msgspec.to_builtins` and `msgspec.convert`. Units:
``_ms`` milliseconds, ``_s`` seconds, rates bit/s, shares 0 to 1. A figure without measurement is None, never 0 or NaN.
Impossible numbers (NaN, infinite, negative) raise a ValueError that says where, and what is allowed.
"""
