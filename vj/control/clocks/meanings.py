"""What OSC addresses say about the beat: one table, whoever receives the packets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Meaning = Literal["beat", "downbeat", "bpm", "position", "phase", "bar_phase", "playing"]
"""beat: one is now, its number in the bar 1..4 may follow. downbeat: a bar's first is now. bpm: the tempo. position:
beats since a bar's first beat, with a fraction. phase, bar_phase: 0..1 within. playing: 1 or 0.
"""

_WORDS: Mapping[Meaning, tuple[str, ...]] = {
    "beat": ("/beat", "/beat/number", "/beat/trigger", "/clock/tick", "/beat/master", "/master/beat", "/deck/beat",
             "/vj/beat", "/dj/beat", "/onbeat"),
    "downbeat": ("/downbeat", "/beat/downbeat", "/bar", "/clock/bar", "/clock/downbeat", "/master/downbeat",
                 "/vj/downbeat"),
    "bpm": ("/bpm", "/tempo", "/clock/bpm", "/clock/tempo", "/tempo/bpm", "/beat/bpm", "/beat/tempo", "/master/bpm",
            "/master/tempo", "/bpm/master", "/bpm/current", "/bpm/master/current", "/tempo/master", "/deck/bpm",
            "/transport/bpm", "/transport/tempo", "/vj/bpm", "/dj/bpm"),
    "position": ("/clock/beat", "/clock/beats", "/beat/position", "/beats", "/transport/beat", "/transport/beats",
                 "/transport/position", "/song/position", "/beat/total"),
    "phase": ("/phase", "/beat/phase", "/clock/phase", "/master/phase", "/beat/master/phase", "/beat/progress"),
    "bar_phase": ("/bar/phase", "/clock/bar_phase", "/measure/phase", "/bar/progress"),
    "playing": ("/play", "/playing", "/clock/playing", "/clock/running", "/transport/play", "/transport/playing"),
}
ADDRESSES: Mapping[str, Meaning] = {word: meaning for meaning, words in _WORDS.items() for word in words}
"""Address -> meaning. Bridges let their sender be written by hand, so these are the names that people choose; any other
can be named on the command line.
"""
