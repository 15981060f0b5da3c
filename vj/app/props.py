"""Models, LoRAs and pictures as the command line names them, looked at before a show begins."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from vj.models.diffusion.profile import PROFILES
from vj.options import Options
from vj.params.props import FULL, LORA, MODEL, PICTURE, Props, named
from vj.types import VjError

LOOK = "lucid_garden"
"""The look that a model is shown with where none was asked for."""
CAMERA = "camera"


def equipped(options: Options) -> Options:
    """Whoever brings a model wants to see it."""
    wanted = options.model and options.look is None and not options.resume
    return replace(options, look=LOOK) if wanted else options


def looked_at(options: Options) -> Options:
    """Raises VjError, with the cure, for a model that could not be opened, as far as configs and headers tell.

    Not where a show goes on after a crash: then whatever can be shown is shown.
    """
    if options.model and not options.resume:
        from vj.models.diffusion.store import Store

        store = Store.open()
        for text in options.model:
            store.check(text)
    return options


def props_of(options: Options) -> Props:
    """What the command line brings. Raises VjError for a name that is none, or a path where nothing is."""
    files: dict[str, str] = {}
    models = [_model(text, files) for text in options.model]
    for kind, texts in ((LORA, options.lora), (PICTURE, options.picture)):
        for text in texts:
            key, path = named(text, kind, files)
            files[key] = _there(kind, path)
    if options.quality == "full":
        files[FULL] = "full"
    return Props(files, models[0] if models else "")


def _model(text: str, files: dict[str, str]) -> str:
    """The name under which hands choose a model that is named or whose path is given."""
    if text in PROFILES:
        return text
    if not Path(text).expanduser().exists():
        raise VjError(f"--model: there is no model {text!r}: take one of {', '.join(PROFILES)}, or give the path of a "
                      "diffusers folder or a .safetensors file")
    name = re.sub(r"[^a-z0-9_.-]+", "_", Path(text).expanduser().resolve().stem.lower())[:40].lstrip(".-") or "model"
    key, path = named(f"{name}={text}", MODEL, files)
    files[key] = _there(MODEL, path)
    return name


def _there(kind: str, path: str) -> str:
    """A path as a process with another folder finds it. Raises VjError where nothing is."""
    if kind == PICTURE and path.split(":", 1)[0] == CAMERA:
        return path
    place = Path(path).expanduser().resolve()
    if not place.exists():
        raise VjError(f"--{kind}: there is nothing at {path}")
    return str(place)
