"""Texts of the message keys of the scoring."""

VERDICTS = {
    "gaming": {
        "excellent": "Alex plays as if no one else were online.",
        "good": "Alex plays well, with the odd stutter.",
        "fair": "Alex notices lag in close fights.",
        "poor": "Alex loses fights to lag.",
        "unusable": "Alex cannot play while the others are online.",
        "unknown": "Not enough was measured to judge Alex's game.",
    },
    "video_call": {
        "excellent": "Sarah's call is perfectly clear.",
        "good": "Sarah's call is good, with the odd glitch.",
        "fair": "Sarah and her friends sometimes talk over each other.",
        "poor": "Sarah's call keeps breaking up.",
        "unusable": "Sarah has to hang up.",
        "unknown": "Not enough was measured to judge Sarah's call.",
    },
    "streaming": {
        "excellent": "Jake's film is sharp and never stops.",
        "good": "Jake's film plays well, a little blurry at times.",
        "fair": "Jake's film turns blurry at times, or stops briefly.",
        "poor": "Jake's film keeps stopping to load.",
        "unusable": "Jake cannot watch: the line is too slow for his film.",
        "unknown": "Not enough was measured to judge Jake's film.",
    },
    "bulk_transfer": {
        "excellent": "The Computer gets its work done and leaves room for the others.",
        "good": "The Computer is busy, and the others hardly notice.",
        "fair": "While the Computer is busy, pages open slowly.",
        "poor": "While the Computer is busy, everything is slow.",
        "unusable": "While the Computer is busy, nothing else gets through.",
        "unknown": "Not enough was measured to judge the Computer's load.",
    },
}
"""By activity and band; the page says the same."""

INVALID = {
    "tab_hidden": "the page was hidden",
    "clock_jump": "the clock jumped, or the device was asleep",
    "client_overloaded": "the device was too busy to measure",
    "server_overloaded": "the server was too busy to measure",
    "server_limited": "the server was the limit, not the line",
    "stopped_early": "the test was stopped early",
    "connection_lost": "a connection was lost",
    "too_few_samples": "not enough was measured",
    "no_witness": "nothing told the line from the device or a proxy; try another browser, or a wired computer",
}
"""Why a run does not count."""


CAUSES = {
    "line": "the line",
    "device": "the device: its program could not keep up",
    "server": "the server, or its own uplink",
    "unknown": "unknown: nothing told the line from the device",
}
"""Where a delay or a limit is."""


LACKS = {
    "loss": "the line loses {lost:.1%} of packets; that, and not a queue, is what hurts {who}",
    "rate": "the load adds little delay, but the line is too slow for {who}",
    "distance": "the load adds little delay, but the way to the server is too long for {who}",
    "other": "the load adds little delay, but {who} did not get enough",
}
"""Why people did not get on beside a good grade."""

PLACES = {
    "home": "the Wi-Fi or home network, up to the gateway",
    "line": "the line, beyond the gateway",
    "both": "both the Wi-Fi or home network and the line beyond the gateway",
    "unknown": "unknown",
}
"""Where the load adds delay."""

CAUSES_BY_PLACE = {
    "home": "the Wi-Fi or home network",
    "both": "the Wi-Fi or home network, and the line",
}
"""Of the cause ``line``, which is the whole network between the device and the server."""

NOT_LOCATED = {
    "same_machine": "the server is this machine",
    "local_network": "the route has no gateway: the server is on the local network, or behind a tunnel of this machine",
    "proxy": "a proxy leads to the server",
    "no_route": "the gateway was not found",
    "not_permitted": "this user may not ping; sudo sysctl net.ipv4.ping_group_range='0 2147483647' allows all",
    "run_invalid": "this run does not count",
    "no_witness": "nothing told the network's delay from the device's or the server's",
    "harmless": "the load adds too little delay to the network's",
    "silent": "the gateway does not answer pings",
    "too_few_answers": "the gateway answered too few pings",
    "slow_gateway": "the gateway answers pings later than it forwards",
    "unclear": "neither side adds enough delay",
}
"""Why the place is unknown."""


DIRECTIONS = {
    "download": "downloads",
    "upload": "uploads",
    "both": "downloads and uploads",
}
"""What hurts."""

WITNESSES = {"application": "the client's pings", "kernel": "the server's kernel"}
"""Whose round trips carry a grade."""


def verdict(key: str) -> str:
    """Return the key for an unknown activity."""
    _, activity, band = key.split(".")
    return VERDICTS.get(activity, {}).get(band, key)
