"""Everything that can go wrong with an edit, as one family.

EditError
├── InvalidRequest    the instruction or a setting is out of its range
├── InvalidImage      the photo cannot be opened, or is too large or too narrow
├── CheckpointError   a model cannot be found, downloaded or read
├── Filtered          the checkpoint's safety checker withheld the result
├── OutOfMemory       the device has too little memory for this edit
├── DiskFull          the disk takes no more, so a photo or a result could not be kept
└── EditFailed        anything else that stopped an edit

The message of each is one sentence for the person who asked for the edit: what is wrong and what to do about it.
It never holds a path or anything from another person's edit, so a user interface may show it as it is.
"""


class EditError(Exception):
    """Base of all errors this package raises on purpose; ``str(error)`` is one sentence for a person."""


class InvalidRequest(EditError):
    """The instruction or one of the settings is outside of what can be asked for."""


class InvalidImage(EditError):
    """The photo cannot be opened, or is outside of the limits on size and shape."""


class CheckpointError(EditError):
    """The checkpoint cannot be found, downloaded or read, or is no InstructPix2Pix."""


class Filtered(EditError):
    """The checkpoint's safety checker withheld the result."""


class OutOfMemory(EditError):
    """The device ran out of memory during the edit."""


class DiskFull(EditError):
    """The disk has no room left, or cannot be written to."""


class EditFailed(EditError):
    """The edit stopped, or could not begin, for a reason that is none of the others."""
