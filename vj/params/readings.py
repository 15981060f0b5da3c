"""What can be read and not turned: the tree's other half, and what the ears and the beat clock say in it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from vj.params.spec import integer, number, text
from vj.registry import suggest
from vj.types import BANDS, Beat, Features, ParamSpec, Value, VjError

NOTES = ("c", "cs", "d", "ds", "e", "f", "fs", "g", "gs", "a", "as", "b")
"""The pitch classes as path words: OSC keeps ``#`` for itself."""
PHRASES = (4, 8, 16, 32)
"""Bars of the phrases that the beat clock counts."""
LOTS = 1_000_000_000
"""Upper end of what is only counted."""

SOUND = (
    number("rms", 0.0, help="Loudness against the loudest of the last seconds."),
    number("peak", 0.0, 0.0, 8.0, help="The largest sample since the last tick; 1 is full scale."),
    number("loudness", -70.0, -70.0, 10.0, unit="LUFS", help="Momentary loudness (EBU R128, 400 ms)."),
    number("onset", 0.0, help="The strongest onset of any kind in the last twentieth of a second."),
    number("kick", 0.0, help="A kick, as strong as that, for a twentieth of a second."),
    number("snare", 0.0, help="A snare or clap, as strong as that, for a twentieth of a second."),
    number("hat", 0.0, help="A hi-hat, as strong as that, for a twentieth of a second."),
    number("centroid", 0.0, 0.0, 20000.0, unit="Hz", help="Where the spectrum's weight lies: how bright it sounds."),
    number("flux", 0.0, help="How much is new in the whole spectrum."),
    number("flatness", 0.0, help="0 is tones, 1 is noise."),
    number("percussive", 0.0, help="How loud the hits are by themselves."),
    number("harmonic", 0.0, help="How loud the held notes are by themselves."),
    number("key", 0.0, help="The tonic's place on the circle of fifths, as a hue: C is 0, G 1/12."),
    number("key_strength", 0.0, help="How clear the key is."),
    number("energy", 0.0, help="How full the music is against its own last minute."),
    number("breakdown", 0.0, help="How surely the drums have left."),
    number("drop", 0.0, help="The drums and the bass have come back within a twentieth of a second."),
)
BAND = (
    number("level", 0.0, help="The band's energy, smoothed."),
    number("hits", 0.0, help="What is new in the band, falling in a sixth of a second."),
    number("presence", 0.0, help="The band's energy over four seconds."),
    number("time", 0.0, 0.0, float(LOTS), unit="s", help="The integral of level: a clock that runs with the energy."),
)
CHROMA = tuple(number(note, 0.0, help=f"How much {note[0].upper()}{' sharp' * (len(note) - 1)} is sounding.")
               for note in NOTES)
BEAT = (
    number("bpm", 120.0, 0.0, 400.0, unit="bpm", help="The tempo."),
    integer("count", 0, -LOTS, LOTS, unit="beats", help="Whole beats since the start."),
    number("phase", 0.0, help="Where in the beat the music is."),
    number("bar_phase", 0.0, help="Where in the bar the music is."),
    integer("bars", 0, -LOTS, LOTS, unit="bars", help="Whole bars since the first one that was found."),
    number("confidence", 0.0, help="How sure the clock is of the beat."),
    text("source", "audio", help="The clock that leads: audio, tap, midi, link or osc."),
    *(number(f"phrase{bars}", 0.0, help=f"Where in a phrase of {bars} bars the music is.") for bars in PHRASES),
)
HEARD: Mapping[str, Sequence[ParamSpec]] = {
    "audio": SOUND, **{f"audio/{name}": BAND for name, _, _ in BANDS}, "audio/chroma": CHROMA, "beat": BEAT,
}
"""Mount -> what ``heard`` fills there."""

_SOUND = tuple(spec.name for spec in SOUND)
_HITS = ("onset", "kick", "snare", "hat", "drop")
HOLD = 0.05
"""Seconds that a hit can be read: who looks thirty times a second misses none."""


class Holding:
    """``heard``, with hits that stand for ``HOLD`` seconds."""

    def __init__(self) -> None:
        self._hits: dict[str, tuple[float, float]] = {}

    def heard(self, features: Features) -> Iterator[tuple[str, Mapping[str, Value]]]:
        """What one tick's features say, mount by mount; of the hits, the strongest of the last moment."""
        for name in _HITS:
            strength, since = self._hits.get(name, (0.0, features.time))
            now = getattr(features, name)
            if now >= strength or not 0.0 <= features.time - since < HOLD:
                self._hits[name] = (now, features.time)
        for mount, values in heard(features):
            yield mount, values if mount != "audio" else {**values, **{n: hit for n, (hit, _) in self._hits.items()}}


def heard(features: Features) -> Iterator[tuple[str, Mapping[str, Value]]]:
    """What one tick's features say, mount by mount, as ``HEARD`` declares it."""
    yield "audio", {name: getattr(features, name) for name in _SOUND}
    for name, band in features.bands.items():
        yield f"audio/{name}", {"level": band.level, "hits": band.hits, "presence": band.presence, "time": band.time}
    yield "audio/chroma", dict(zip(NOTES, features.chroma, strict=True))
    yield "beat", _position(features.beat)


def _position(beat: Beat) -> dict[str, Value]:
    values: dict[str, Value] = {
        "bpm": beat.bpm, "count": beat.count, "phase": beat.phase, "bar_phase": beat.bar_phase, "bars": beat.bars,
        "confidence": beat.confidence, "source": beat.source}
    for bars in PHRASES:
        values[f"phrase{bars}"] = (beat.bars % bars + beat.bar_phase) / bars
    return values


class Readings:
    """Values by path ``/mount/name`` that the program writes and nobody else.

    ``report`` keeps the mapping it is given and copies nothing, so it costs next to nothing a tick, and another
    thread sees one tick's values of a mount or the next one's, never a mixture.
    """

    def __init__(self) -> None:
        self._specs: dict[str, dict[str, ParamSpec]] = {}
        self._values: dict[str, Mapping[str, Value]] = {}

    def declare(self, mount: str, specs: Sequence[ParamSpec]) -> None:
        """Put ``specs`` under ``mount``, in place of what was there."""
        self._specs[mount] = {spec.name: spec for spec in specs}
        self._values[mount] = {}

    def names(self, mount: str) -> set[str]:
        """What is declared under ``mount``."""
        return set(self._specs.get(mount, {}))

    def report(self, mount: str, values: Mapping[str, Value]) -> None:
        """The values under ``mount`` from now on; don't change the mapping afterwards. A mount that nobody declared
        is not kept: there is nobody to read it.
        """
        if mount in self._specs:
            self._values[mount] = values

    def items(self) -> Iterator[tuple[str, ParamSpec, Value]]:
        """Everything that can be read as (path, spec, value now)."""
        for mount, specs in list(self._specs.items()):
            values = self._values[mount]
            for name, spec in specs.items():
                yield f"/{mount}/{name}", spec, _sound(spec, values)

    def paths(self) -> list[str]:
        """Every path, in order of declaration."""
        return [f"/{mount}/{name}" for mount, specs in self._specs.items() for name in specs]

    def holds(self, path: str) -> bool:
        """Is there something to read at ``path``?"""
        mount, _, name = path.strip("/").rpartition("/")
        return name in self._specs.get(mount, {})

    def value(self, path: str) -> Value:
        """The value now, the rest value before the first report. Raises VjError naming the nearest path."""
        mount, _, name = path.strip("/").rpartition("/")
        spec = self._specs.get(mount, {}).get(name)
        if spec is None:
            raise VjError(f"there is nothing to read at {path!r}{suggest(path, self.paths())}")
        return _sound(spec, self._values[mount])


def _sound(spec: ParamSpec, values: Mapping[str, Value]) -> Value:
    """The reported value, or rest where there is none or it is no number."""
    value = values.get(spec.name, spec.default)
    return spec.default if isinstance(value, float) and not math.isfinite(value) else value
