"""Where one model lies on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """A model's files. ``name`` is what the performer calls it.

    ``model`` is a diffusers folder or one .safetensors file; ``decoder`` the folder of its tiny decoder; ``lora`` is
    merged in for good at ``lora_scale``; ``sampler`` euler or lcm, None as the model's own scheduler says.
    """

    name: str
    model: Path
    decoder: Path | None = None
    lora: Path | None = None
    lora_scale: float = 1.0
    sampler: str | None = None

    @classmethod
    def at(cls, model: Path) -> Place:
        """A model of the performer's own, without a tiny decoder."""
        return cls(model.stem if model.suffix else model.name, model)
