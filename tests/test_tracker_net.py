"""The net that runs is the net that was trained; lessons and school teach what they say they teach."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from vj.audio.tracker.front import FRAMES, SIZE
from vj.audio.tracker.net import BIGGEST, CUT, KEPT, SPARED, STACK, STEP, WEIGHTS, BeatNet, GatedLayer, packed, unpacked
from vj.types import VjError

torch = pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from ears.lessons import CHANGE, FRESH, MIDDLE, Heard, Lessons, aims, between, echoed  # noqa: E402
from ears.school import Net, School, net_of, save  # noqa: E402

DELAY = 0.06


def levels(frames: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).exponential(1.0, (frames, SIZE)).astype(np.float32)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(3)
    net = Net(24)
    net.mean += torch.rand(SIZE)
    net.spread *= 0.5 + torch.rand(SIZE)
    save(net, DELAY, tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors"


def answers(net: BeatNet, heard: np.ndarray) -> np.ndarray:
    return np.array([net.step(frame) for frame in heard])


def test_numpy_says_what_torch_says(weights: Path) -> None:
    heard = levels(400)
    net = net_of(0, weights, heard).eval()
    with torch.no_grad():
        chances, tempi, _ = (part[0] for part in net(torch.from_numpy(heard)[None]))
    trained = torch.sigmoid(chances).numpy()
    beats = BeatNet.open(weights)
    told = answers(beats, heard)
    assert np.all(told[:STACK - 1] == 0.0)
    assert np.abs(told[STACK - 1:] - trained[:len(trained) - STACK + 1]).max() < 1e-5
    assert trained.std() > 1e-3
    assert beats.tempi == pytest.approx(tempi[-1].numpy(), abs=1e-5)
    assert tempi.std() > 1e-3


def test_a_packed_matrix_comes_back_to_half_a_step_and_all_else_as_it_was() -> None:
    weights = np.random.default_rng(2).normal(0.0, [[0.01], [3.0], [0.0]], (3, 50)).astype(np.float32)
    kept = packed("matrix", weights)
    assert (kept["matrix"].dtype, kept["matrix" + STEP].dtype) == (np.int8, np.float16)
    back = unpacked(kept)
    assert list(back) == ["matrix"]
    largest = np.abs(weights).max(axis=1, keepdims=True)
    assert np.all(np.abs(back["matrix"] - weights) <= largest * 0.51 / 127)
    assert np.abs(back["matrix"] - weights).max() > 0.0, "eight bits are not all of it"
    bias = np.linspace(-1.0, 1.0, 9, dtype=np.float32)
    assert unpacked(packed("bias", bias))["bias"] == pytest.approx(bias, abs=5e-4)


def test_the_delay_holds_the_wait_for_a_step(weights: Path) -> None:
    assert BeatNet.open(weights).delay == pytest.approx(DELAY + (STACK - 1) / FRAMES)


def test_a_cut_is_told_once_when_the_net_is_sure_and_most_of_the_old_is_forgotten(weights: Path) -> None:
    heard = levels(700)
    with torch.no_grad():
        net = net_of(0, weights, heard).eval()
        net.change.weight[:] = torch.randn(1, 24)
        chances = torch.sigmoid(net(torch.from_numpy(heard)[None])[2][0]).numpy()
        usual = np.quantile(chances, 0.7)  # after which three steps in ten are above what is a cut
        net.change.bias += float(np.log(CUT / (1.0 - CUT)) - np.log(usual / (1.0 - usual)))
        save(net, DELAY, weights)
        chances = torch.sigmoid(net_of(0, weights, heard).eval()(torch.from_numpy(heard)[None])[2][0]).numpy()
    beats = BeatNet.open(weights)
    cuts = [n for n, frame in enumerate(heard) if beats.step(frame) and beats.cut]
    spared = round(SPARED * FRAMES)
    steps = (np.arange(len(chances)) + 1) * STACK - 1
    assert cuts[0] == steps[(chances > CUT) & (steps + 1 >= spared)][0]
    assert len(cuts) > 1
    assert np.diff(cuts).min() >= spared
    one, other = BeatNet.open(weights), BeatNet.open(weights)
    one._change = None
    for frame in heard[:cuts[0] + 1]:
        one.step(frame)
        other.step(frame)
    for layer, less in zip(one._layers, other._layers, strict=True):
        assert np.allclose(KEPT * layer.state, less.state, atol=1e-6)


def test_weights_that_know_no_cuts_open_and_tell_none(weights: Path) -> None:
    from safetensors.numpy import load_file, save_file

    save_file({name: part for name, part in load_file(weights).items() if not name.startswith("change")}, weights)
    net = BeatNet.open(weights)
    assert answers(net, levels(400)).std() > 1e-3
    assert not net.cut


def test_a_gated_layer_is_torchs() -> None:
    torch.manual_seed(5)
    cell = torch.nn.GRUCell(7, 5)
    layer = GatedLayer(*(part.detach().numpy() for part in (cell.weight_ih, cell.weight_hh, cell.bias_ih,
                                                            cell.bias_hh)))
    state = torch.zeros(1, 5)
    for heard in torch.randn(50, 7) * 3.0:
        state = cell(heard[None], state)
        assert np.allclose(layer.step(heard.numpy()), state.detach().numpy()[0], atol=1e-6)


def test_the_shipped_net_opens_and_is_silent_in_silence() -> None:
    net = BeatNet.open()
    assert WEIGHTS.stat().st_size < 1_000_000
    told = answers(net, np.zeros((6 * FRAMES, SIZE), np.float32))[FRAMES:]
    assert told.max() < 0.2


@pytest.mark.parametrize("content", [b"", b"no weights", b"\xff" * 64])
def test_what_is_no_net_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(content)
    with pytest.raises(VjError, match=r"broken\.safetensors"):
        BeatNet.open(path)


def test_a_net_of_another_shape_a_missing_one_and_a_huge_one_are_named(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "other.safetensors"
    for parts in ({"delay": np.zeros(1, np.float32)},
                  {"mean": np.zeros((3, 2), np.int8), "mean" + STEP: np.zeros(2, np.float16)},
                  {"mean" + STEP: np.zeros(2, np.float16)}):
        save_file(parts, path)
        with pytest.raises(VjError, match=r"other\.safetensors"):
            BeatNet.open(path)
    with pytest.raises(VjError, match=r"none\.safetensors"):
        BeatNet.open(tmp_path / "none.safetensors")
    path.write_bytes(bytes(BIGGEST + 1))
    with pytest.raises(VjError, match="larger"):
        BeatNet.open(path)


# ----------------------------------------------------------------------------------------------- lessons


def test_aims_are_one_on_a_beat_and_nothing_beyond_their_width() -> None:
    moments = np.arange(0.0, 2.0, 0.005)
    aim = aims(np.array([0.5, 1.5]), moments, 0.02)
    assert aim[100] == aim[300] == 1.0
    assert aim[102] == pytest.approx(0.5)
    assert np.count_nonzero(aim) == 2 * 7
    assert not aims(np.zeros(0), moments).any()


def test_between_frames_is_a_line_and_past_the_end_it_begins_again() -> None:
    frames = np.arange(6, dtype=np.float16).reshape(3, 2)
    assert between(frames, np.array([0.0, 0.25, 2.5])).tolist() == [[0.0, 1.0], [0.5, 1.5], [2.0, 3.0]]


def drummed(kind: str = "composed", beats: bool = True, seconds: float = 30.0) -> Heard:
    """Frames that are loud ``MIDDLE`` after each beat, as a front end hears them."""
    times = np.arange(0.5, seconds - 0.5, 0.5)
    moments = (np.arange(round(seconds * FRAMES)) + 1.0) / FRAMES - MIDDLE
    loud = aims(times, moments, 0.011)
    frames = (0.05 + 3.0 * loud[:, None] * np.ones(SIZE)).astype(np.float16)
    return Heard(kind, "drum", "drum", frames, times if beats else np.zeros(0), times[::4])


def test_a_crop_is_aimed_at_what_is_heard_in_it_however_it_is_stretched() -> None:
    lessons = Lessons([drummed()], 400, MIDDLE, seed=4)
    for _ in range(8):
        [frames], [aim] = lessons.batch(1)
        loud, wished = frames.mean(axis=1), aim[:, 0]
        assert aim[:, 2].all()
        lags = [float(np.corrcoef(np.roll(loud, lag), wished)[0, 1]) for lag in range(-8, 9)]
        assert int(np.argmax(lags)) == 8
        assert aim[:, 1].sum() < 0.5 * wished.sum()


def test_a_crop_is_cut_into_other_music_and_the_cut_is_told_while_it_is_fresh() -> None:
    lessons, fresh = Lessons([drummed()], 1000, MIDDLE, seed=4), round(FRESH * FRAMES)
    frames, wished = lessons.batch(60)
    cut = wished[:, :, CHANGE].any(axis=1)
    assert 0.1 < cut.mean() < 0.5
    for heard, aim in zip(frames[cut], wished[cut], strict=True):
        at = int(aim[:, CHANGE].argmax())
        assert 300 <= at < 700
        assert aim[:, CHANGE].sum() == aim[at:at + fresh, CHANGE].sum() == fresh
        for part in (slice(None, at), slice(at + 20, None)):
            lags = [float(np.corrcoef(np.roll(heard[part].mean(axis=1), lag), aim[part, 0])[0, 1])
                    for lag in range(-8, 9)]
            assert int(np.argmax(lags)) == 8, "both parts are aimed at what is heard in them"
    short = Lessons([drummed()], 400, MIDDLE, seed=4).batch(30)[1]
    assert not short[:, :, CHANGE].any(), "there is no room for one"


def test_the_delay_moves_the_aim() -> None:
    [frames], [aim] = Lessons([drummed()], 400, MIDDLE + 0.05, seed=4).batch(1)
    lags = [float(np.corrcoef(np.roll(frames.mean(axis=1), lag), aim[:, 0])[0, 1]) for lag in range(-8, 9)]
    assert int(np.argmax(lags)) - 8 in {4, 5, 6}


def test_the_same_seed_makes_the_same_lessons_and_noise_is_aimed_at_nothing() -> None:
    heard = [drummed(), drummed("negative", beats=False)]
    first, again = (Lessons(heard, 200, DELAY, seed=9).batch(6) for _ in range(2))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    silent = Lessons(heard[1:], 200, DELAY, seed=9).batch(4)[1]
    assert not silent[..., 0].any()


def test_a_room_rings_after_every_sound() -> None:
    """Half a second of reverberation: 60 dB in fifty frames, as much in all as was wished, and none in dull bands."""
    heard = np.zeros((150, 3), np.float32)
    heard[10] = 2.0
    rung = echoed(heard, 0.5, 0.7, np.array([2]))
    tail = np.sum(rung[11:] ** 2, axis=0)
    assert rung[:10].max() == 0.0
    assert rung[10].tolist() == [2.0, 2.0, 2.0]
    assert tail[:2] == pytest.approx(0.49 * 4.0, rel=0.01)
    assert tail[2] == 0.0
    assert 20 * np.log10(rung[61, 0] / rung[11, 0]) == pytest.approx(-60.0, abs=0.1)


def test_school_learns_beats() -> None:
    torch.manual_seed(1)
    lessons = Lessons([drummed()], 240, DELAY, seed=2)
    school = School(net_of(16, None, lessons.batch(8)[0]), 2e-2)
    losses = [school.learn(*lessons.batch(8), share=0.0) for _ in range(60)]
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:10])
    assert school.hear(np.zeros((41, SIZE), np.float32)).shape == (41, 2)
