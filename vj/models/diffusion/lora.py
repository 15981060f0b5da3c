"""LoRA: small changes to a UNet's weights, W = W0 + scale * (alpha / rank) * up @ down, at a scale that moves live.

The change is written into the weights where they lie, so a compiled or captured picture goes on with the same memory
and hears the new scale from the next launch. With every scale at 0 the weights are W0 again, bit by bit.
(Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021.)

Read are the key layouts of diffusers and peft, and kohya's, under diffusers' and under the original names. Changes to
a text encoder in the same file are left out: the prompt is read as the model reads it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vj.models.diffusion.inspect import FAMILIES, Tensors, family_of_width, read_header
from vj.models.diffusion.original import original, unet_modules
from vj.models.diffusion.room import check_room
from vj.types import VjError

if TYPE_CHECKING:
    from torch import Tensor

MOST = 4.0
"""The largest scale either way; beyond it no picture is left."""
_ENDS = {
    ".lora_down.weight": "down", ".lora_up.weight": "up", ".lora_A.weight": "down", ".lora_B.weight": "up",
    ".lora_A.default.weight": "down", ".lora_B.default.weight": "up", ".lora.down.weight": "down",
    ".lora.up.weight": "up", "_lora.down.weight": "down", "_lora.up.weight": "up",
    ".lora_linear_layer.down.weight": "down", ".lora_linear_layer.up.weight": "up", ".alpha": "alpha",
}
_TEXT = ("lora_te_", "lora_te1_", "lora_te2_", "text_encoder.", "text_encoder_2.", "te1.", "te2.")
_PREFIXES = ("lora_unet_", "unet.", "diffusion_model.", "base_model.model.")
_OTHER_KINDS = ("hada_", "lokr_", "dora_scale", "lora_magnitude_vector", "lora_mid", "oft_", ".diff", "on_input")


@dataclass(frozen=True, slots=True)
class Change:
    """What a LoRA does to one weight: ``factor * up (out, r) @ down (r, in)``, both float32."""

    weight: Tensor
    up: Tensor
    down: Tensor
    factor: float

    def onto(self, base: Tensor, scale: float) -> Tensor:
        """``base`` (in the weight's shape) with the change at ``scale``, float32."""
        import torch

        flat = torch.addmm(base.float().reshape(base.shape[0], -1), self.up, self.down, alpha=self.factor * scale)
        return flat.reshape(base.shape)


@dataclass(frozen=True, slots=True)
class Lora:
    """One file, fitted to a UNet: module name -> its change."""

    name: str
    changes: Mapping[str, Change]


class Loras:
    """The LoRAs of one UNet. Not for two threads: whoever draws calls it, between two pictures."""

    def __init__(self, unet: Any, family: str) -> None:
        self._unet, self._family = unet, family
        self._loras: dict[str, Lora] = {}
        self._scales: dict[str, float] = {}
        self._bare: dict[str, Tensor] = {}

    @property
    def scales(self) -> Mapping[str, float]:
        """Name -> scale of every LoRA that is loaded."""
        return dict(self._scales)

    def load(self, path: Path, name: str = "") -> str:
        """Read a LoRA, at scale 0, and return its name; one of the same name is replaced.

        The weights it touches are kept twice from now on. Raises VjError for a file that is damaged, pickled, made
        for another base or of another kind; then nothing has changed.
        """
        lora = read_lora(path, self._unet, self._family)
        name = name or path.stem
        new = {module: change for module, change in lora.changes.items() if module not in self._bare}
        weights = [change.weight for change in new.values()]
        check_room(f"the LoRA {name}", sum(w.numel() * w.element_size() for w in weights), str(self._unet.device))
        self.drop(name)
        self._bare |= {module: change.weight.detach().clone() for module, change in lora.changes.items()
                       if module not in self._bare}
        self._loras[name], self._scales[name] = lora, 0.0
        return name

    def set(self, scales: Mapping[str, float]) -> bool:
        """Give LoRAs their scales, those not named keep theirs; True if a weight changed. Held within ±4."""
        changed = [name for name, scale in scales.items() if name in self._loras and _held(scale) != self._scales[name]]
        self._scales |= {name: _held(scales[name]) for name in changed}
        self._write({module for name in changed for module in self._loras[name].changes})
        return bool(changed)

    def drop(self, name: str) -> None:
        """Take a LoRA out; what it alone touched is as it was, and kept once again."""
        if name not in self._loras:
            return
        self.set({name: 0.0})
        gone = self._loras.pop(name)
        del self._scales[name]
        still = {module for lora in self._loras.values() for module in lora.changes}
        for module in gone.changes:
            if module not in still:
                del self._bare[module]

    def _write(self, modules: Iterable[str]) -> None:
        import torch

        with torch.no_grad():
            for module in modules:
                whole = self._bare[module]
                changes = [(lora.changes[module], self._scales[name]) for name, lora in self._loras.items()
                           if module in lora.changes]
                for change, scale in changes:
                    whole = change.onto(whole, scale) if scale != 0.0 else whole
                changes[0][0].weight.copy_(whole)


def read_lora(path: Path, unet: Any, family: str) -> Lora:
    """A LoRA's tensors on the UNet's device, each beside the weight it changes. Raises VjError if it does not fit."""
    import torch
    from safetensors import safe_open

    tensors = read_header(path)
    plan = _plan(tensors)
    modules, alphas = _modules(unet), _alphas(tensors)
    found: dict[str, Change] = {}
    with safe_open(path, framework="pt") as file:
        for stem, keys in plan.items():
            name = modules.get(_canonical(stem))
            weight = None if name is None else unet.get_submodule(name).weight
            if name is None or weight is None or not _fits(tensors, keys, weight):
                raise _other_base(tensors, plan, stem, family)
            down, up = (file.get_tensor(keys[role]).to(weight.device, torch.float32).flatten(1)
                        for role in ("down", "up"))
            alpha = float(file.get_tensor(keys["alpha"])) if "alpha" in keys else alphas.get(name, alphas.get(""))
            found[name] = Change(weight, up, down, 1.0 if alpha is None else alpha / down.shape[0])
    return Lora(path.stem, found)


def merge_for_good(lora: Lora, scale: float = 1.0) -> None:
    """Write a LoRA into the weights without keeping what they were: for one that belongs to the model."""
    import torch

    with torch.no_grad():
        for change in lora.changes.values():
            change.weight.copy_(change.onto(change.weight, scale))


def _plan(tensors: Tensors) -> dict[str, dict[str, str]]:
    """UNet module as the file calls it -> role (down, up, alpha) -> key."""
    plan: dict[str, dict[str, str]] = {}
    for key in tensors.shapes:
        other = next((kind for kind in _OTHER_KINDS if kind in key), None)
        if other is not None:
            raise VjError(f"{tensors.path} is a LyCORIS or DoRA file ({other.strip('._')}): vj merges plain LoRA, "
                          "take the model's LoRA version")
        if key.startswith(_TEXT):
            continue
        end = next((end for end in _ENDS if key.endswith(end)), None)
        if end is not None:
            plan.setdefault(key.removesuffix(end), {})[_ENDS[end]] = key
    if not plan or not all({"down", "up"} <= set(keys) for keys in plan.values()):
        raise VjError(f"{tensors.path} is no LoRA for a UNet: take a .safetensors file with lora_down and lora_up, "
                      "or lora_A and lora_B")
    return plan


def _modules(unet: Any) -> dict[str, str]:
    """Every name under which a LoRA may mean a module with a weight -> that module."""
    table = unet_modules(unet.config)
    names = {}
    for name, module in unet.named_modules():
        if getattr(module, "weight", None) is not None and module.weight.ndim in (2, 4):
            names[name.replace(".", "_")] = name
            names[name.removesuffix(".0").replace(".", "_")] = name
            if _known(name, table):
                names[original(name, table).replace(".", "_")] = name
    return names


def _known(name: str, table: Mapping[str, str]) -> bool:
    return any(name == stem or name.startswith(stem + ".") for stem in table)


def _canonical(stem: str) -> str:
    for prefix in _PREFIXES:
        stem = stem.removeprefix(prefix)
    return stem.replace(".processor.", ".").replace(".", "_")


def _fits(tensors: Tensors, keys: Mapping[str, str], weight: Tensor) -> bool:
    down, up = tensors.shapes[keys["down"]], tensors.shapes[keys["up"]]
    return (len(down) >= 2 and len(up) >= 2 and down[0] == up[1] > 0 and math.prod(up[1:]) == up[1]
            and up[0] == weight.shape[0] and math.prod(down[1:]) == math.prod(weight.shape[1:]))


def _alphas(tensors: Tensors) -> dict[str, float]:
    """Alphas that peft wrote into the file's notes: module -> alpha, and under "" the one for all others."""
    try:
        notes = json.loads(tensors.notes.get("lora_adapter_metadata", "{}"))
        found = {str(name): float(alpha) for name, alpha in notes.get("unet.alpha_pattern", {}).items()}
        return found | ({"": float(notes["unet.lora_alpha"])} if "unet.lora_alpha" in notes else {})
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _other_base(tensors: Tensors, plan: Mapping[str, Mapping[str, str]], stem: str, family: str) -> VjError:
    widths = [math.prod(tensors.shapes[keys["down"]][1:]) for name, keys in plan.items() if "attn2" in name
              and _canonical(name).endswith(("to_k", "to_v"))]
    made_for = family_of_width(widths[0]) if widths else None
    if made_for is not None and made_for != family:
        return VjError(f"{tensors.path} is a LoRA for {FAMILIES[made_for]} and the model is {FAMILIES[family]}: "
                       f"take one for {FAMILIES[family]}, or a model of {FAMILIES[made_for]}")
    return VjError(f"{tensors.path} is a LoRA for another model: it changes {stem}, which this {FAMILIES[family]} "
                   "model does not have in that shape, so take a LoRA made for it")


def _held(scale: float) -> float:
    scale = float(scale)
    return min(max(scale, -MOST), MOST) if math.isfinite(scale) else 0.0
