"""Tensor code without a show: networks, latent maths, checkpoint readers."""
