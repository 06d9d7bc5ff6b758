"""The three parts of pocket (autoencoder, text encoder, denoiser) and how each learns."""
