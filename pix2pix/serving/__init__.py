"""Many visitors: editors that load in the background, GPUs that are lent."""
