"""Random steps, each drawn by itself, and what is left of a failing life when every step is dropped that it can do
without.

Not Hypothesis: what it draws within a life is much alike. Of six defects that were known it met two in the time in
which these met all.
"""

import random
from collections.abc import Callable
from traceback import format_exc

from django.db import transaction

Steps = list[tuple[str, dict]]


def step(weight: int = 1, *, when: Callable = lambda life: True, **choices):
    """A method that may be called, so often compared to others, with one of the choices for each argument; a choice
    that is a function makes one.
    """

    def register(method):
        method.drawn = (weight, when, choices)
        return method

    return register


def draw(kind: type, seed: int, length: int) -> Steps:
    """A life: begin(), and so many steps."""
    rnd = random.Random(seed)
    names = [name for name in dir(kind) if name != "begin" and hasattr(getattr(kind, name), "drawn")]
    weights = [getattr(kind, name).drawn[0] for name in names]
    return [(name, _arguments(kind, name, rnd)) for name in ["begin", *rnd.choices(names, weights, k=length)]]


def _arguments(kind: type, name: str, rnd: random.Random) -> dict:
    choices = getattr(kind, name).drawn[2]
    return {key: each(rnd) if callable(each) else rnd.choice(each) for key, each in choices.items()}


def live(kind: type, steps: Steps) -> None:
    """Live it, look after every step, and leave nothing behind."""
    with transaction.atomic():
        life = kind()
        for name, arguments in steps:
            method = getattr(life, name)
            if method.drawn[1](life):
                method(**arguments)
                life.check()
        transaction.set_rollback(True)


def failure(kind: type, steps: Steps) -> tuple[type, str] | None:
    """What went wrong in it, if anything."""
    try:
        live(kind, steps)
    except Exception as error:  # noqa: BLE001  # whatever it is, the life is shortened
        return type(error), format_exc()
    return None


def shortened(kind: type, steps: Steps, wrong: type) -> tuple[Steps, str]:
    """The same failure in fewer steps, and how it looks there."""
    report = ""
    for number in range(len(steps) - 1, 0, -1):
        fewer = steps[:number] + steps[number + 1 :]
        found = failure(kind, fewer)
        if found and found[0] is wrong:
            steps, report = fewer, found[1]
    return steps, report
