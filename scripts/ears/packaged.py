"""Which music lies in which Debian package, and how its bars are counted where the file does not say.

Each line was settled by where the drums and the bass play: files whose beat could be felt in two ways are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .midi import Bars

SOUNDS = Path("/usr/share/sounds")
GAMES = Path("/usr/share/games")
AS_WRITTEN = Bars()


@dataclass(frozen=True, slots=True)
class Font:
    """A sound font; ``lag`` is how late its drums speak, measured, in seconds."""

    path: Path
    lag: float
    share: float


FONTS = (
    Font(SOUNDS / "sf2/TimGM6mb.sf2", 0.0005, 0.25),        # timgm6mb-soundfont
    Font(SOUNDS / "sf2/FluidR3_GM.sf2", 0.002, 0.35),       # fluid-soundfont-gm
    Font(SOUNDS / "sf3/MuseScore_General_Lite.sf3", 0.002, 0.1),  # musescore-general-soundfont-small
    Font(SOUNDS / "sf2/OPL-3_FM_128M.sf2", 0.0065, 0.2),    # opl3-soundfont
    Font(SOUNDS / "sf2/sf_GMbank.sf2", 0.0005, 0.1),        # csound-soundfont
)
DRUM_FONTS = (SOUNDS / "sf2/Black_Pearl_4_LV2.sf2", SOUNDS / "sf2/Red_Zeppelin_4_LV2.sf2")  # avldrums.lv2-soundfont


@dataclass(frozen=True, slots=True)
class MidiSong:
    """A MIDI file of a package."""

    package: str
    path: Path
    bars: Bars = AS_WRITTEN

    @property
    def song(self) -> str:
        return f"{self.package} {self.path.stem}"


_OPENMSX = GAMES / "openttd/baseset/openmsx"
_SIMUTRANS = GAMES / "simutrans/music"
_BLUPI = Path("/usr/share/planetblupi/music")
# left out: busy_schedule, the_fast_route, chuggachugga, mighty_giant_run, careless_perc (felt twice as fast or half),
# tttheme2 (played freely)
_OPENMSX_SONGS = (
    "5432gone_redfarn", "be_sharp_bw_redfarn", "boogi_marabi_redfarn", "chemistry_lab", "city_blues_redfarn",
    "coconut_run2", "harp_harmony", "keep_on_rolling", "linns_basket", "midnight_snow_run", "modern_motion",
    "moo_redfarn", "no_work_song_redfarn", "relax_song", "run_for_your_life", "say_what_redfarn",
    "slow_neasy_redfarn", "the_hobo_redfarn", "train_filled_with_cash", "ttsong_iii_imuh3", "ttsong_iv_imuh3",
    "ultimate_run", "wood_whistles",
)
_OPENMSX_BARS = {"flying_scotsman": Bars(beat=2.0, meter=4), "mosey_along_redfarn": Bars(known=False)}
# left out: 16, 19, 24 (200 and more, or half), 41 (felt against its bars), 50 (rubato), 53 (sevens in sixteenths)
_SIMUTRANS_SONGS = (
    "03-Sunday-drivers", "05-Boring-afternoon", "07-Transport-chaos", "09-Simupolitan-Swing", "10-Easy-driving",
    "11-Stucked-Convoi", "12-Steamin-across-the-prairies", "13-Stephenson-blues", "14-Last-journey-of-the-Niagara",
    "15-The-Wayside-Blues", "17-The-Benevolent-Dictators-March", "18-Ride-that-train", "20-Last-Trip",
    "21-Dusty-Eyes", "22-Variable-Journeys", "23-Something-for-Silver-Sand", "25-Float-on-by",
    "26-Tantalizingly-Unusual", "27-March-Winds", "28-Road-to-Warm-Places", "29-Runaway", "30-On-the-waterfront",
    "31-Courtenay-Bridge", "32-incidental-skies", "33-Journey-to-times-gone-by", "34-flyingaway", "35-deep-ride",
    "36-faded-things", "37-inevitably-engrossed", "38-positive-thrill", "39-bangin-mover", "40-alternative",
    "42-Stranger-Echoes", "43-Driving-on-the-midnight-highway", "45-Misty-Forest", "46-House-in-the-station",
    "51-Summer-Intersection",
)
_SIMUTRANS_BARS = {
    "01-Simutrans-Main-Theme": Bars(first=1.0), "02-Gotta-catch-that-train": Bars(first=1.0),
    "04-Simutrans-B-Theme": Bars(first=1.0), "08-The-journey-home": Bars(first=1.0),
    "06-A-busy-day-at-the-depot": Bars(known=False),
    "44-Above-the-sky": Bars(first=0.5), "47-Salty-Breeze": Bars(first=0.5), "48-Techno-movement": Bars(first=0.5),
    "49-Last-Sunday": Bars(first=0.5), "52-Dreamy-Oriental-Nights": Bars(first=0.5),
}
MIDI_SONGS = (
    *(MidiSong("openttd-openmsx", _OPENMSX / f"{name}.mid", _OPENMSX_BARS.get(name, AS_WRITTEN))
      for name in (*_OPENMSX_SONGS, *_OPENMSX_BARS)),
    *(MidiSong("simutrans-data", _SIMUTRANS / f"{name}.mid", _SIMUTRANS_BARS.get(name, AS_WRITTEN))
      for name in (*_SIMUTRANS_SONGS, *_SIMUTRANS_BARS)),
    *(MidiSong("planetblupi-music-midi", _BLUPI / f"music00{n}.mid") for n in (0, 1, 2, 3, 4, 6, 9)),
    MidiSong("freedink-data", GAMES / "dink/dink/Sound/18.mid"),
)


@dataclass(frozen=True, slots=True)
class ModuleSong:
    """A tracker module of a package and how many of its rows are felt as a beat."""

    package: str
    path: Path
    rows: int

    @property
    def song(self) -> str:
        return f"{self.package} {self.path.stem}"


def _modules(package: str, folder: str, **rows: str) -> tuple[ModuleSong, ...]:
    """Files by their rows a beat: ``r8="a.xm b.it"``."""
    return tuple(ModuleSong(package, Path("/usr/share") / folder / name, int(count[1:]))
                 for count, names in rows.items() for name in names.split())


# settled by where kicks, snares and hats lie in the bar; modules that change speed on the way, in which a beat is not
# a fixed number of rows, are left out, and so are those that could be felt in two ways
MODULE_SONGS = (
    *_modules("ballz-data", "games/ballz", r8="finalman-quickie.xm"),
    *_modules("bb", "bb", r8="bb.s3m bb3.s3m", r4="bb2.s3m"),
    *_modules("biniax2-data", "games/biniax2/music", r4="biniax_common01.it biniax_common02.it biniax_common03.it"
                                                       " biniax_common04.it biniax_common07.it"),
    *_modules("bomberclone-data", "games/bomberclone/music", r4="zb-tnt.xm"),
    *_modules("ceferino-data", "games/ceferino/music", r16="menu.xm"),
    *_modules("fb-music-high", "games/frozen-bubble/snd", r16="frozen-mainzik-2p.xm"),
    *_modules("flobopuyo", "games/flobopuyo/sfx", r4="flobopuyo_game1.xm flobopuyo_game2.xm"),
    *_modules("gemdropx", "games/gemdropx/sounds", r4="2force.xm hr_suds.xm"),
    *_modules("gl-117-data", "games/gl-117/music", r8="ambient.s3m electro.s3m softtec.s3m"),
    *_modules("gweled", "sounds/gweled", r8="autonom.s3m"),
    *_modules("heroes-sound-tracks", "games/heroes/mod", r4="endscroll.xm", r8="heroes05.xm heroes06.xm heroes08.xm"
                                                                                " heroes09.xm heroes10.xm menu.xm"),
    *_modules("njam-data", "games/njam/data", r4="satisfy.xm"),
    *_modules("pachi-data", "pachi/music", r4="stage3.s3m"),
    *_modules("pekka-kana-2-data", "games/pekka-kana-2/data/music", r4="song10.xm song12.xm"),
    *_modules("penguin-command", "games/penguin-command/sound", r8="datajack.s3m"),
    *_modules("pingus-data", "games/pingus/data/music", r4="pingus-9.it sorcerer.it",
              r6="pingus-1.it pingus-3.it pingus-7.it pingus-8.it",
              r8="gd-myla.it goin_march.it pingus-5.it pingus-6.it rough_journey.it"),
    *_modules("rafkill-data", "games/rafkill/music", r4="song2.xm", r8="song1.xm song5.xm", r16="song3.xm"),
    *_modules("vodovod", "games/vodovod", r4="vodovod.xm"),
)


@dataclass(frozen=True, slots=True)
class RockSong:
    """A song of the game Frets on Fire; ``late`` is where its first beat was measured in the sound, in seconds."""

    package: str
    folder: Path
    bpm: float
    late: float


_FRETS = GAMES / "fretsonfire/data/songs"
ROCK_SONGS = (
    RockSong("fretsonfire-songs-muldjord", _FRETS / "muldjord/armygeddon", 170.0, 0.002),
    RockSong("fretsonfire-songs-muldjord", _FRETS / "muldjord/chaos_god", 170.0, 0.001),
    RockSong("fretsonfire-songs-muldjord", _FRETS / "muldjord/internal_degeneration", 190.0, 0.002),
    RockSong("fretsonfire-songs-muldjord", _FRETS / "muldjord/mutilated_mime", 180.0, 0.001),
    RockSong("fretsonfire-songs-sectoid", _FRETS / "sectoid/Escape from chaosland", 135.0, 0.023),
    RockSong("fretsonfire-songs-sectoid", _FRETS / "sectoid/Feelings", 95.0, 0.026),
    RockSong("fretsonfire-songs-sectoid", _FRETS / "sectoid/Metal madness", 150.0, 0.036),
    RockSong("fretsonfire-songs-sectoid", _FRETS / "sectoid/War of freedom", 140.0, 0.037),
)


@dataclass(frozen=True, slots=True)
class ProjectSong:
    """A project of LMMS. ``quarters`` are felt as a beat, the first at ``first`` s; sound begins ``late`` s after it.

    Only what lies from ``begin`` to ``end`` seconds is used; ``bars``: whether every fourth beat is a downbeat.
    """

    path: Path
    quarters: float = 1.0
    first: float = 0.0
    late: float = 0.0
    begin: float = 0.0
    end: float = 1e9
    bars: bool = True


PROJECT_SONGS: tuple[ProjectSong, ...] = ()
