"""The command line. Every command answers ``--help`` before anything heavy is imported."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click

from vj import __version__
from vj.audio.naming import parse_channels
from vj.clockface import LEADERS
from vj.options import DEFAULT_PORT, Options, parse_set, parse_size
from vj.types import VjError

F = TypeVar("F", bound=Callable[..., Any])


class Stopped(KeyboardInterrupt):
    """SIGTERM, handled like Ctrl-C: finish what is being written, then leave."""


class _Size(click.ParamType[tuple[int, int]]):
    name = "WxH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """A size, or a usage error."""
        try:
            return value if isinstance(value, tuple) else parse_size(value)
        except VjError as error:
            self.fail(str(error), param, ctx)


class _Finite(click.FloatRange):
    """A range that NaN is not in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number, or a usage error."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail("nan is not a number to work with", param, ctx)
        return number


class _Channels(click.ParamType[tuple[int, int]]):
    name = "N|N-N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """First and last channel, or a usage error."""
        try:
            return value if isinstance(value, tuple) else parse_channels(value)
        except VjError as error:
            self.fail(str(error), param, ctx)


class _Set(click.ParamType[str]):
    name = "PATH=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text itself, checked for its shape."""
        try:
            parse_set(value)
        except VjError as error:
            self.fail(str(error), param, ctx)
        return str(value)


_SHOW_OPTIONS = (
    click.option("--headless", is_flag=True, help="No window."),
    click.option("--duration", type=_Finite(0.0, min_open=True), metavar="S", help="Stop after S seconds."),
    click.option("--size", type=_Size(), help="Output size; both sides even."),
    click.option("--fps", type=_Finite(1.0, 240.0), metavar="N", help="Frames a second."),
    click.option("--look", metavar="NAME", help="The look to begin with; `vj list` names them."),
    click.option("--seed", type=click.IntRange(0, 2**31 - 1), metavar="N", help="Another seed is another walk."),
    click.option("--take", type=click.Path(path_type=Path), metavar="DIR", help="Keep the gestures as data in DIR."),
    click.option("--set", "sets", multiple=True, type=_Set(), help="Set a parameter from the start; may be repeated."),
    click.option("--device", default="auto", metavar="NAME", help="Where the generator runs: auto, cuda, mps, cpu."),
    click.option("--model", multiple=True, metavar="NAME|PATH",
                 help="A diffusion model to draw with; `vj models list` names them. Repeat it to choose in the show."),
    click.option("--lora", multiple=True, metavar="NAME=PATH", help="A LoRA to choose in the show; may be repeated."),
    click.option("--picture", multiple=True, metavar="NAME=PATH",
                 help="An image, a folder of images, a video or camera to draw over; may be repeated."),
    click.option("--quiet", is_flag=True, help="Say nothing but errors."),
    click.option("--json", "json", is_flag=True, help="Status and result as JSON lines on standard output."),
)
_LIVE_OPTIONS = (
    click.option("--record", type=click.Path(path_type=Path), metavar="FILE", help="Record to FILE (.mkv or .mp4)."),
    click.option("--monitor", metavar="NAME", help="Monitor for full screen, by name or number."),
    click.option("--fullscreen", is_flag=True, help="Start in full screen."),
    click.option("--clock", type=click.Choice(LEADERS), help="Who leads; auto: the most trusted clock there is."),
    click.option("--link", is_flag=True, help="Join Ableton Link: follow its beat, or lead it with a clock chosen."),
    click.option("--midi-clock", metavar="PORT", help="Follow the MIDI clock of an input; `vj devices` lists them."),
    click.option("--midi-clock-out", metavar="PORT", help="Be the MIDI clock of an output."),
    click.option("--osc-beat", metavar="PORT", help="Follow beats by OSC (UDP) from here, ADDRESS:PORT from outside."),
    click.option("--osc-address", multiple=True, metavar="WHAT=/ADDRESS",
                 help="Another address for beat, downbeat, bpm, phase, bar_phase, position or playing."),
    click.option("--room/--no-room", default=True, help="Use the offset that `vj calibrate` kept, or don't."),
    click.option("--resume", is_flag=True, help="Begin where the last show was, also after a crash."),
)
_CONTROL_OPTIONS = (
    click.option("--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True, metavar="N",
                 help="Port of OSC (UDP), OSCQuery and the page (TCP)."),
    click.option("--listen", metavar="ADDRESS",
                 help="Be reachable at this address of the machine; without it from this machine alone."),
    click.option("--allow", multiple=True, metavar="CIDR",
                 help="With --listen: who may send OSC, like 192.168.1.0/24; may be repeated."),
    click.option("--osc-out", multiple=True, metavar="HOST:PORT", help="Tell changes to HOST by OSC; may be repeated."),
    click.option("--midi", multiple=True, metavar="NAME", help="Only this MIDI controller; may be repeated."),
    click.option("--no-midi", is_flag=True, help="No MIDI controller."),
    click.option("--control/--no-control", default=True,
                 help="Be played by OSC, the page and MIDI, or by the keyboard alone."),
)


def _with(*options: Callable[[F], F]) -> Callable[[F], F]:
    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}, epilog="""\b
Examples:
  vj play track.flac
  vj live "USB Audio" --fullscreen --monitor 1
  vj render track.flac --size 1920x1080 --fps 60 -o show.mp4""")
@click.version_option(__version__, prog_name="vj")
def cli() -> None:
    """Make music move a generative picture, live and offline."""


@cli.command(epilog="""\b
Examples:
  vj play                                   the track that comes with vj
  vj play track.flac --look iron_orchid
  vj play --headless --duration 20 --record x.mkv track.mp3""")
@click.argument("track", required=False, type=click.Path(path_type=Path))
@click.option("--output", metavar="NAME", help="Audio output, by name; `vj devices` lists them.")
@_with(*_LIVE_OPTIONS, *_CONTROL_OPTIONS, *_SHOW_OPTIONS)
def play(track: Path | None, output: str | None, **options: Any) -> None:
    """Perform TRACK: vj plays it and the picture follows."""
    from vj.app import live as show

    show.play(track, output, Options(**options))


@cli.command(epilog="""\b
Examples:
  vj live
  vj live "USB Audio" --record set.mkv --take set.take
  vj live "Scarlett 18i20@ASIO" --channels 3-4""")
@click.argument("name", required=False)
@click.option("--input", "source", metavar="NAME", help="The same as NAME.")
@click.option("--channels", type=_Channels(), help="What to hear of a card with many: one, or two side by side.")
@_with(*_LIVE_OPTIONS, *_CONTROL_OPTIONS, *_SHOW_OPTIONS)
def live(name: str | None, source: str | None, channels: tuple[int, int] | None, **options: Any) -> None:
    """Perform what the audio input NAME hears; without one, the default input.

    NAME is an input's name, a part of it that no other has, or NAME@HOST API. `vj devices` lists them.
    """
    from vj.app import live as show

    if name and source and name != source:
        raise click.UsageError(f"two inputs are named, {name!r} and {source!r}: a show hears one")
    show.live(name or source, channels, Options(**options))


@cli.command(epilog="""\b
Examples:
  vj render track.flac -o show.mp4
  vj render track.flac --size 1920x1080 --fps 60 --look glacier --set /a/deck/lines=540 -o show.mp4
  vj render set.take -o set.mp4             the performance again, at any quality
  vj render track.flac -o show.mp4 --resume""")
@click.argument("track", metavar="TRACK|TAKE", type=click.Path(path_type=Path))
@click.option("-o", "--output", "record", required=True, type=click.Path(path_type=Path), metavar="FILE",
              help="The video to write (.mp4 or .mkv).")
@click.option("--resume", is_flag=True, help="Go on with an interrupted render of the same command.")
@click.option("--quality", type=click.Choice(["live", "full"]), default="live", show_default=True,
              help="live: as a show on this machine looks. full: every frame its own image, effects at full size.")
@click.option("--workers", type=click.IntRange(1, 64), metavar="N", help="Images made side by side; one per core.")
@_with(*_SHOW_OPTIONS)
def render(track: Path, resume: bool, workers: int | None, **options: Any) -> None:
    """Render TRACK or the recorded TAKE offline, the same every time."""
    from vj.app import offline

    offline.render(track, Options(**options), resume=resume, workers=workers)


@cli.command(epilog="""\b
Examples:
  vj beats track.flac
  vj beats track.flac --json --fastest 200
  ffmpeg -loglevel error -i track.mp3 -f f32le -ac 1 -ar 44100 - | vj beats -""")
@click.argument("file", metavar="FILE|-")
@click.option("--rate", type=click.IntRange(8000, 192000), metavar="HZ",
              help="Of raw little-endian float32 mono samples on standard input; 44100.")
@click.option("--slowest", type=_Finite(30.0, 300.0), default=70.0, show_default=True, metavar="BPM",
              help="The slowest tempo looked for.")
@click.option("--fastest", type=_Finite(30.0, 300.0), default=180.0, show_default=True, metavar="BPM",
              help="The fastest tempo looked for.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a beat; standard input gives nothing else.")
def beats(file: str, rate: int | None, slowest: float, fastest: float, as_json: bool) -> None:
    """Show the beats that vj hears in FILE, or in raw samples on standard input as they come."""
    from vj.app import beats as ears

    ears.beats(file, rate, (slowest, fastest), as_json=as_json)


@cli.command(epilog="""\b
Examples:
  vj calibrate --monitor 1 --fullscreen            tap to the flash, tap to the click, Enter keeps the offset
  vj calibrate --input "USB Audio" --headless      click out, click in: how long that takes
  vj calibrate --input "USB Audio" --light         the input's second channel is a light sensor on the screen""")
@click.option("--input", metavar="NAME", help="Audio input that hears the click.")
@click.option("--output", metavar="NAME", help="Audio output that clicks.")
@click.option("--light", is_flag=True, help="The input's second channel is a light sensor held to the screen.")
@click.option("--clicks", type=click.IntRange(5, 600), default=12, show_default=True, metavar="N",
              help="Clicks to measure without a window.")
@click.option("--save", type=click.Path(path_type=Path), metavar="FILE",
              help="Keep the offset in FILE; room.toml in vj's own folder, where shows find it.")
@click.option("--headless", is_flag=True, help="No window: measure the loopback alone.")
@click.option("--monitor", metavar="NAME", help="Monitor for full screen, by name or number.")
@click.option("--fullscreen", is_flag=True, help="Start in full screen.")
@click.option("--size", type=_Size(), help="Window size; both sides even.")
@click.option("--fps", type=_Finite(1.0, 240.0), metavar="N", help="Frames a second.")
@click.option("--duration", type=_Finite(0.0, min_open=True), metavar="S", help="Stop after S seconds.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--json", "json", is_flag=True, help="Status and result as JSON lines on standard output.")
def calibrate(input: str | None, output: str | None, light: bool, clicks: int, save: Path | None,
              **options: Any) -> None:
    """Measure this room: flash and click at one moment, and the offset that brings them together."""
    from vj.app import calibrate as room

    room.calibrate(room.Wishes(input, output, light, save, clicks), Options(**options))


@cli.command(epilog="""\b
Examples:
  vj devices --json
  vj devices --levels                    a meter beside every audio input, until Ctrl-C
  vj devices --levels 5                  listen for five seconds and tell""")
@click.option("--levels", is_flag=False, flag_value=0.0, type=_Finite(0.0, 3600.0), metavar="[SECONDS]",
              help="Only the audio inputs, with the level of each and a clip light.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def devices(levels: float | None, as_json: bool) -> None:
    """List audio inputs and outputs, MIDI ports, displays and GPUs."""
    if levels is not None:
        from vj.app import levels as meters

        meters.levels(levels, as_json)
        return
    from vj import report

    report.devices(as_json)


@cli.command(epilog="""\b
Example:
  vj doctor || echo "not ready for the stage" """)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def doctor(as_json: bool) -> None:
    """Is this machine ready for a show? Exit code 1 when something would fail."""
    from vj import report

    raise SystemExit(report.doctor(as_json))


@cli.command("list", epilog="""\b
Examples:
  vj list                       everything
  vj list looks
  vj list parameters --look velvet_reef""")
@click.argument("what", required=False, type=click.Choice(["generators", "looks", "effects", "sources", "drives",
                                                           "worlds", "parameters"]))
@click.option("--look", metavar="NAME", help="The look whose parameters are listed.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(what: str | None, look: str | None, as_json: bool) -> None:
    """List generators, looks, effects, modulation sources and parameters."""
    from vj import report

    report.listing(what, look, as_json)


@cli.group()
def models() -> None:
    """Models of few-step diffusion: what is here, fetching and removing."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def models_list(as_json: bool) -> None:
    """List the models vj knows by name, and which of them are ready."""
    from vj.app import models as files

    files.list_models(as_json)


@models.command("fetch", epilog="""\b
Examples:
  vj models fetch sd-turbo
  vj models fetch lcm --accept-licence       in a script
  HF_HOME=/big/disk vj models fetch sdxl-turbo""")
@click.argument("name")
@click.option("--accept-licence", is_flag=True, help="Accept the licences without being asked.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def models_fetch(name: str, accept_licence: bool, quiet: bool) -> None:
    """Fetch the model NAME from the hub, once its licence is accepted."""
    from vj.app import models as files

    at_hand = sys.stdin.isatty() and not quiet
    files.fetch(name, accept_licence, click.confirm if at_hand else None, quiet)


@models.command("info")
@click.argument("model", metavar="NAME|PATH")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def models_info(model: str, as_json: bool) -> None:
    """Tell what a model is, under which licence, and whether it can be opened."""
    from vj.app import models as files

    files.info(model, as_json)


@models.command("remove")
@click.argument("name")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
def models_remove(name: str, quiet: bool) -> None:
    """Delete the model NAME from the cache it was fetched to."""
    from vj.app import models as files

    files.remove(name, quiet)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


def main() -> None:
    """Run ``vj``. Exit codes: 0 done, 1 it could not be done, 2 wrong usage, 130 Ctrl-C, 143 terminated."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except VjError as error:
        click.echo(f"vj: {error}", err=True)
        sys.exit(1)
    except (KeyboardInterrupt, click.Abort) as end:  # click makes an Abort of every KeyboardInterrupt
        sys.exit(143 if isinstance(end.__cause__ or end, Stopped) else 130)


if __name__ == "__main__":
    main()
