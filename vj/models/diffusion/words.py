"""CLIP's tokenizer, from a model's own files or from the vocabulary that comes with vj.

All models of these families were taught with one vocabulary; they differ in what fills up a short text.
"""

from __future__ import annotations

import lzma
from functools import lru_cache
from pathlib import Path
from typing import Any

from vj.models.diffusion.inspect import read_config
from vj.types import VjError

BEGIN, END = "<|startoftext|>", "<|endoftext|>"
SIZE = 49408
"""Tokens of the vocabulary: 256 bytes, the same at a word's end, 48,894 merges, begin and end."""
_FILE = Path(__file__).with_name("vocabulary.txt.xz")
_MERGES_LIMIT = 16_000_000


def open_tokenizer(folder: Path | None, pad: str = END, *, size: int = SIZE) -> Any:
    """A ``transformers.CLIPTokenizer`` from a model's ``folder``, or vj's own for an encoder of ``size`` tokens.

    Raises VjError where the folder's files are damaged, or there are none and the encoder has another vocabulary.
    """
    if folder is None or not (folder / "vocab.json").is_file():
        if size != SIZE:
            raise VjError(f"the text encoder knows {size} tokens, not CLIP's {SIZE}: put the model's tokenizer files "
                          "(vocab.json, merges.txt) beside it, in a folder tokenizer")
        return _tokenizer(*clip_vocabulary(), pad)
    vocabulary = read_config(folder / "vocab.json")
    if not all(isinstance(number, int) and 0 <= number < size for number in vocabulary.values()):
        raise VjError(f"{folder / 'vocab.json'} does not belong to its text encoder of {size} tokens: "
                      "fetch the model again")
    return _tokenizer(vocabulary, _merges(folder / "merges.txt"), _pad(folder, pad))


@lru_cache(maxsize=1)
def clip_vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """CLIP's tokens with their numbers, and its merges in their order."""
    lines = lzma.decompress(_FILE.read_bytes()).decode("utf-8").splitlines()
    merges = [_pair(line) for line in lines]
    symbols = [chr(code) for code in _byte_symbols()]
    tokens = [*symbols, *(symbol + "</w>" for symbol in symbols), *(a + b for a, b in merges), BEGIN, END]
    return {token: number for number, token in enumerate(tokens)}, merges


def _tokenizer(vocabulary: dict[str, int], merges: list[Any], pad: str) -> Any:
    from transformers import CLIPTokenizer

    missing = next((token for token in (BEGIN, END, pad) if token not in vocabulary), None)
    if missing is not None:
        raise VjError(f"the model's vocabulary has no {missing!r}, so it is not CLIP's: fetch the model again")
    try:
        return CLIPTokenizer(vocab=vocabulary, merges=merges, pad_token=pad, model_max_length=10**6)
    except Exception as error:  # the tokenizer's own library raises bare exceptions for merges that do not fit
        raise VjError(f"the model's merges.txt does not belong to its vocab.json ({error}): fetch the model again"
                      ) from error


def _merges(path: Path) -> list[tuple[str, str]]:
    try:
        if path.stat().st_size > _MERGES_LIMIT:
            raise VjError(f"{path} is too large for a list of merges: fetch the model again")
        lines = path.read_text("utf-8").split("\n")
        return [_pair(line) for line in lines if line and not line.startswith("#version")]
    except (OSError, ValueError) as error:
        raise VjError(f"{path} is missing or damaged: fetch the model again") from error


def _pair(line: str) -> tuple[str, str]:
    first, second = line.split()
    return first, second


def _pad(folder: Path, otherwise: str) -> str:
    """What fills up a short text, as the folder says: a string, or an object with its content."""
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        if (folder / name).is_file():
            pad = read_config(folder / name).get("pad_token")
            pad = pad.get("content") if isinstance(pad, dict) else pad
            if isinstance(pad, str):
                return pad
    return otherwise


def _byte_symbols() -> list[int]:
    """A visible code point for each byte, as GPT-2's byte pairs have it: Latin-1's visible ones, then from 256 on."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return visible + list(range(0x100, 0x100 + 256 - len(visible)))
