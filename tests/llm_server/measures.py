"""Measures of limits, from a log of arrivals or of attempts."""

import json


def dispatched(files):
    """The moments at which attempts were let through, as the intents in a store have them."""
    intents = [json.loads(files.read(info.path)) for info in files.list("intents")]
    return sorted(attempt["at"] for intent in intents for attempt in intent["attempts"])


def most_in_any(moments, window):
    """The largest number of moments in any span of that length."""
    return max(sum(start <= moment < start + window for moment in moments) for start in moments)


def used_share(arrivals, limit, window, retry_after):
    """Arrivals as a share of what the limit allowed, while there was a backlog and no Retry-After held.

    A backlog there is until the last prompt has been sent for the first time.
    """
    firsts = {}
    for arrival in arrivals:
        firsts.setdefault(arrival.prompt, arrival.at)
    start, end = arrivals[0].at, max(firsts.values())
    open_seconds, reached = 0.0, start
    for told in (arrival.at for arrival in arrivals if arrival.fault == "limited-told"):
        open_seconds += max(0.0, min(told, end) - reached)
        reached = max(reached, min(told + retry_after, end))
    open_seconds += max(0.0, end - reached)
    return sum(start <= arrival.at < end for arrival in arrivals) / (limit * open_seconds / window)
