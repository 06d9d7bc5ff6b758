"""How pocket is made: generated scenes, edits with closed-form targets, an autoencoder, a denoiser, an evaluation.

The app never imports this package. ``python -m pix2pix.training`` makes the whole checkpoint from nothing.
"""
