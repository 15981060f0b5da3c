"""Prompts read ahead of time, in a thread of their own, so that no picture waits for a text encoder."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from vj.models.diffusion.text import Embedding, Encoder, mixture

Prompt = tuple[tuple[str, float], ...]
"""A mixture: texts with their weights, those of weight 0 being texts that may come."""
MOST = 32
"""Texts wanted at once."""


class Ahead:
    """Mixtures of texts that are read already, and a thread that reads the others.

    The mixture changes in one step, when the last of its texts is there: until then the one before stands.
    ``trouble`` is why a text could not be read, "" if none.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.trouble = ""
        self._encoder = encoder
        self._wanted: tuple[str, ...] = ()
        self._failed: set[str] = set()
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._stream: Any = None
        self._prompt: Prompt | None = None
        self._present: Embedding | None = None

    def want(self, texts: Iterable[str]) -> None:
        """These will be needed, the first one first; what was wanted before and not read yet is forgotten."""
        wanted = tuple(dict.fromkeys(texts))[:MOST]
        if wanted == self._wanted or self._closed:
            return
        with self._news:
            self._wanted = wanted
            self._failed &= set(wanted)
            self._news.notify()
            if self._thread is None and self._next() is not None:
                self._thread = threading.Thread(target=self._work, name="prompts", daemon=True)
                self._thread.start()

    def mixture(self, prompt: Prompt) -> Embedding | None:
        """The mixture now. While a text of it is not read yet: the one before; None if there was none.

        The same object as long as nothing changes, so that whoever copies it can tell. Never waits.
        """
        self.want(_ordered(prompt))
        if prompt == self._prompt:
            return self._present
        known = [(self._encoder.known(text), weight) for text, weight in _heard(prompt)]
        ready = [(embedding, weight) for embedding, weight in known if embedding is not None]
        return self._present if len(ready) < len(known) else self._settled(prompt, ready)

    def settle(self, prompt: Prompt) -> Embedding:
        """The mixture, whatever has to be read for it first: for pictures that are not live."""
        if prompt == self._prompt and self._present is not None:
            return self._present
        return self._settled(prompt, [(self._encoder.encode(text), weight) for text, weight in _heard(prompt)])

    def close(self) -> None:
        """Let the thread end after the text it is at."""
        with self._news:
            self._closed = True
            self._news.notify()
        if self._thread is not None:
            self._thread.join()

    def _settled(self, prompt: Prompt, ready: Sequence[tuple[Embedding, float]]) -> Embedding:
        self._present = ready[0][0] if len(ready) == 1 else mixture([e for e, _ in ready], [w for _, w in ready])
        self._prompt = prompt
        return self._present

    def _next(self) -> str | None:
        return next((text for text in self._wanted if text not in self._failed
                     and self._encoder.known(text) is None), None)

    def _work(self) -> None:
        while (text := self._await()) is not None:
            try:
                with self._aside():
                    self._encoder.encode(text)
            except Exception as error:  # a text that cannot be read is told, not thrown into a show
                self.trouble = f"the prompt {text[:40]!r} could not be read: {error}"
                self._failed.add(text)

    def _await(self) -> str | None:
        """The next text to read, or None at the end."""
        with self._news:
            while not self._closed and self._next() is None:
                self._news.wait()
            return None if self._closed else self._next()

    def _aside(self) -> AbstractContextManager[Any]:
        """On CUDA a stream of its own, so that pictures and prompts run side by side."""
        import torch

        device = self._encoder.device
        if device is None or device.type != "cuda":
            return nullcontext()
        make: Any = torch.cuda.Stream
        self._stream = self._stream or make(device)
        return torch.cuda.stream(self._stream)


def _heard(prompt: Prompt) -> list[tuple[str, float]]:
    """The texts with a weight; without any the empty text."""
    return [(text, weight) for text, weight in prompt if weight > 0.0] or [("", 1.0)]


def _ordered(prompt: Prompt) -> list[str]:
    """What has a weight first."""
    return [text for text, _ in _heard(prompt)] + [text for text, weight in prompt if weight <= 0.0]
