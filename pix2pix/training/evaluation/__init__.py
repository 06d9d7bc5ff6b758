"""How good a checkpoint is, on photographs that were never trained on."""
