"""How the page's events wait: for the model, in the queue beside it, or not at all."""

MODEL_QUEUE = {"concurrency_limit": 1, "concurrency_id": "model"}
PRIVATE = {"api_visibility": "private"}
AT_ONCE = {"concurrency_limit": None, "show_progress": "hidden", **PRIVATE}  # through the queue, where validators are
QUICK = {"queue": False, "show_progress": "hidden", **PRIVATE}
EDIT_SECONDS = 900  # a job that nobody listens to must end too
