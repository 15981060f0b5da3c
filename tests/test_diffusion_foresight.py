"""Looking ahead: what comes as foreseen is there already, what surprises is drawn at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import diffusion_kit as kit
import numpy as np
import pytest
import torch

from vj.models.diffusion import frame
from vj.models.diffusion.engine import Engine
from vj.models.diffusion.foresight import CLOSE, LATEST_S, LEAST, NEAR, Foresight, Way, alike
from vj.models.diffusion.loader import Parts, open_parts
from vj.models.diffusion.shot import CrowdedError, Feedback, Shot
from vj.types import LatentPoint

DT = 1 / 60
SHOT = Shot(LatentPoint((1.0, 0.0, 0.0)), 1, (64, 64), (("a reef", 1.0),), dt=DT)


class Sketch:
    """Draws where a shot stands: the double of an engine. ``batches`` is how many it drew at a time, ``rewound`` to
    which picture of a batch it went back. ``takes``: seconds of a picture by its own clock.
    """

    def __init__(self, takes: float | None = None) -> None:
        self.batches: list[int] = []
        self.rewound: list[int] = []
        self.takes = takes
        self.broken, self.room = False, 8

    def begin(self, shot: Shot) -> Sketch.Ticket:
        return self.begin_ahead([shot])

    def begin_ahead(self, shots: Sequence[Shot]) -> Sketch.Ticket:
        if self.broken:
            raise RuntimeError("no")
        if len(shots) > self.room:
            raise CrowdedError("no room")
        self.batches.append(len(shots))
        return Sketch.Ticket([np.array([*shot.point.weights, shot.point.kick_angle, shot.strength])
                              for shot in shots], None if self.takes is None else self.takes * len(shots))

    def trace(self, deck: str) -> int:
        return len(self.batches)

    def rewind(self, deck: str, trace: int, row: int) -> None:
        self.rewound.append(row)

    class Ticket:
        ready = True

        def __init__(self, drawn: list[np.ndarray], takes: float | None) -> None:
            self.drawn, self.takes = drawn, takes

        def pixels(self) -> list[np.ndarray]:
            return self.drawn

        def seconds(self) -> float | None:
            return self.takes


def at(travel: float, kick: float = 0.0, **more: object) -> Shot:
    point = LatentPoint((math.cos(travel), math.sin(travel) * 0.6, math.sin(travel) * 0.8), 3, kick)
    return replace(SHOT, point=point, **more)


class Show:
    """Asks at each tick, as a show does."""

    def __init__(self, takes: float | None = None) -> None:
        self.sketch = Sketch(takes)
        self.ahead = Foresight(self.sketch)
        self.tick = 0

    def ask(self, shot: Shot, most: int = 4, ticks: float = 1.0) -> np.ndarray | None:
        self.tick += ticks
        pick = self.ahead.begin(shot, self.tick * DT, most)
        return None if pick is None else pick.pixels()


def test_a_steady_walk_is_drawn_four_at_a_time_and_each_picture_is_shown_when_it_is_due() -> None:
    show = Show()
    for n in range(21):
        assert show.ask(at(0.02 * n)) == pytest.approx([*at(0.02 * n).point.weights, 0.0, 1.0], abs=1e-6)
    assert show.sketch.batches == [1, 4, 4, 4, 4, 4, 4], "the next four are begun with the last of the four before"
    assert (show.ahead.used, show.ahead.wasted) == (20, 0)


def test_where_the_device_takes_long_the_next_batch_is_begun_earlier() -> None:
    show = Show(takes=0.4 * DT)
    batches = []
    for n in range(20):
        show.ask(at(0.02 * n))
        batches.append(len(show.sketch.batches))
    assert np.diff(batches)[:9].tolist() == [1, 0, 1, 0, 0, 0, 1, 0, 0]
    assert show.ahead.wasted == 0


@pytest.mark.parametrize(("takes", "dt", "rows"), [(0.001, 1 / 60, 8), (0.006, 1 / 60, 4), (0.012, 1 / 60, 2),
                                                  (0.03, 1 / 60, 1), (0.002, 1 / 20, 2), (0.002, 0.5, 1)])
def test_no_batch_is_so_long_that_a_kick_would_be_late_or_so_far_that_nobody_knows(takes: float, dt: float,
                                                                                  rows: int) -> None:
    show = Show(takes)
    for n in range(40):
        show.ask(at(0.02 * n), 8, dt / DT)
    assert max(show.sketch.batches) == rows
    assert rows == 1 or takes * rows <= LATEST_S


def test_a_picture_is_not_shown_before_its_time_nor_after_it() -> None:
    show = Show()
    for n in range(3):
        show.ask(at(0.02 * n))
    assert show.ask(at(0.02 * 2.4), ticks=0.4) is None, "the last one stands: the next is not due yet"
    assert show.ask(at(0.02 * 3.0), ticks=0.6) == pytest.approx([*at(0.06).point.weights, 0.0, 1.0], abs=1e-6)
    late = show.ask(at(0.02 * 5.0), ticks=2.0)
    assert late == pytest.approx([*at(0.1).point.weights, 0.0, 1.0], abs=1e-6)


def test_a_kick_is_drawn_at_once_and_alone_and_its_dying_is_foreseen() -> None:
    show = Show()
    kicks = [0.0] * 7 + [0.5 * 0.9**n for n in range(13)]
    for n, kick in enumerate(kicks):
        drawn = show.ask(at(0.02 * n, kick))
        assert drawn is not None
        assert drawn[3] == pytest.approx(kick, abs=LEAST)
    assert show.sketch.batches[:4] == [1, 4, 4, 1], "the hit itself waits for nobody else"
    assert show.sketch.batches[4:] == [4, 4, 4, 4]
    assert show.ahead.wasted == 2
    assert show.sketch.rewound == [1], "the calm goes on from the last picture that was shown"


def test_a_fader_and_prompts_on_their_way_are_foreseen() -> None:
    way = Way(at(0.0, strength=0.5, prompt=(("a", 0.2), ("b", 0.8))),
              at(0.1, strength=0.45, prompt=(("a", 0.3), ("b", 0.7))), 2.0, DT)
    assert [way.at(2.0 + n * DT).strength for n in range(3)] == pytest.approx([0.45, 0.4, 0.35])
    assert way.at(2.0 + 2 * DT).prompt == (("a", pytest.approx(0.5)), ("b", pytest.approx(0.5)))
    assert way.at(2.0 + 2.5 * DT).point.weights == pytest.approx(at(0.35).point.weights)
    assert way.at(2.0 + 90 * DT).strength == 0.0


@pytest.mark.parametrize("more", [{"seed": 2}, {"size": (72, 64)}, {"prompt": (("a wood", 1.0),)}, {"steps": 2},
                                  {"strength": 0.9}, {"deck": "b"}, {"guidance": 2.0}, {"negative": "fog"}])
def test_what_changes_is_drawn_at_once(more: dict[str, object]) -> None:
    show = Show()
    for n in range(2):
        show.ask(at(0.02 * n))
    show.ask(at(0.04, **more))
    assert show.sketch.batches == [1, 4, 1]
    assert show.ahead.wasted == 3


@pytest.mark.parametrize("more", [{"feedback": Feedback(0.2)}, {"source": np.zeros((8, 8, 3), np.uint8)}])
def test_what_needs_the_picture_before_is_drawn_one_by_one(more: dict[str, object]) -> None:
    show = Show()
    for n in range(6):
        show.ask(at(0.02 * n, **more))
    assert show.sketch.batches == [1] * 6


def test_the_views_pan_does_not_matter_where_nothing_is_fed_back() -> None:
    show = Show()
    for n in range(5):
        show.ask(at(0.02 * n, feedback=Feedback(0.0, x=0.01 * n, angle=-0.02 * n)))
    assert show.sketch.batches == [1, 4, 4]
    assert not alike(at(0.0, feedback=Feedback(0.2, x=0.1)), at(0.0, feedback=Feedback(0.2, x=0.2)))


def test_a_cut_to_another_place_is_no_walk() -> None:
    show = Show()
    show.ask(at(0.0))
    show.ask(at(1.0))
    show.ask(at(1.02))
    assert show.sketch.batches == [1, 1, 4]


def test_a_walk_whose_speed_breathes_stays_close_to_where_it_should_be() -> None:
    show = Show()
    travel, before = 0.0, 0.0
    for n in range(200):
        before, travel = travel, travel + 0.02 * (1.0 + 0.3 * math.sin(n / 15))
        drawn = show.ask(at(travel))
        assert drawn is not None
        off = math.acos(min(float(np.dot(drawn[:3], at(travel).point.weights)), 1.0))
        assert off <= max(NEAR, CLOSE * (travel - before)) + 1e-6
    assert show.ahead.used > 150


def test_where_nothing_comes_as_foreseen_hardly_anything_is_foreseen() -> None:
    show = Show()
    travel = np.cumsum(np.abs(np.random.default_rng(1).normal(0.05, 0.05, 600)))
    for place in travel:
        show.ask(at(float(place)))
    assert show.ahead.wasted < 150, "of 600 pictures"


def test_one_at_a_time_is_one_at_a_time() -> None:
    show = Show()
    for n in range(5):
        show.ask(at(0.02 * n), 1)
    assert show.sketch.batches == [1] * 5
    for n in range(5, 8):
        show.ask(at(0.02 * n), 4)
    show.ask(at(0.16), 1)
    assert show.sketch.batches[-1] == 1
    assert show.ahead.wasted == 1


def test_a_show_that_goes_back_in_time_is_no_steady_one() -> None:
    show = Show()
    for n in range(3):
        show.ask(at(0.02 * n))
    assert show.ask(at(0.06), ticks=-2) is not None
    assert show.sketch.batches == [1, 4, 1]


def test_an_engine_that_fails_leaves_nothing_behind() -> None:
    show = Show()
    for n in range(4):
        show.ask(at(0.02 * n))
    show.sketch.broken = True
    with pytest.raises(RuntimeError):
        show.ask(at(0.08))
    show.sketch.broken = False
    assert show.ask(at(0.10)) == pytest.approx([*at(0.10).point.weights, 0.0, 1.0])


def test_without_memory_for_a_batch_fewer_are_drawn_at_once() -> None:
    show = Show()
    show.sketch.room = 2
    for n in range(12):
        assert show.ask(at(0.02 * n)) == pytest.approx([*at(0.02 * n).point.weights, 0.0, 1.0], abs=1e-6)
    assert show.sketch.batches[:4] == [1, 1, 2, 2]
    assert max(show.sketch.batches) == 2


# ------------------------------------------------------------------------------- on a real engine


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    torch.set_num_threads(1)
    home = tmp_path_factory.mktemp("models")
    return open_parts(kit.sd2(home / "model"), tiny=kit.taesd(home / "tiny"))


def walked(count: int, kick_at: int = 999, calm: float = 0.4) -> list[Shot]:
    prompts = [(("a reef", 1.0 - n / 80), ("a wood", n / 80)) for n in range(1, count + 1)]
    kicks = [0.0 if n < kick_at else 0.6 * 0.8 ** (n - kick_at) for n in range(count)]
    return [at(0.03 * n, kicks[n], calm=calm, prompt=prompts[n]) for n in range(count)]


def drawn_ahead(parts: Parts, shots: Sequence[Shot]) -> tuple[list[np.ndarray], Foresight]:
    ahead = Foresight(Engine.open(parts))
    picks = [ahead.begin(shot, n * DT, 4) for n, shot in enumerate(shots)]
    return [pick.pixels().astype(int) for pick in picks if pick is not None], ahead


@pytest.mark.parametrize("calm", [0.0, 0.6])
def test_pictures_foreseen_are_the_pictures_that_would_have_been_drawn(parts: Parts, calm: float) -> None:
    shots = walked(18, calm=calm)
    engine = Engine.open(parts)
    plain = [engine.draw(shot).astype(int) for shot in shots]
    found, ahead = drawn_ahead(parts, shots)
    assert len(found) == len(plain)
    assert ahead.used == 17
    assert max(np.abs(a - b).max() for a, b in zip(found, plain, strict=True)) <= 1, "of 255"


def test_after_a_kick_the_calm_goes_on_from_what_was_shown(parts: Parts) -> None:
    shots = walked(16, kick_at=7)
    engine = Engine.open(parts)
    plain = [engine.draw(shot).astype(int) for shot in shots]
    found, ahead = drawn_ahead(parts, shots)
    assert ahead.wasted == 2
    apart = [np.abs(a - b).max() for a, b in zip(found, plain, strict=True)]
    assert max(apart) <= 2, "the picture shown is remembered in 256 steps"


def test_a_lack_of_memory_for_a_batch_does_not_shrink_the_pictures(parts: Parts,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    shots = walked(10)
    engine = Engine.open(parts)
    plain = [engine.draw(shot).astype(int) for shot in shots]
    printing = frame.Plate.print

    def short(plate: frame.Plate) -> None:
        if plate.kind.rows > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        printing(plate)

    monkeypatch.setattr(frame.Plate, "print", short)
    found, ahead = drawn_ahead(parts, shots)
    assert ahead.used == 0
    assert max(np.abs(a - b).max() for a, b in zip(found, plain, strict=True)) <= 1
