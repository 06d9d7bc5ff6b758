"""The denoiser's network: how it begins, the noise that it sees, and how it learns where in the picture it is."""
