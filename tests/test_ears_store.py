"""Pieces come back from disk as they were saved, and a song never changes its split."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from ears import store  # noqa: E402


def tone(seconds: float, rate: int) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.mark.parametrize("rate", store.RATES)
def test_a_piece_comes_back_sample_by_sample(tmp_path: Path, rate: int) -> None:
    sound = tone(1.3, rate)
    path = store.save(tmp_path, "midi", "one", sound, rate, [0.25, 0.75, 1.25], [0.75], "Song", "a package", meter=3)
    [piece] = store.pieces(tmp_path)
    assert piece == store.read(path)
    assert (piece.beats, piece.downbeats, piece.meter) == ((0.25, 0.75, 1.25), (0.75,), 3)
    assert (piece.song, piece.split, piece.source) == ("Song", store.split_of("Song"), "a package")
    back, heard_rate = piece.sound()
    assert heard_rate == rate
    assert len(back) == len(sound)
    assert np.abs(back - sound).max() < 1e-4


def test_sound_is_resampled_without_a_shift(tmp_path: Path) -> None:
    sound = np.zeros(44_100, np.float32)
    sound[22_050] = 1.0
    path = store.save(tmp_path, "midi", "tick", sound, 44_100, [], [], "Tick", "")
    back, rate = store.read_sound(path, 48_000)
    assert rate == 48_000
    assert abs(int(np.abs(back).argmax()) - 24_000) <= 1


def test_splits_are_stable_and_have_their_shares() -> None:
    assert [store.split_of(song) for song in "agb"] == ["test", "test", "train"]
    counts = Counter(store.split_of(f"song {n}") for n in range(4000))
    for split, share in zip(store.SPLITS, store.SHARES, strict=True):
        assert counts[split] / 4000 == pytest.approx(share, abs=0.03)


def test_pieces_are_chosen_by_split_and_kind(tmp_path: Path) -> None:
    for n in range(12):
        kind = ("midi", "mma")[n % 2]
        store.save(tmp_path, kind, f"p{n}", tone(0.1, 44_100), 44_100, [], [], f"song {n}", "")
    assert {piece.kind for piece in store.pieces(tmp_path, kind="mma")} == {"mma"}
    split = store.split_of("song 0")
    assert "p0" in {piece.name for piece in store.pieces(tmp_path, split)}
    assert {piece.split for piece in store.pieces(tmp_path, split)} == {split}
    assert len(list(store.pieces(tmp_path))) == 12


def test_a_mix_is_given_its_split(tmp_path: Path) -> None:
    store.save(tmp_path, "mix", "m", tone(0.1, 44_100), 44_100, [], [], "of many", "", split="test")
    assert next(store.pieces(tmp_path)).split == "test"


def test_an_unfinished_piece_is_not_there(tmp_path: Path) -> None:
    path = store.save(tmp_path, "midi", "one", tone(0.1, 44_100), 44_100, [], [], "Song", "")
    assert store.has(tmp_path, "midi", "one")
    path.with_suffix(".json").unlink()
    assert not store.has(tmp_path, "midi", "one")
    assert not list(store.pieces(tmp_path))


@pytest.mark.parametrize(("beats", "downbeats", "name", "split"), [
    ([0.5, 0.5], [], "one", None),
    ([-0.1, 0.5], [], "one", None),
    ([0.5, 1.5], [], "one", None),
    ([0.5], [0.25], "one", None),
    ([0.5], [], "No Name", None),
    ([0.5], [], "../one", None),
    ([0.5], [], "one", "exam"),
])
def test_nonsense_is_refused(tmp_path: Path, beats: list[float], downbeats: list[float], name: str,
                             split: str | None) -> None:
    with pytest.raises(ValueError, match=r"rise|downbeat|letters|none of"):
        store.save(tmp_path, "midi", name, tone(1, 44_100), 44_100, beats, downbeats, "Song", "", split=split)
    assert not list(tmp_path.rglob("*.json"))


def test_a_strange_json_is_told(tmp_path: Path) -> None:
    path = store.save(tmp_path, "midi", "one", tone(0.1, 44_100), 44_100, [], [], "Song", "")
    path.with_suffix(".json").write_text("{}")
    with pytest.raises(ValueError, match="not a piece"):
        list(store.pieces(tmp_path))


def test_home_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VJ_BEAT_MUSIC", "/somewhere")
    assert store.home() == Path("/somewhere")
    monkeypatch.delenv("VJ_BEAT_MUSIC")
    assert store.home().parts[-2:] == ("vj", "beat_music")
