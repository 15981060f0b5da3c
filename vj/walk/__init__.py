"""The way through latent space, the same for every generator."""
