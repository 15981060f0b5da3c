"""The models vj knows by name: where they lie on the hub, whose licence they come under, how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from vj.types import VjError


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms, under the ``name`` the hub gives them. ``summary`` says in short what they are, and is no advice.
    ``ask``: they must be accepted before use.
    """

    name: str
    summary: str
    ask: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    """One repository on the hub. ``kind`` is model, decoder or lora; a lora's weights are the one ``file``."""

    name: str
    repo: str
    kind: str
    licence: Licence
    file: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """A model for the stage.

    ``family`` sd1, sd2 or sdxl; ``sampler`` euler or lcm; ``steps`` is what it was taught for, ``most_steps`` what
    still helps. ``sizes`` are the sides it draws well, the usual one first. ``guided``: it hears a negative prompt.
    ``decoder`` is None where the model brings a tiny one. ``lora`` is merged in for good, at ``lora_scale``.
    """

    name: str
    help: str
    family: str
    model: Piece
    decoder: Piece | None
    sampler: str = "euler"
    steps: int = 1
    most_steps: int = 4
    sizes: tuple[int, ...] = (512, 384, 640, 768)
    guided: bool = False
    lora: Piece | None = None
    lora_scale: float = 1.0

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All that has to be fetched."""
        return tuple(piece for piece in (self.model, self.decoder, self.lora) if piece is not None)


_STABILITY = Licence(
    "sai-nc-community",
    "Stability AI's: free for research and private use; for paid shows read the licence that comes with the weights "
    "and the one on the publisher's page, which allows commercial use below a yearly revenue.")
_OPENRAIL = Licence(
    "openrail-m", "CreativeML's: commercial use is allowed; it lists uses that are not, and they bind you.")
_OPENRAIL_PP = Licence(
    "openrail++-m", "CreativeML's: commercial use is allowed; it lists uses that are not, and they bind you.")
_MIT = Licence("MIT", "Free for any use.", ask=False)

TAESD = Piece("taesd", "madebyollin/taesd", "decoder", _MIT)
TAESDXL = Piece("taesdxl", "madebyollin/taesdxl", "decoder", _MIT)
DECODERS = {"sd1": TAESD, "sd2": TAESD, "sdxl": TAESDXL}
"""Family -> the tiny decoder of its latents."""

PROFILES: dict[str, Profile] = {profile.name: profile for profile in (
    Profile("sd-turbo", "One step, the fastest at 512 x 512.", "sd2",
            Piece("sd-turbo", "stabilityai/sd-turbo", "model", _STABILITY), TAESD),
    Profile("sdxl-turbo", "One step, the finest picture; three times the work of sd-turbo.", "sdxl",
            Piece("sdxl-turbo", "stabilityai/sdxl-turbo", "model", _STABILITY), TAESDXL, sizes=(512, 640, 768, 1024)),
    Profile("lcm", "Stable Diffusion 1.5 in four steps by LCM-LoRA, under a licence made for any stage.", "sd1",
            Piece("sd15", "stable-diffusion-v1-5/stable-diffusion-v1-5", "model", _OPENRAIL), TAESD, sampler="lcm",
            steps=4, most_steps=8, guided=True,
            lora=Piece("lcm-lora", "latent-consistency/lcm-lora-sdv1-5", "lora", _OPENRAIL_PP,
                       "pytorch_lora_weights.safetensors")),
    Profile("sdxs", "One step of a network a third the size, for small GPUs.", "sd1",
            Piece("sdxs", "IDKiro/sdxs-512-dreamshaper", "model", _OPENRAIL_PP), None, most_steps=1),
)}

PIECES: dict[str, Piece] = {piece.name: piece for profile in PROFILES.values() for piece in profile.pieces}
"""Everything the hub is asked for, by vj's own name for it."""


def pieces_of(name: str) -> tuple[Piece, ...]:
    """What ``vj models fetch NAME`` brings: a profile's pieces or one piece. Raises VjError for another name."""
    if name in PROFILES:
        return PROFILES[name].pieces
    if name in PIECES:
        return (PIECES[name],)
    raise VjError(f"there is no model {name!r}: take one of {', '.join(PROFILES)}, "
                  "or give the path of a diffusers folder or a .safetensors file")
