"""The model: checkpoints, conditions, the denoising loop, and pictures out of latents."""

from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

# Their remarks say nothing to a person who edits photos, and some quote the instruction. Errors still speak.
for _logging in (diffusers_logging, transformers_logging):
    _logging.set_verbosity_error()
    _logging.disable_progress_bar()
