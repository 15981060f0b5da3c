"""A whole show beside the engine: how evenly frames come while a model draws, and while none does."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benches import gpu_models, show
from benches.table import Row
from vj.config import bundled_track

LOOK = """
mood = "measured"
help = "Of the benchmark"
generator = "{generator}"
drive = "drift"
effects = ["bloom"]

[values]
"/a/deck/lines" = {lines}
"""
SLACK_MS = 1.0
"""By so much p99 may differ and count as unchanged."""


def display(name: str, tiny: bool, seconds: float) -> Row:
    """p99 of the show's frame times: with the test pattern, then with the model at work; the same look but for that."""
    size, fps, lines = ("160x90", "15", 64) if tiny else ("1280x720", "60", 512)
    found: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        folder = save(name, home / "model", tiny)
        for generator in ("test_pattern", "diffusion"):
            look = show.look(home, generator, LOOK.format(generator=generator, lines=lines))
            model = ("--model", str(folder)) if generator == "diffusion" else ()
            said = show.run(["play", str(bundled_track()), "--headless", "--no-control", "--no-midi", "--size", size,
                             "--fps", fps, "--duration", str(seconds), "--look", look, *model], home).result
            found[generator] = float(said["p99_ms"]), float(said["images_per_s"])
    (still, _), (busy, images) = found["test_pattern"], found["diffusion"]
    return Row(f"{name}: a show's frame, p99, at {fps} a second while it draws {images:.3g} pictures a second",
               f"{busy:.1f} ms, {still:.1f} ms without a model", "" if tiny else f"no more than {SLACK_MS:g} ms later",
               None if tiny else images > 0.0 and busy <= still + SLACK_MS)


def save(name: str, folder: Path, tiny: bool) -> Path:
    """The model with random weights as a diffusers folder with its tiny decoder, so that a show can open it."""
    parts = gpu_models.parts_of(name, "cpu", tiny)
    half = [parts.unet, *(reader.model for reader in parts.encoder._readers)] if not tiny else []
    for network in half:
        network.half()
    parts.unet.save_pretrained(folder / "unet")
    parts.vae.save_pretrained(folder / "vae")
    for number, reader in enumerate(parts.encoder._readers):
        reader.model.save_pretrained(folder / f"text_encoder{'_2' if number else ''}")
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(parts.scheduler), "utf-8")
    return folder
