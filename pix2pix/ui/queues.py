"""How the page's events wait: for the model, in the queue beside it, or not at all."""

from typing import Any

Options = dict[str, Any]  # keyword arguments of gradio's event listeners

PRIVATE: Options = {"api_visibility": "private"}
MODEL_QUEUE: Options = {"concurrency_limit": 1, "concurrency_id": "model"}
# Not the queue of single edits, which would wait for the whole gallery: the editor lets them in between its photos.
GALLERY_QUEUE: Options = {"concurrency_limit": 1, "concurrency_id": "galleries"}
READING: Options = {"concurrency_limit": 4, "concurrency_id": "reading", "show_progress": "hidden", **PRIVATE}
PACKING: Options = {"concurrency_limit": 2, "concurrency_id": "packing", **PRIVATE}
# In the queue, where validators run and turns begin, but waiting for nobody.
AT_ONCE: Options = {"concurrency_limit": None, "show_progress": "hidden", **PRIVATE}
QUICK: Options = {"queue": False, "show_progress": "hidden", **PRIVATE}
