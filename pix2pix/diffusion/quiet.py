"""Silence for programs that own their process; importing the package itself changes nothing in its host."""


def quieten_libraries() -> None:
    """From now on only errors of transformers and diffusers are heard, and reading weights draws no progress bars.

    Their remarks say nothing to a person who edits photos, and some of them quote the instruction. Downloads still
    draw their bars. Call it before anything imports diffusers; it takes the seconds that this import takes.
    """
    from huggingface_hub.utils.tqdm import enable_progress_bars
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()  # first, because transformers speaks while diffusers is imported
    transformers_logging.disable_progress_bar()
    enable_progress_bars()  # of downloads, which transformers has switched off together with its own

    from diffusers.utils import logging as diffusers_logging

    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
