"""Whatever breaks inside an edit, as one of the ``EditError`` family."""

import logging

from pix2pix.diffusion.device import is_out_of_memory
from pix2pix.errors import EditError, EditFailed, OutOfMemory

logger = logging.getLogger(__name__)


def as_edit_error(error: Exception) -> EditError:
    """``error`` as one sentence for a person; what nobody expected is logged."""
    if isinstance(error, EditError):
        return error
    if is_out_of_memory(error):
        return OutOfMemory("There is too little memory for this edit; close other programs or use a smaller model.")
    logger.error("An edit broke.", exc_info=error)
    return EditFailed("Something went wrong inside the model during this edit; please try again.")
