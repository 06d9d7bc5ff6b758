"""``make bench``: ours against stock diffusers, same checkpoint, photo, seed and settings.

Writes ``RESULTS.md``, or ``GPU.md`` on a machine with a CUDA GPU, where nobody would edit on the CPU.
"""

from pathlib import Path

import torch

from benchmarks import gpu
from benchmarks.busy import busy_row
from benchmarks.gallery import gallery_rows
from benchmarks.levers import lever_rows
from benchmarks.levers import table as table_of_levers
from benchmarks.process import figures
from benchmarks.process import table as table_of_figures
from benchmarks.row import aside, table
from benchmarks.single import pocket_rows, real_rows
from benchmarks.timing import machine

RESULTS = Path(__file__).parent / "RESULTS.md"
HEAD = """# Speed against stock diffusers

Measured by `make bench` on {machine}.

All sides take turns in one process (beside a busy program each in one of its own), after a run that is not counted;
medians, and ratios of medians with the interval of 90 % of runs drawn anew. *Tuned* is what a knowledgeable person adds
to diffusers in a few lines: `channels_last`, fused projections, and on CUDA `torch.compile`. Ours ends with a sharp
result of the photo's own size; diffusers ends with the small canvas. *Same picture*: our canvas beside that of
diffusers. *Limit*: the share of our time that the arithmetic alone would take, counted against a matrix product.
"""
ASIDE = """*Once*: what the first run took beyond a later one, such as compiling and capturing. *Memory*: the most that
one run has beyond what was held before it.
"""
LEVERS = """## What each lever gives

Each alone with pocket, beside the exact edit, whose convolutions multiply less than torch's own; *passed* and *dB to
the target* as in pocket's EVALUATION.md, on wordings that were held back: every second one, and every third with both
guidances, where the exact edit has them, too. Half precision is taken on CPUs that are quicker with it; of three steps
one is computed in full. Fewer steps are a slider of their own, and take from what chance draws. Guidance in an interval
of noise levels is of arXiv 2404.07724: it gains little here, and what it does to the full model has not been seen.
"""


def main() -> None:
    """Measure what this machine can and write it."""
    results, text = (gpu.RESULTS, gpu.measure()) if torch.cuda.is_available() else (RESULTS, _on_the_cpu())
    results.write_text(text + "\n", encoding="utf-8")
    print(text)


def _on_the_cpu() -> str:
    rows = []
    for some in (pocket_rows(), iter([busy_row()]), gallery_rows(), real_rows()):
        for row in some:
            print(row, flush=True)
            rows.append(row)
    parts = [HEAD.format(machine=machine()), table(rows), "", ASIDE, aside(rows)]
    parts += ["", "## Around the model", "", table_of_figures([*figures()])]
    parts += ["", LEVERS, table_of_levers([*lever_rows()])]
    return "\n".join(parts)


if __name__ == "__main__":
    main()
