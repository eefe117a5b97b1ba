"""What this process tells Python's garbage collector."""

from __future__ import annotations

import gc


def keep_what_is_loaded() -> None:
    """For a process that is this bot and nothing else, once it is ready: spare what it has loaded from the collector.

    The collector would go through all of it again and again, a tenth of a second each time in which nobody is answered
    (https://docs.python.org/3/library/gc.html#gc.freeze).
    """
    gc.collect()
    gc.freeze()
