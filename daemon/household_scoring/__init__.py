"""From the measurements of a run to its verdicts. Pure: only the shipped data is read.

The page computes the same in TypeScript, `client/src/core/scoring/`; both read `requirements.json` and are tested
against `tests/vectors/`.

Units: ``_ms`` milliseconds, ``_s`` seconds, rates bit/s, shares 0 to 1. A figure without measurement is None, never 0
or NaN. Impossible numbers raise a ValueError.
"""
