"""Importing the package changes nothing in the program that imports it."""

import subprocess
import sys

from tests.house.test_imports import ROOT

CODE = """
import importlib, logging, os, pkgutil, sys, warnings

def state():
    loggers = {name: one for name, one in logging.root.manager.loggerDict.items() if isinstance(one, logging.Logger)}
    of_loggers = {name: (one.level, one.handlers, one.filters, one.disabled) for name, one in loggers.items()}
    untouched = (logging.NOTSET, [], [], False)  # what a library's new logger is like
    return {
        "loggers": {name: one for name, one in of_loggers.items() if one != untouched},
        "root": (logging.root.level, list(logging.root.handlers), logging.root.manager.disable),
        "warnings": list(warnings.filters),
        "environment": dict(os.environ),
        "hook": (sys.excepthook, sys.unraisablehook),
        "progress bars": bars(),
    }

def bars():
    from diffusers.utils import logging as of_diffusers
    from huggingface_hub.utils import are_progress_bars_disabled
    from transformers.utils import logging as of_transformers
    return are_progress_bars_disabled(), of_transformers.is_progress_bar_enabled(), of_diffusers._tqdm_active

# What libraries do when they are imported is their own affair, so it is done before.
import diffusers, gradio, gradio_client, pillow_heif, pyarrow.parquet, ray.data, ray.serve, safetensors.torch, torch
import tqdm, transformers
from diffusers import AutoencoderTiny, LCMScheduler, StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

before = state()
import pix2pix
names = [module.name for module in pkgutil.walk_packages(pix2pix.__path__, "pix2pix.")]
names = [name for name in names if not name.endswith("__main__")]
for name in [*names, "app"]:
    importlib.import_module(name)
for name in pix2pix.__all__:
    getattr(pix2pix, name)
after = state()
assert len(names) > 50, names
for what in before:
    assert before[what] == after[what], (what, before[what], after[what])
"""


def test_importing_everything_changes_no_logging_warnings_or_environment():
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
