"""How many webhooks are stored although their function fails in a share of the requests.

A sender repeats what was not answered, as providers do, or Signalbox asks them to. The function
dies before or after a call to a store, or a store does not answer.
"""

import argparse
import sys
from pathlib import Path
from random import Random
from typing import Final

from rich.console import Console

from signalbox.models.errors import Unavailable
from signalbox.models.ids import TaskId
from tests.faults.fuse import Killed, killed_after, killed_before, unavailable
from tests.faults.world import World
from tests.figures.results import Numbers, write_numbers

SUCCESS: Final = 0.999
MOST_SENDS: Final = 5

_CALLS: Final = 3
"""To stores, which a webhook makes: is there a task, create it, create the delivery."""
_FAULTS: Final = (killed_before, killed_after, unavailable)


def webhook_numbers(webhooks: int, share: float, seed: int) -> Numbers:
    """Send webhooks, with faults in a share of the requests, and count what was stored."""
    world, random = World(), Random(seed)
    at_once = stored = lost = 0
    for number in range(webhooks):
        tasks, sends = _send(world, random, number, share)
        at_once += bool(tasks) and sends == 1
        stored += bool(tasks)
        lost += not tasks <= world.tasks.kept.keys()
    return {
        "webhooks": webhooks,
        "share of faults": share,
        "stored at once": at_once / webhooks,
        "stored": stored / webhooks,
        "lost": lost,
        "doubled": max(0, len(world.tasks.kept) - webhooks),
    }


def _send(world: World, random: Random, number: int, share: float) -> tuple[frozenset[TaskId], int]:
    """Return the tasks of the answer, none if no request got one, and how many were sent."""
    for send in range(1, MOST_SENDS + 1):
        faulty = random.random() < share
        world.fuse.arm(random.randint(1, _CALLS), random.choice(_FAULTS) if faulty else None)
        try:
            return frozenset(world.webhook(number, "opened").tasks), send
        except (Killed, Unavailable):
            continue
    return frozenset(), MOST_SENDS


def main() -> int:
    """Print the figures; 1 if fewer webhooks were stored than are to be, or one was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.figures.webhooks", description=__doc__)
    parser.add_argument("--webhooks", type=int, default=10_000)
    parser.add_argument("--share", type=float, default=0.1, help="of the requests that fail")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    chosen = parser.parse_args()
    numbers = webhook_numbers(chosen.webhooks, chosen.share, chosen.seed)
    for name, number in numbers.items():
        Console().print(f"{name}: {number:g}")
    write_numbers(chosen.json, numbers)
    return int(numbers["stored"] < SUCCESS or numbers["lost"] > 0 or numbers["doubled"] > 0)


if __name__ == "__main__":
    sys.exit(main())
