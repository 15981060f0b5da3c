"""The diffusion models that are open, and their LoRAs; what cannot be had is told, and what there is goes on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vj.clock import now
from vj.types import VjError

if TYPE_CHECKING:
    from vj.models.diffusion.ahead import Ahead
    from vj.models.diffusion.engine import Engine

    Opening = Callable[[str, Mapping[str, str], str, Callable[[str], None]], Engine]

KEPT = 2
"""Models open at once: one for each deck."""
REST_S = 5.0
"""Before a file that failed is tried again, and before the same sentence is told again."""


def open_engine(name: str, files: Mapping[str, str], device: str, say: Callable[[str], None]) -> Engine:
    """The model's engine. Raises VjError, a sentence with the cure, where there is none."""
    from vj.models.diffusion.engine import Engine
    from vj.models.diffusion.loader import open_parts
    from vj.models.diffusion.store import Store

    place = Store.open().find(files.get(f"model/{name}", name))
    return Engine.open(open_parts(place, device, vae="tiny" if place.decoder else "full"), tell=say)


def free_memory() -> None:
    """Give what a closed model held back to the device, so that the next one finds it free."""
    import gc

    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@dataclass(slots=True)
class Opened:
    """A model at work: its engine, the LoRAs that are in it (as the performer calls them -> as the model does), and
    who reads prompts before they are needed.
    """

    engine: Engine
    loras: dict[str, str] = field(default_factory=dict)
    ahead: Ahead | None = None

    def close(self) -> None:
        """Give everything back."""
        if self.ahead is not None:
            self.ahead.close()
        self.engine.close()


class Models:
    """Models by name. ``loading`` is told a name before what takes long; ``say`` hears sentences, and without it what
    cannot be had is an error. Where ``early``, prompts are read ahead.
    """

    def __init__(self, device: str, loading: Callable[[str], None], say: Callable[[str], None] | None = None,
                 opening: Opening = open_engine, *, early: bool = False) -> None:
        self._device, self._loading, self._say, self._opening = device, loading, say, opening
        self._early = early
        self._open: OrderedDict[str, Opened] = OrderedDict()
        self._of_deck: dict[str, str] = {}
        self._rests: dict[str, tuple[float, str]] = {}
        self._told: dict[str, float] = {}

    def use(self, deck: str, name: str, files: Mapping[str, str]) -> tuple[str, Opened]:
        """A deck's model and its name; where the one asked for cannot be had, the one that it had goes on.

        Raises VjError where there is neither.
        """
        try:
            model = self._open.get(name) or self._begin(deck, name, files)
        except VjError as error:
            name = self._of_deck.get(deck, "")
            if name not in self._open:
                raise
            self.mention(str(error))
            model = self._open[name]
        self._open.move_to_end(name)
        self._of_deck[deck] = name
        return name, model

    def tune(self, model: Opened, scales: Mapping[str, float], files: Mapping[str, str]) -> None:
        """Give a model the LoRAs that are asked for at their scales, and take the others out of it."""
        loras, there = model.engine.parts.loras, model.loras
        for name in [name for name in there if name not in scales]:
            loras.drop(there.pop(name))
        for name in scales:
            if name not in there:
                self._load_lora(model, name, files)
        if there:
            loras.set({there[name]: scale for name, scale in scales.items() if name in there})

    def read(self, model: Opened, texts: Iterable[str]) -> None:
        """These prompts are in the air or may come, the ones in the air first."""
        if model.ahead is None and self._early:
            from vj.models.diffusion.ahead import Ahead

            model.ahead = Ahead(model.engine.parts.encoder)
            model.engine.waits = False
        if model.ahead is not None:
            model.ahead.want(texts)
            if model.ahead.trouble:
                self.mention(model.ahead.trouble)

    def mention(self, sentence: str) -> None:
        """Tell a sentence, and not the same one with every image. Raises it where nobody listens."""
        if self._say is None:
            raise VjError(sentence)
        if now() - self._told.get(sentence, -REST_S) >= REST_S:
            self._told = {said: at for said, at in self._told.items() if now() - at < REST_S} | {sentence: now()}
            self._say(sentence)

    def close(self) -> None:
        """Give everything back."""
        while self._open:
            self._open.popitem()[1].close()

    # -------------------------------------------------------------------------------------- opening

    def _begin(self, deck: str, name: str, files: Mapping[str, str]) -> Opened:
        key = f"model/{name}"
        self._check_rest(key)
        self._loading(name)
        try:
            model = Opened(self._opened(name, files))
        except VjError as error:
            self._rests[key] = now() + REST_S, str(error)
            raise
        self._open[name], self._of_deck[deck] = model, name
        self._drop_idle(KEPT)
        return model

    def _opened(self, name: str, files: Mapping[str, str]) -> Engine:
        """Opened beside those that are in use; where that fails, those that nobody uses may have been in the way."""
        try:
            return self._opening(name, files, self._device, self._say or (lambda _: None))
        except VjError:
            if not self._drop_idle(0):
                raise
        return self._opening(name, files, self._device, self._say or (lambda _: None))

    def _drop_idle(self, most: int) -> bool:
        """Of more than ``most`` models let those go that no deck uses, the longest unused first; whether any went."""
        idle = [name for name in self._open if name not in self._of_deck.values()]
        gone = idle[:max(len(self._open) - most, 0)]
        for name in gone:
            self._open.pop(name).close()
        if gone:
            free_memory()
        return bool(gone)

    def _load_lora(self, model: Opened, name: str, files: Mapping[str, str]) -> None:
        key = f"lora/{name}"
        rest = f"{id(model)} {key}"
        try:
            self._check_rest(rest)
            if key not in files:
                raise VjError(f"there is no LoRA {name!r}: start vj with --lora {name}=PATH")
            model.loras[name] = model.engine.parts.loras.load(Path(files[key]).expanduser(), name)
        except VjError as error:
            if now() >= self._rests.get(rest, (0.0, ""))[0]:
                self._rests[rest] = now() + REST_S, str(error)
            self.mention(str(error))

    def _check_rest(self, key: str) -> None:
        """Raises VjError, the one of before, where a file failed a moment ago."""
        until, why = self._rests.get(key, (0.0, ""))
        if now() < until:
            raise VjError(why)
