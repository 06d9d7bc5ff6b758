"""Many visitors: their work on disk for its time, models that load in the background, GPUs that are lent."""
