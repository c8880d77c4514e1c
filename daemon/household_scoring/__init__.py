"""From the facts of a run to its verdicts, pure: no input or output but the shipped data, no clock, no randomness.

The page computes the same in TypeScript, `client/src/core/scoring/`; both read `requirements.json` of this package,
and both are held to the cases of `tests/vectors/`. The daemon and householdctl share this package, which knows neither.

Every struct has the same JSON as its TypeScript counterpart: `msgspec.to_builtins` and `msgspec.convert`.
Times are milliseconds where a name ends in ``_ms`` and seconds where it ends in ``_s``; rates are bit/s; a share is
from 0 to 1. A figure that nothing was measured for is None, never 0 or NaN. Numbers that no measurement can give
(NaN, infinite, negative) are refused with a ValueError that says where and what is allowed.
"""
