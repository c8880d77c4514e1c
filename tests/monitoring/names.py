"""Metrics and labels in expressions of Prometheus."""

from __future__ import annotations

import re

from householdd.api.metric_families import FAMILIES, MetricKind

_SUFFIXES = ("_bucket", "_count", "_sum")
_SELECTOR = re.compile(r"\b(householdd_\w+)(?:\{(.*?)\})?")
_MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"')

_OF_THE_SCRAPE = {"job", "instance"}
"""Labels that Prometheus adds."""


def unknown_in(expression: str) -> list[str]:
    """Metrics that the daemon does not have, and labels that they do not have."""
    wrong = []
    for name, matchers in _SELECTOR.findall(expression):
        family = FAMILIES.get(name)
        labels = set(_OF_THE_SCRAPE)
        if family is None and name.endswith(_SUFFIXES):
            family = FAMILIES.get(name.rpartition("_")[0])
            labels.add("le")
            if family is not None and family.kind is not MetricKind.HISTOGRAM:
                family = None
        elif family is not None and family.kind is MetricKind.HISTOGRAM:
            # Its series have other names.
            family = None
        if family is None:
            wrong.append(name)
            continue
        labels.update(family.all_labels)
        wrong += [f"{name}: {label}" for label in _MATCHER.findall(matchers) if label not in labels]
    return wrong
