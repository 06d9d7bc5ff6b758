"""The model: checkpoints, conditions, the denoising loop, and pictures out of latents."""

from huggingface_hub.utils import enable_progress_bars
from transformers.utils import logging as transformers_logging

# The libraries' remarks say nothing to a person who edits photos, and some of them quote the instruction. transformers
# is told first, because it begins to speak while diffusers is imported. Errors are still heard.
transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()
enable_progress_bars()  # of downloads, which transformers has switched off with its own

from diffusers.utils import logging as diffusers_logging  # noqa: E402

diffusers_logging.set_verbosity_error()
diffusers_logging.disable_progress_bar()
