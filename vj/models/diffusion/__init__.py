"""Few-step diffusion: model files and the tensor code over them. Knows nothing of a show."""
