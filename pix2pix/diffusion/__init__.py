"""The model: checkpoints, conditions, the denoising loop, and pictures out of latents."""
