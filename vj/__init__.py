"""vj: a real-time audio-reactive VJ tool. The music walks through a model's latent space."""

__version__ = "0.1.0"
