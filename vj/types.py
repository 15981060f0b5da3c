"""The words everything speaks in: frozen data and the protocols between the parts.

Times are seconds, angles radians, levels 0..1 unless a field says otherwise.
This module imports nothing else of vj.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
    Pixels = NDArray[np.uint8]

Value = float | int | bool | str
Kind = Literal["number", "integer", "switch", "choice", "text", "colour", "trigger"]
Curve = Literal["linear", "log", "square"]
When = Literal["now", "beat", "bar"]

Values = Mapping[str, Value]
"""One mount's parameters for this tick: name -> value."""
Params = Mapping[str, Values]
"""Every parameter for this tick: mount (``a/walk``) -> name -> value. Frozen for the tick."""

BANDS: tuple[tuple[str, float, float], ...] = (
    ("sub", 20.0, 60.0),
    ("bass", 60.0, 250.0),
    ("lowmid", 250.0, 500.0),
    ("mid", 500.0, 2000.0),
    ("highmid", 2000.0, 6000.0),
    ("high", 6000.0, 16000.0),
)
"""The six bands every ear and every look knows: name, lower and upper edge in Hz."""


class VjError(Exception):
    """Something the user can mend: the message is one clear sentence, shown without a traceback."""


# --------------------------------------------------------------------------------------------- time


@dataclass(frozen=True, slots=True)
class Tick:
    """One turn of the loop. ``index`` never skips; ``dt`` is capped so a stall cannot jump a smoother."""

    index: int
    time: float
    dt: float


@dataclass(frozen=True, slots=True)
class Beat:
    """Where the music is. ``count`` whole beats since the start; phases run 0..1 and never backwards.

    ``bars`` counts whole bars of four beats since the one that ears or a hand found, negative before it. ``source``
    is the clock that leads: audio, tap, midi, link, osc.
    """

    bpm: float = 120.0
    count: int = 0
    phase: float = 0.0
    bar_phase: float = 0.0
    confidence: float = 0.0
    bars: int = 0
    source: str = "audio"


# -------------------------------------------------------------------------------------------- sound


@dataclass(frozen=True, slots=True)
class Band:
    """One frequency band after auto-gain.

    ``level`` smoothed energy; ``hits`` onset envelope; ``presence`` long-term level, all 0..1;
    ``time`` the integral of level in seconds: a clock that runs with the energy.
    """

    level: float = 0.0
    hits: float = 0.0
    presence: float = 0.0
    time: float = 0.0


@dataclass(frozen=True, slots=True)
class Features:
    """What the ears hear at one tick. The same whatever the frame rate.

    ``onset``, ``kick``, ``snare``, ``hat`` and ``drop`` hold the strongest hit since the last tick: never missed at
    30 fps, never repeated at 144. ``peak`` is the largest sample since the last tick, 1 is full scale.
    ``centroid`` in Hz; ``flux``, ``flatness``, ``percussive`` and ``harmonic`` 0..1; ``loudness`` in LUFS, momentary
    (EBU R128, 400 ms); ``key`` is the hue of the tonic on the circle of fifths, 0..1, ``key_strength`` how clear it is.
    ``energy`` is how full the music is against its own last minute, ``breakdown`` how surely the drums have left.
    """

    time: float = 0.0
    rms: float = 0.0
    bands: Mapping[str, Band] = field(default_factory=lambda: {name: Band() for name, _, _ in BANDS})
    onset: float = 0.0
    kick: float = 0.0
    snare: float = 0.0
    hat: float = 0.0
    chroma: tuple[float, ...] = (0.0,) * 12
    centroid: float = 0.0
    flux: float = 0.0
    flatness: float = 0.0
    percussive: float = 0.0
    harmonic: float = 0.0
    loudness: float = -70.0
    peak: float = 0.0
    key: float = 0.0
    key_strength: float = 0.0
    energy: float = 0.0
    breakdown: float = 0.0
    drop: float = 0.0
    beat: Beat = Beat()


# --------------------------------------------------------------------------------------- parameters


@dataclass(frozen=True, slots=True)
class ParamSpec:
    """One thing that can be turned, declared once beside the code that reads it.

    ``smooth`` is the glide's time constant in seconds. ``curve`` maps knob space 0..1 to ``lo..hi``. What is
    ``guarded`` can end or spoil a show: from a network it takes an authenticated hand. ``each``: every wish for it
    counts, as for what puts a thing into a row; elsewhere a later wish makes the earlier ones of its tick void.
    """

    name: str
    kind: Kind
    default: Value
    lo: float = 0.0
    hi: float = 1.0
    curve: Curve = "linear"
    choices: tuple[str, ...] = ()
    unit: str = ""
    smooth: float = 0.0
    live: bool = True
    help: str = ""
    guarded: bool = False
    each: bool = False


@dataclass(frozen=True, slots=True)
class ControlEvent:
    """A wish from a hand or a file; it may be refused. ``unit``: the value is in knob space 0..1.

    ``relative``: the value is added to where the parameter stands, as far as it goes; it flips a switch, and steps
    through choices. ``source`` names the surface, so that what it changed is not told to it again.
    """

    path: str
    value: Value
    source: str
    unit: bool = False
    when: When = "now"
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """Modulation: ``source`` mount's value pushes ``target`` path by ``depth`` in knob space, -1..1."""

    source: str
    target: str
    depth: float
    curve: Curve = "linear"


# ------------------------------------------------------------------------------- walk and generator


@dataclass(frozen=True, slots=True)
class Camera:
    """The known motion of a deck's view, in units of half the picture's height.

    ``zoom`` is log2: +1 is twice as close. ``vj.camera`` holds the maps.
    """

    x: float = 0.0
    y: float = 0.0
    zoom: float = 0.0
    angle: float = 0.0


@dataclass(frozen=True, slots=True)
class LatentPoint:
    """Where the walk stands: the same for every generator.

    ``weights`` (K,) on the unit sphere: a latent is ``sum_k w_k xi_k`` of K seeded unit normals.
    ``kick_seed`` and ``kick_angle``: rotate that latent by the angle towards one vector held for the hit.
    ``journey``: position along the second path in stations (styles, prompts, classes); fractions are between.
    ``camera``: the view; the compositor knows it too and fills the display frames between two images.
    ``prompts``: the texts that are mixed now, each with its weight; the weights sum to 1.
    """

    weights: tuple[float, ...]
    kick_seed: int = 0
    kick_angle: float = 0.0
    journey: float = 0.0
    camera: Camera = Camera()
    prompts: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class GenRequest:
    """All a generator may look at. Picklable. ``generator`` is its module's name; ``size`` (width, height) pixels.

    ``deck``: who asks. One generator draws for all decks; what it remembers from image to image, it remembers by deck.
    ``files``: what the command line gave names to (models, LoRAs, pictures), ``kind/name`` -> path. ``picture``: what
    the image is drawn over, by name; another deck's is put into ``image_in`` (H, W, 4) where the images are made.
    """

    generator: str
    tick: Tick
    features: Features
    params: Values
    point: LatentPoint
    seed: int
    size: tuple[int, int]
    deck: str = "a"
    files: Mapping[str, str] = field(default_factory=dict)
    picture: str = ""
    image_in: Pixels | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A generated picture: ``pixels`` uint8 (H, W, 4) RGBA, top row first. ``cost`` is seconds of work."""

    pixels: Pixels
    tick_index: int
    time: float
    camera: Camera = Camera()
    cost: float = 0.0


# ---------------------------------------------------------------------------------------- protocols


class Clock(Protocol):
    """Iterates ticks. The clock is the only difference in time between live and offline."""

    fps: float

    def __iter__(self) -> Iterator[Tick]: ...


class AudioSource(Protocol):
    """Samples in time order. ``read(until)`` gives (N, channels) float32 not read yet, up to ``until`` s."""

    rate: int
    channels: int

    def read(self, until: float) -> Samples: ...

    def close(self) -> None: ...


class Generator(Protocol):
    """A picture for a request. ``PURE``: the picture depends on the request alone.

    ``NAME``, ``HELP``, ``PARAMS`` are read without loading anything heavy: a generator's module imports torch
    only inside its methods.
    """

    NAME: str
    HELP: str
    PARAMS: tuple[ParamSpec, ...]
    PURE: bool

    def load(self, device: str) -> None: ...

    def render(self, request: GenRequest) -> Image: ...

    def close(self) -> None: ...


class ModSource(Protocol):
    """A signal -1..1 (or 0..1) for the modulation matrix."""

    NAME: str
    HELP: str
    PARAMS: tuple[ParamSpec, ...]

    def value(self, tick: Tick, features: Features, params: Values) -> float: ...


class Drive(Protocol):
    """Chooses how the walk's weights move. ``travel`` is the integrated speed in radians; the result (K,) is where the
    walk stands, of any length but zero.
    """

    NAME: str
    HELP: str
    PARAMS: tuple[ParamSpec, ...]

    def step(self, tick: Tick, features: Features, travel: float, params: Values) -> NDArray[np.float64]: ...


class Controller(Protocol):
    """A hand: translates a device into events. Holds no range, no default, no show state."""

    def start(self, emit: Callable[[ControlEvent], None]) -> None: ...

    def changed(self, path: str, value: Value, source: str) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class RunnerStatus:
    """What the runner knows of its generator. ``state``: starting, loading, ready, restarting, failed."""

    state: str = "starting"
    images: int = 0
    fps: float = 0.0
    restarts: int = 0
    dropped: int = 0
    message: str = ""


class Runner(Protocol):
    """Gives the decks' requests to a generator and hands back the newest image for each.

    ``exchange`` live: never waits, None until something newer than last time is there for ``deck``; a request (it is
    that deck's) of None only collects. Offline: waits, and the image is this request's.
    """

    status: RunnerStatus

    def exchange(self, request: GenRequest | None, deck: str = "a") -> Image | None: ...

    def close(self) -> None: ...


class Frame(Protocol):
    """A composited picture still on the GPU."""

    size: tuple[int, int]

    def read(self) -> Pixels:
        """(H, W, 4) uint8 RGBA, top row first. A copy."""
        ...


class Compositor(Protocol):
    """Draws the picture of this tick from the newest images and the effect chain."""

    def render(self, tick: Tick, features: Features, params: Params, images: Mapping[str, Image | None],
               points: Mapping[str, LatentPoint]) -> Frame: ...

    def close(self) -> None: ...


class Sink(Protocol):
    """Takes finished frames: a display, a recorder, a hash."""

    def put(self, tick: Tick, frame: Frame) -> None: ...

    def close(self) -> None: ...


# -------------------------------------------------------------------------------------------- looks


@dataclass(frozen=True, slots=True)
class SourceUse:
    """A modulation source as a look uses it: mounted at ``mod/<name>``."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Look:
    """A whole picture by name: which generator, drive, effects and sources, how they are wired and set."""

    name: str
    mood: str
    generator: str
    drive: str
    effects: tuple[str, ...]
    sources: tuple[SourceUse, ...]
    routes: tuple[Route, ...]
    values: Values
    help: str = ""
