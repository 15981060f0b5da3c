"""The diffusion models that are open, and their LoRAs; what cannot be had is told, and what there is goes on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vj.clock import now
from vj.generators._opening import Aside, HungError
from vj.params.props import FULL
from vj.types import VjError

if TYPE_CHECKING:
    from vj.models.diffusion.ahead import Ahead
    from vj.models.diffusion.engine import Engine

    Opening = Callable[[str, Mapping[str, str], str, Callable[[str], None]], Engine]

KEPT = 2
"""Models open at once: one for each deck."""
REST_S = 5.0
"""Before a file that failed is tried again, and before the same sentence is told again."""
HANG_S, ALONE_HANG_S = 120.0, 150.0
"""Seconds without a step after which a model that is opened aside counts as hung. Where there is no other to draw with
the process is silent, and its supervisor has it started again before.
"""
HUNG_REST_S = 300.0


def open_engine(name: str, files: Mapping[str, str], device: str, say: Callable[[str], None]) -> Engine:
    """The model's engine. Raises VjError, a sentence with the cure, where there is none."""
    from vj.models.device import check_device
    from vj.models.diffusion.blueprint import decoder_for
    from vj.models.diffusion.engine import Engine
    from vj.models.diffusion.loader import open_parts
    from vj.models.diffusion.marks import beside
    from vj.models.diffusion.store import Store

    check_device(device)
    place = Store.open().find(files.get(f"model/{name}", name))
    with beside(device):
        parts = open_parts(place, device, vae=decoder_for(place, fine=FULL in files))
    return Engine.open(parts, tell=say)


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
    """Models by name. ``loading`` is told a name before what takes long, and again while it comes further; ``say``
    hears sentences, and without it what cannot be had is an error.

    ``live``: prompts are read ahead, and a model is opened in a thread of its own while the ones there go on drawing.
    """

    def __init__(self, device: str, loading: Callable[[str], None], say: Callable[[str], None] | None = None,
                 opening: Opening = open_engine, *, live: bool = False) -> None:
        self._device, self._loading, self._say, self._opening = device, loading, say, opening
        self._live = live
        self._open: OrderedDict[str, Opened] = OrderedDict()
        self._of_deck: dict[str, str] = {}
        self._wanted: dict[str, str] = {}
        self._aside: tuple[str, Aside] | None = None
        self._rests: dict[str, tuple[float, str]] = {}
        self._told: dict[str, float] = {}

    def use(self, deck: str, name: str, files: Mapping[str, str]) -> tuple[str, Opened] | None:
        """A deck's model and its name; while the one asked for is opened, or where it cannot be had, the one that it
        had goes on. None: it had none, and its first is being opened.

        Raises VjError where it can have none.
        """
        self._wanted[deck] = name
        self._leave_unwanted()
        before = self._of_deck.get(deck, "")
        try:
            found = name if name in self._open or self._begin(name, files) else before
        except VjError as error:
            if before not in self._open:
                raise
            self.mention(f"{error}; {before} goes on")
            found = before
        if found not in self._open:
            return None
        self._open.move_to_end(found)
        self._of_deck[deck] = found
        if found != before:
            self._drop_idle(KEPT)
        return found, self._open[found]

    def tune(self, model: Opened, scales: Mapping[str, float], files: Mapping[str, str]) -> bool:
        """Give a model the LoRAs that are asked for at their scales, and take the others out of it; whether it draws
        differently now.
        """
        loras, there = model.engine.parts.loras, model.loras
        gone = [name for name in there if name not in scales]
        for name in gone:
            loras.drop(there.pop(name))
        for name in scales:
            if name not in there:
                self._load_lora(model, name, files)
        turned = bool(there) and loras.set({there[name]: scale for name, scale in scales.items() if name in there})
        return bool(gone) or turned

    def read(self, model: Opened, texts: Iterable[str]) -> None:
        """These prompts are in the air or may come, the ones in the air first."""
        if model.ahead is None and self._live:
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
        if self._aside is not None:
            self._aside[1].close()
            self._aside = None
        while self._open:
            self._open.popitem()[1].close()

    # -------------------------------------------------------------------------------------- opening

    def _begin(self, name: str, files: Mapping[str, str]) -> bool:
        """Open it, or go on opening it; whether it is open now. Raises VjError where it cannot be."""
        key = f"model/{name}"
        self._check_rest(key)
        try:
            engine = self._opened(name, files)
        except VjError as error:
            self._rests[key] = max(self._rests.get(key, (0.0, ""))[0], now() + REST_S), str(error)
            raise
        if engine is not None:
            self._open[name] = Opened(engine)
        return engine is not None

    def _opened(self, name: str, files: Mapping[str, str]) -> Engine | None:
        """Opened beside those that are in use; where that fails, those that nobody uses may have been in the way."""
        try:
            return self._fetched(name, files)
        except VjError as error:
            if isinstance(error, HungError) or not self._drop_idle(0):
                raise
        return self._fetched(name, files)

    def _fetched(self, name: str, files: Mapping[str, str]) -> Engine | None:
        """The engine; where models are opened aside, None until it is there."""
        if self._aside is None:
            self._loading(name)
        if not self._live or self._device.startswith("mps"):  # Metal takes the work of one thread at a time
            return self._work(name, files)
        if self._aside is None:
            self._aside = name, Aside(lambda: self._work(name, files), lambda: self._loading(name))
            self._aside[1].start()
        which, aside = self._aside
        if not aside.done:
            self._check_hang(which, aside)
            return None
        self._aside = None
        if which == name:
            return aside.result()
        self._take_in(which, aside)
        return None

    def _take_in(self, name: str, aside: Aside) -> None:
        """What was opened for a deck that does not ask any more stays until it does, or until room is needed."""
        try:
            self._open[name] = Opened(aside.result())
        except VjError as error:
            self._rests[f"model/{name}"] = now() + REST_S, str(error)

    def _work(self, name: str, files: Mapping[str, str]) -> Engine:
        try:
            return self._opening(name, files, self._device, self._say or (lambda _: None))
        except VjError:
            raise
        except Exception as error:  # libraries raise all kinds for a file or a device that is not right
            raise VjError(f"the model {name} cannot be opened ({type(error).__name__}: "
                          f"{' '.join(str(error).split())[:160]})") from error

    def _check_hang(self, name: str, aside: Aside) -> None:
        """Raises VjError, and leaves the thread to itself, where it has come no further for too long."""
        if aside.silence < (HANG_S if self._open else ALONE_HANG_S):
            return
        aside.stop()
        self._aside = None
        why = f"the model {name} could not be read, its files do not answer: look at the disk, then choose it again"
        self._rests[f"model/{name}"] = now() + HUNG_REST_S, why  # the thread may hold its files as long as that
        raise HungError(why)

    def _leave_unwanted(self) -> None:
        """Another was chosen before this one was there."""
        if self._aside is not None and self._aside[0] not in self._wanted.values():
            self._aside[1].stop()
            self._aside = None

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
            self._loading(f"the LoRA {name}")
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
