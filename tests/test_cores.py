"""How threads wait for each other."""

import os
import subprocess
import sys

import pytest

from pix2pix.cores import share_cores
from tests import ROOT


def test_threads_sleep_soon_unless_somebody_says_otherwise():
    plain, empty = {}, {"OMP_WAIT_POLICY": ""}
    for environment in (plain, empty):
        share_cores(environment)
        assert environment["GOMP_SPINCOUNT"].isdecimal()
    for chosen in ({"GOMP_SPINCOUNT": "7"}, {"OMP_WAIT_POLICY": "ACTIVE"}):
        environment = dict(chosen)
        share_cores(environment)
        assert environment == chosen


def test_a_worker_takes_the_cores_that_it_has():
    code = (
        "from pix2pix.cores import take_cores; take_cores(1); import torch; assert torch.get_num_threads() == 1;"
        "import os; assert os.environ['GOMP_SPINCOUNT']"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    "door", ["from pix2pix.cli import main; main(['models'])", "import app; app._serve = lambda: 0; app.main()"]
)
def test_both_doors_say_so_before_torch_is_there(door):
    code = f"import sys, os\n{door}\nassert 'torch' not in sys.modules\nprint(os.environ['GOMP_SPINCOUNT'])"
    environment = {
        name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    }
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].isdecimal()
