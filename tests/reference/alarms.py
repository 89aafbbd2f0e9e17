"""A second opinion on alarms: a series is text, newest on the right; `0` good, `X` breaching, `-` missing.

Written from the words of "Configuring how CloudWatch alarms treat missing data" alone, step by step.
"""

from __future__ import annotations


def state(series: str, n: int, m: int, treatment: str, previous: str) -> str:
    """Return OK, ALARM, INSUFFICIENT_DATA, or NOT_ALARM where the page names no state."""
    series = "-" * n + series
    newest = series[-n:]
    if "-" not in newest:  # nothing is missing: the older ones are ignored
        return _counted(newest, m)
    real = series.replace("-", "")
    if len(real) >= n:  # enough real ones in the range: the treatment is not used
        return _counted(real[-n:], m)
    if treatment == "breaching":  # all real ones are kept, and as few as possible are filled in
        return _counted(real.rjust(n, "X"), m)
    if treatment == "notBreaching":
        return _counted(real.rjust(n, "0"), m)
    if real == "":
        return {"missing": "INSUFFICIENT_DATA", "ignore": previous}[treatment]
    if real.count("X") >= m:
        return "ALARM"
    if "0" in real:
        return "OK"
    if treatment == "ignore":
        return previous
    slots_from_oldest_received_on = series[series.index("X") :]  # all of these are breaching or missing
    return "ALARM" if len(slots_from_oldest_received_on) >= m else "NOT_ALARM"


def _counted(points: str, m: int) -> str:
    return "ALARM" if points.count("X") >= m else "OK"
