"""Prompts as embeddings: equal to diffusers' own pipelines, bounded, mixed without pops, read ahead of time."""

from __future__ import annotations

import threading
import time
import warnings
from pathlib import Path
from typing import Any

import diffusion_kit as kit
import pytest
import torch

from vj.models.diffusion.ahead import Ahead
from vj.models.diffusion.loader import Parts, open_parts
from vj.models.diffusion.text import Embedding, Encoder, mixture
from vj.models.diffusion.words import clip_vocabulary, open_tokenizer
from vj.types import VjError

TEXTS = ("", "a red fox in the snow", "🦊 neon, ночь, 夜", "word " * 200, "x" * 10_000, "Tab\tand\nnew line ",
         "<|endoftext|>")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    for family in ("sd1", "sd2", "sdxl"):
        getattr(kit, family)(folder / family)
    return folder


@pytest.fixture(scope="module")
def parts(shelf: Path) -> dict[str, Parts]:
    return {family: open_parts(shelf / family, vae="full") for family in ("sd1", "sd2", "sdxl")}


def theirs(folder: Path, text: str) -> tuple[torch.Tensor, torch.Tensor | None]:
    import diffusers

    kind = diffusers.StableDiffusionXLPipeline if folder.name == "sdxl" else diffusers.StableDiffusionPipeline
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipe = _pipes.setdefault(folder, kind.from_pretrained(folder, local_files_only=True))
    found = pipe.encode_prompt(text, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=False)
    return found[0][0], found[2][0] if folder.name == "sdxl" else None


_pipes: dict[Path, Any] = {}


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_as_diffusers_pipeline_reads_it(shelf: Path, parts: dict[str, Parts], family: str,
                                                      text: str) -> None:
    tokens, pooled = theirs(shelf / family, text)
    ours = parts[family].encoder.encode(text)
    assert ours.tokens.shape == (77, kit.WIDTH * (2 if family == "sdxl" else 1))
    assert ours.tokens.dtype == torch.float32
    torch.testing.assert_close(ours.tokens, tokens, atol=1e-6, rtol=1e-5)
    assert (ours.pooled is None) == (pooled is None)
    if ours.pooled is not None:
        torch.testing.assert_close(ours.pooled, pooled, atol=1e-6, rtol=1e-5)


def test_no_negative_prompt_is_zeros_for_sdxl_alone(parts: dict[str, Parts]) -> None:
    nothing = parts["sdxl"].encoder.encode_negative("  ")
    assert not nothing.tokens.any()
    assert nothing.pooled is not None
    assert not nothing.pooled.any()
    assert parts["sdxl"].encoder.encode_negative("rain").tokens.any()
    for family in ("sd1", "sd2"):
        encoder = parts[family].encoder
        assert torch.equal(encoder.encode_negative("").tokens, encoder.encode("").tokens)


def test_what_does_not_fit_is_told(parts: dict[str, Parts]) -> None:
    encoder = parts["sd1"].encoder
    assert encoder.unheard("a fox") == ""
    assert encoder.unheard("") == ""
    assert encoder.unheard("a" * 100) == "a" * 25  # this vocabulary has a token for each letter
    assert encoder.unheard("b " * 60_000).startswith("b b")


# ------------------------------------------------------------------------------------------------ memory


class Letters:
    """A reader whose text encoder counts, waits when told to, and cannot read a word."""

    def __init__(self) -> None:
        self.read_: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.model = torch.nn.Linear(1, 1)
        self.model.device = torch.device("cpu")  # type: ignore[assignment]

    def read(self, text: str) -> tuple[torch.Tensor, None]:
        self.gate.wait(5.0)
        if text == "unreadable":
            raise RuntimeError("no such letter")
        self.read_.append(text)
        generator = torch.Generator().manual_seed(len(text) + sum(map(ord, text)))
        return torch.randn(77, 4, generator=generator), None


@pytest.fixture
def letters() -> Letters:
    return Letters()


def test_a_text_is_read_once_and_the_oldest_is_forgotten(letters: Letters) -> None:
    encoder = Encoder([letters], kept=2)  # type: ignore[list-item]
    assert encoder.encode("a") is encoder.encode("a")
    encoder.encode("b")
    encoder.encode("a")
    encoder.encode("c")
    assert letters.read_ == ["a", "b", "c"]
    assert encoder.known("a") is not None
    assert encoder.known("b") is None


def test_what_is_known_is_given_while_another_text_is_read(letters: Letters) -> None:
    encoder = Encoder([letters])  # type: ignore[list-item]
    known = encoder.encode("a")
    with encoder.lock:
        assert encoder.known("a") is known
        assert encoder.encode("a") is known


# ------------------------------------------------------------------------------------------------ mixtures


def test_a_mixture_keeps_the_norm_and_the_first_token(parts: dict[str, Parts]) -> None:
    a, b = (parts["sdxl"].encoder.encode(text) for text in ("a red fox", "blue smoke"))
    assert torch.equal(a.tokens[0], b.tokens[0])  # CLIP's first token never sees the text
    half = mixture([a, b], [0.5, 0.5])
    torch.testing.assert_close(half.tokens[0], a.tokens[0])
    wanted = (a.tokens.norm(dim=-1) + b.tokens.norm(dim=-1)) / 2
    torch.testing.assert_close(half.tokens.norm(dim=-1), wanted)
    assert a.pooled is not None
    assert b.pooled is not None
    assert half.pooled is not None
    torch.testing.assert_close(half.pooled.norm(), (a.pooled.norm() + b.pooled.norm()) / 2)
    torch.testing.assert_close(mixture([a, b], [3.0, 0.0]).tokens, a.tokens)


def test_faders_that_cross_make_no_step() -> None:
    generator = torch.Generator().manual_seed(0)
    three = [Embedding(torch.randn(77, 8, generator=generator)) for _ in range(3)]
    before, after = (mixture(three, [0.5, 0.25 + e, 0.25 - e]).tokens for e in (-1e-4, 1e-4))
    assert (before - after).norm() < 1e-3 * before.norm()
    turned = mixture([three[2], three[0], three[1]], [0.2, 0.5, 0.3]).tokens
    torch.testing.assert_close(turned, mixture(three, [0.5, 0.3, 0.2]).tokens)


def test_mixtures_of_odd_weights_are_still_finite() -> None:
    a, b = Embedding(torch.ones(77, 4)), Embedding(-torch.ones(77, 4))
    assert torch.isfinite(mixture([a, b], [0.5, 0.5]).tokens).all()
    torch.testing.assert_close(mixture([a, a], [0.0, 0.0]).tokens, a.tokens)
    torch.testing.assert_close(mixture([a, b], [1.0, -5.0]).tokens, a.tokens)
    zero = Embedding(torch.zeros(77, 4))
    torch.testing.assert_close(mixture([zero, zero], [0.5, 0.5]).tokens, zero.tokens)
    with pytest.raises(VjError, match="a mixture takes a weight for each text, not 1 for 2"):
        mixture([a, b], [1.0])
    with pytest.raises(VjError, match="not 0 for 0"):
        mixture([], [])


# ------------------------------------------------------------------------------------------------ ahead of time


def until(said: Any) -> None:
    end = time.monotonic() + 5.0
    while not said():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_the_mixture_changes_in_one_step_when_its_last_text_is_read(letters: Letters) -> None:
    ahead = Ahead(Encoder([letters]))  # type: ignore[list-item]
    try:
        first = ahead.settle((("a", 1.0),))
        assert ahead.mixture((("a", 1.0),)) is first
        letters.gate.clear()
        wish = (("b", 0.5), ("c", 0.5), ("later", 0.0))
        assert ahead.mixture(wish) is first
        letters.gate.set()
        until(lambda: ahead.mixture(wish) is not first)
        both = ahead.mixture(wish)
        assert both is ahead.mixture(wish)
        assert both is not None
        expected = mixture([ahead._encoder.encode("b"), ahead._encoder.encode("c")], [0.5, 0.5])
        assert torch.equal(both.tokens, expected.tokens)
        until(lambda: letters.read_ == ["a", "b", "c", "later"])  # what may come is read too, after what is asked for
    finally:
        ahead.close()


def test_what_is_no_longer_wanted_is_not_read(letters: Letters) -> None:
    ahead = Ahead(Encoder([letters]))  # type: ignore[list-item]
    try:
        letters.gate.clear()
        ahead.want([f"old {n}" for n in range(20)])
        ahead.want(["new"])
        letters.gate.set()
        until(lambda: "new" in letters.read_)
        assert len(letters.read_) <= 2
    finally:
        ahead.close()


def test_a_text_that_cannot_be_read_is_told_and_stops_nothing(letters: Letters) -> None:
    ahead = Ahead(Encoder([letters]))  # type: ignore[list-item]
    try:
        assert ahead.mixture((("unreadable", 1.0),)) is None
        until(lambda: ahead.trouble != "")
        assert ahead.trouble == "the prompt 'unreadable' could not be read: no such letter"
        ahead.want(["fine"])
        until(lambda: letters.read_ == ["fine"])
        assert ahead.mixture((("fine", 1.0),)) is not None
    finally:
        ahead.close()


def test_no_text_at_all_is_the_empty_text(letters: Letters) -> None:
    ahead = Ahead(Encoder([letters]))  # type: ignore[list-item]
    empty = ahead.settle(())
    assert letters.read_ == [""]
    assert ahead.settle((("x", 0.0),)) is empty
    ahead.close()
    ahead.want(["after the end"])
    assert letters.read_ == [""]


# ------------------------------------------------------------------------------------------------ words


def test_vjs_own_vocabulary_is_clips() -> None:
    vocabulary, merges = clip_vocabulary()
    assert (len(vocabulary), len(merges)) == (49408, 48894)
    tokenizer = open_tokenizer(None)
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]  # CLIP's own numbers
    assert tokenizer.pad_token_id == 49407
    assert open_tokenizer(None, "!").pad_token_id == 0


@pytest.mark.parametrize("pad", ["!", "<|endoftext|>"])
def test_a_models_tokenizer_is_read_as_transformers_reads_it(tmp_path: Path, pad: str) -> None:
    from transformers import CLIPTokenizer

    kit.tokenizer(tmp_path, pad=pad)
    (tmp_path / "merges.txt").write_text("#version: 0.2\nf o\nfo x</w>\n", "utf-8")
    kit.spoil(tmp_path / "vocab.json", {"fo": 514, "fox</w>": 515})
    ours = open_tokenizer(tmp_path, size=516)
    other = CLIPTokenizer.from_pretrained(str(tmp_path), local_files_only=True)
    for text in TEXTS[:4]:
        how = {"padding": "max_length", "max_length": 77, "truncation": True}
        assert ours(text, **how).input_ids == other(text, **how).input_ids
    assert 515 in ours("a fox").input_ids


@pytest.mark.parametrize(("file", "content", "said"), [
    ("merges.txt", "#version: 0.2\nonly-one\n", "merges.txt is missing or damaged"),
    ("merges.txt", "#version: 0.2\nno such\n", "does not belong to its vocab.json"),
    ("vocab.json", '{"a": 0}', "has no '<|startoftext|>', so it is not CLIP's"),
    ("vocab.json", '{"a": "b"}', "does not belong to its text encoder"),
    ("vocab.json", "nothing", "is damaged")])
def test_a_damaged_tokenizer_is_one_sentence(tmp_path: Path, file: str, content: str, said: str) -> None:
    kit.tokenizer(tmp_path, pad="!")
    (tmp_path / file).write_text(content, "utf-8")
    with pytest.raises(VjError) as caught:
        open_tokenizer(tmp_path, size=514)
    assert said in str(caught.value)
