"""Cores that are not ours alone: torch's threads wait for each other without spending what another program needs.

Torch's CPU build waits at every barrier by spinning for long. Alone that gains nothing that could be measured; beside
another busy program every edit takes four to ten times as long, because who spins keeps off the core whom it waits for.
"""

import os
from collections.abc import MutableMapping

SPINS = "2000"  # of libgomp, before a thread sleeps; less gains little beside others and costs a quarter alone
CHOICES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")  # of whoever runs the program


def share_cores(environment: MutableMapping[str, str] = os.environ) -> None:
    """Wait by sleeping, unless ``environment`` says how to wait; only before torch is imported does it matter."""
    if not any(environment.get(name) for name in CHOICES):
        environment["GOMP_SPINCOUNT"] = SPINS


def take_cores(number: int, environment: MutableMapping[str, str] = os.environ) -> None:
    """Have torch use ``number`` cores of this machine and no more; only before torch is imported does it matter."""
    environment.update({"OMP_NUM_THREADS": str(number), "MKL_NUM_THREADS": str(number)})
    share_cores(environment)
