"""Texts of the message keys of the scoring."""

VERDICTS = {
    "gaming": {
        "excellent": "plays as if alone on the line",
        "good": "would rarely notice a delay",
        "fair": "would notice lag in fights",
        "poor": "would lose fights to lag",
        "unusable": "could not play",
        "unknown": "was not measured",
    },
    "video_call": {
        "excellent": "has a clear call",
        "good": "has a good call, with a hitch now and then",
        "fair": "would talk over others at times",
        "poor": "would be cut off again and again",
        "unusable": "could not hold the call",
        "unknown": "was not measured",
    },
    "streaming": {
        "excellent": "sees a sharp picture without a stop",
        "good": "sees a good picture",
        "fair": "would see the picture stop or blur",
        "poor": "would wait for the picture again and again",
        "unusable": "could not watch",
        "unknown": "was not measured",
    },
    "bulk_transfer": {
        "excellent": "pulls its updates and leaves room for others",
        "good": "pulls its updates",
        "fair": "pulls its updates, and others feel it",
        "poor": "holds everybody else up",
        "unusable": "holds everybody else up",
        "unknown": "was not judged",
    },
}

INVALID = {
    "tab_hidden": "the page was hidden",
    "clock_jump": "the clock was set, or the machine slept",
    "client_overloaded": "this machine was too busy to measure",
    "server_overloaded": "the server was too busy to measure",
    "server_limited": "the server was the limit, not the line",
    "stopped_early": "it was stopped early",
    "connection_lost": "a connection was lost",
    "too_few_samples": "too few pings were answered",
}


def verdict(key: str) -> str:
    """Return the text of a key such as ``verdict.gaming.fair``; for an unknown activity the key."""
    _, activity, band = key.split(".")
    return VERDICTS.get(activity, {}).get(band, key)
