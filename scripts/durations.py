"""Times as the scripts take them on their command lines."""

import re


def seconds_of(text):
    """Seconds of "90s", "1.5" or "2min"; None for anything else, 0 included."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|min)?", text)
    if not match or float(match[1]) <= 0:
        return None
    return float(match[1]) * (60 if (match[2] or "s") != "s" else 1)
