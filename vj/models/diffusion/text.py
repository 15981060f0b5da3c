"""What a prompt says, as numbers: CLIP's token embeddings, a bounded memory of them, and mixtures of several.

One text is 77 tokens, the beginning and the end included; what is longer is cut, as every model of these families
was taught. SDXL reads a text with two encoders and also takes one vector for the whole of it (pooled).
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vj.types import VjError

if TYPE_CHECKING:
    from torch import Tensor

TOKENS = 77
LONGEST = 20_000
"""Characters looked at: far more than 77 tokens hold, few enough that a book in a text field costs no time."""
KEPT = 64
"""Texts remembered: for SDXL one is 0.6 MB."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """One text, or a mixture: ``tokens`` (77, D) float32, ``pooled`` (P,) float32 for SDXL, else None."""

    tokens: Tensor
    pooled: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """One CLIP text encoder with its tokenizer. ``layer`` is the hidden state taken: None the last, normed."""

    tokenizer: Any
    model: Any
    layer: int | None = None

    def read(self, text: str) -> tuple[Tensor, Tensor | None]:
        """Tokens (77, D) float32 and, from an encoder with a projection, the whole text's vector (P,)."""
        import torch

        ids = self.tokenizer(text[:LONGEST], padding="max_length", max_length=TOKENS, truncation=True)["input_ids"]
        with torch.no_grad():
            out = self.model(torch.tensor([ids], device=self.model.device), output_hidden_states=self.layer is not None)
        tokens = out.last_hidden_state if self.layer is None else out.hidden_states[self.layer]
        whole = out.text_embeds if hasattr(out, "text_embeds") else None
        return tokens[0].float(), None if whole is None else whole[0].float()

    def unheard(self, text: str) -> str:
        """The end of ``text`` that does not fit into the 77 tokens."""
        places = self.tokenizer(text[:LONGEST], max_length=TOKENS, truncation=True, return_offsets_mapping=True)
        return text[max(end for _, end in places["offset_mapping"]):].strip()


class Encoder:
    """Reads texts and remembers the last ones. Any thread may ask.

    ``lock`` is held while a text is read: who captures a CUDA graph holds it, so that nothing else is launched then.
    ``blank_is_zero``: SDXL was taught that no negative prompt is all zeros.
    """

    def __init__(self, readers: Sequence[Reader], *, kept: int = KEPT, blank_is_zero: bool = False) -> None:
        self.lock = threading.Lock()
        self._readers, self._kept, self._blank_is_zero = tuple(readers), kept, blank_is_zero
        self._known: OrderedDict[str, Embedding] = OrderedDict()
        self._shelf = threading.Lock()
        self._leaving: deque[Embedding] = deque(maxlen=8)

    @property
    def device(self) -> Any:
        """The torch device it reads on; None without a reader."""
        return self._readers[0].model.device if self._readers else None

    def encode(self, text: str) -> Embedding:
        """One text on the model's device; any text at all, the empty one included. Remembered."""
        found = self.known(text)
        if found is not None:
            return found
        with self.lock:
            found = self.known(text)
            return found if found is not None else self._keep(text, self._read(text))

    def encode_negative(self, text: str) -> Embedding:
        """What the picture shall not be; for SDXL an empty one is all zeros."""
        read = self.encode(text)
        if text.strip() or not self._blank_is_zero:
            return read
        return Embedding(read.tokens * 0.0, None if read.pooled is None else read.pooled * 0.0)

    def known(self, text: str) -> Embedding | None:
        """The text's embedding if it is remembered; reads nothing and waits for no reading."""
        with self._shelf:
            if text in self._known:
                self._known.move_to_end(text)
            return self._known.get(text)

    def unheard(self, text: str) -> str:
        """The end of a text that is too long for the model, as it will be left out; "" if all of it is heard."""
        return min((reader.unheard(text) for reader in self._readers), key=len)

    def _keep(self, text: str, embedding: Embedding) -> Embedding:
        """Onto the shelf. What leaves it is held a while: a picture on its way may still be drawn from it."""
        with self._shelf:
            self._known[text] = embedding
            if len(self._known) > self._kept:
                self._leaving.append(self._known.popitem(last=False)[1])
        return embedding

    def _read(self, text: str) -> Embedding:
        import torch

        parts = [reader.read(text) for reader in self._readers]
        pooled = next((whole for _, whole in reversed(parts) if whole is not None), None)
        tokens = torch.cat([tokens for tokens, _ in parts], dim=-1)
        if tokens.is_cuda:  # read on one stream, drawn from on another
            torch.cuda.current_stream(tokens.device).synchronize()
        return Embedding(tokens, pooled)


def mixture(embeddings: Sequence[Embedding], weights: Sequence[float]) -> Embedding:
    """The weighted mean with its norm put back, token by token.

    The order does not matter, so faders that cross make no step. A token that is alike in all (CLIP's first always
    is) stays what it is. Weights of 0 in all count as even. Raises VjError for no embedding at all.
    """
    if not embeddings or len(embeddings) != len(weights):
        raise VjError(f"a mixture takes a weight for each text, not {len(weights)} for {len(embeddings)}")
    shares = _shares(weights)
    tokens = _mean([e.tokens for e in embeddings], shares)
    if any(e.pooled is None for e in embeddings):
        return Embedding(tokens)
    return Embedding(tokens, _mean([e.pooled for e in embeddings if e.pooled is not None], shares))


def _shares(weights: Sequence[float]) -> list[float]:
    kept = [max(float(weight), 0.0) for weight in weights]
    total = sum(kept)
    return [weight / total for weight in kept] if total > 0.0 else [1.0 / len(kept)] * len(kept)


def _mean(vectors: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """Mean over the last axis's vectors, as long as they are in the mean. Opposite vectors meet in the plain mean."""
    import torch

    from vj.models.diffusion.marks import sent

    rows = torch.stack(list(vectors)).float()
    share = sent(torch.tensor(shares), rows.device).reshape(-1, *[1] * (rows.ndim - 1))
    mean = (rows * share).sum(0)
    wanted = (rows.norm(dim=-1, keepdim=True) * share).sum(0)
    length = mean.norm(dim=-1, keepdim=True)
    return torch.where(length > wanted * 1e-3, mean * (wanted / length.clamp_min(1e-12)), mean)
