"""A driver of its own, to be killed: SOURCE TARGET LOG SECONDS SCRATCH."""

import sys
from functools import partial
from pathlib import Path

from pix2pix import EditRequest
from pix2pix.cluster import running
from pix2pix.cluster.edit import edit_collection
from tests.cluster.fakes import watched

if __name__ == "__main__":
    source, target, log, seconds, running.SCRATCH = sys.argv[1:]
    load = partial(watched, Path(log), float(seconds))
    print(edit_collection(source, EditRequest("make it night", seed=3), target, load=load, recursive=True))
