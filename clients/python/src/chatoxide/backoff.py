"""How long to wait before the next try."""

from __future__ import annotations

import random
from collections.abc import Iterator


def backoff(first: float, longest: float) -> Iterator[float]:
    """Seconds, without end: about twice as long each time. Each is random by half, so that many clients spread out."""
    whole = first
    while True:
        yield whole * random.uniform(0.5, 1)
        whole = min(whole * 2, longest)
