"""``python -m pix2pix``, and the command ``pix2pix``."""

import gc
import sys

from pix2pix.cli import main


def run() -> None:
    """Run the command line, and end the process with its status."""
    status = main()
    gc.freeze()  # or the end would take a second, to look through all that the process gives back anyway
    sys.exit(status)


if __name__ == "__main__":
    run()
