"""Takes the demo into the past: what a block does is done there, by a clock that is set back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import time_machine
from django.utils import timezone


@contextmanager
def days_ago(days: float) -> Iterator[datetime]:
    """What the block does happens so many days ago. Blocks come in the order of time; none contains another."""
    moment = timezone.now() - timedelta(days=days)
    with time_machine.travel(moment):
        yield moment
