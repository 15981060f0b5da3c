"""Sound devices by name: what a person types finds one or says why not, and what was lost is known again."""

from __future__ import annotations

import json

import pytest

from vj.audio.naming import Device, Wish, again, choose, parse_channels, pick
from vj.types import VjError


def card(name: str, api: str = "ALSA", channels: int = 2, **more: object) -> Device:
    return Device(name, api, channels, 48000, bool(more.pop("default", False)), 0, **more)  # type: ignore[arg-type]


CARDS = [card("Built-in", default=True), card("USB Audio: left"), card("USB Audio: right"), card("pulse"),
         card("Monitor of Speakers", "PulseAudio", source="speakers.monitor")]
WINDOWS = [card("Line (Scarlett)", "MME"), card("Line (Scarlett)", "Windows WASAPI"),
           card("Line (Scarlett)", "ASIO", 18)]


@pytest.mark.parametrize(("name", "found"), [
    (None, "Built-in"), ("pulse", "pulse"), ("built", "Built-in"), ("right", "USB Audio: right"),
    ("USB Audio: left", "USB Audio: left"), ("USB Audio: left (ALSA)", "USB Audio: left"),
    ("speakers.monitor", "Monitor of Speakers"), ("monitor of", "Monitor of Speakers"),
    ("usb audio: right@alsa", "USB Audio: right"), ("monitor@pulse", "Monitor of Speakers")])
def test_devices_are_chosen_by_name(name: str | None, found: str) -> None:
    assert choose(name, CARDS, "input").name == found


@pytest.mark.parametrize(("name", "api"), [
    ("Line (Scarlett)", "MME"), ("scarlett", "MME"), ("scarlett@asio", "ASIO"), ("Line (Scarlett)@wasapi",
                                                                                "Windows WASAPI"),
    ("Line (Scarlett) (ASIO)", "ASIO")])
def test_one_card_in_several_host_apis(name: str, api: str) -> None:
    assert choose(name, WINDOWS, "input").host_api == api


def test_a_name_with_an_at_in_it_is_a_name() -> None:
    assert choose("mic@home", [card("mic@home"), card("mic")], "input").name == "mic@home"


@pytest.mark.parametrize(("name", "words"), [
    ("USB", "more than one sound input is called 'USB': USB Audio: left (ALSA), USB Audio: right (ALSA)"),
    ("Bilt-in", "there is no sound input called 'Bilt-in'; did you mean 'Built-in'?"),
    ("pulse@jack", "there is no sound input called 'pulse@jack'; did you mean 'pulse'?"),
    ("xyzzy", "there is no sound input called 'xyzzy'; there are: Built-in (ALSA), ")])
def test_a_name_that_does_not_fit_names_what_does(name: str, words: str) -> None:
    with pytest.raises(VjError) as caught:
        choose(name, CARDS, "input")
    assert words in str(caught.value)


def test_no_device_at_all() -> None:
    with pytest.raises(VjError, match="there is no sound output"):
        choose(None, [], "output")


@pytest.mark.parametrize(("text", "channels"), [("3", (3, 3)), ("3-4", (3, 4)), (" 1 ", (1, 1)), ("17-18", (17, 18))])
def test_channels_are_counted_from_one(text: str, channels: tuple[int, int]) -> None:
    assert parse_channels(text) == channels


@pytest.mark.parametrize("text", ["", "0", "-1", "3-", "3-5", "4-3", "a", "1-2-3", "9999", "²", "1.5"])
def test_other_channels_are_refused(text: str) -> None:
    with pytest.raises(VjError, match="channels are one, like 3, or two beside each other"):
        parse_channels(text)


def test_channels_that_the_card_does_not_have() -> None:
    with pytest.raises(VjError, match=r"Scarlett.* has 2 channels, asked for channels 3 and 4"):
        pick(Wish("scarlett@mme", (3, 4)), WINDOWS)
    assert pick(Wish("scarlett@asio", (17, 18)), WINDOWS).channels == 18


def known(device: Device, *beside: Device) -> Wish:
    """The wish for ``device`` once it was found among others."""
    return Wish(device.name).found(device, [device, *beside], 48000)


def test_only_the_same_name_in_the_same_host_api_comes_back() -> None:
    wish = known(WINDOWS[1], WINDOWS[0], WINDOWS[2])
    assert again(wish, WINDOWS) == WINDOWS[1]
    assert again(wish, [WINDOWS[0], WINDOWS[2], card("Microphone", "Windows WASAPI")]) is None
    with pytest.raises(VjError, match="it is not there"):
        pick(wish, [card("Microphone", "Windows WASAPI", default=True)])


@pytest.mark.parametrize(("was", "now"), [
    ("Scarlett 2i2: USB Audio (hw:1,0)", "Scarlett 2i2: USB Audio (hw:2,0)"),
    ("Line (Scarlett 2i2)", "Line (2- Scarlett 2i2)"), ("Line (2- Scarlett 2i2)", "Line (3- Scarlett 2i2)")])
def test_a_card_that_got_another_number_is_still_itself(was: str, now: str) -> None:
    assert again(known(card(was)), [card("Microphone"), card(now)]) == card(now)


def test_its_twin_is_somebody_else() -> None:
    mine, twin = card("USB Audio (hw:1,0)"), card("USB Audio (hw:2,0)")
    wish = known(mine, twin)
    assert again(wish, [twin]) is None
    assert again(wish, [twin, card("USB Audio (hw:3,0)")]) == card("USB Audio (hw:3,0)")
    assert again(wish, [twin, mine]) == mine
    assert again(wish, [twin, card("USB Audio (hw:3,0)"), card("USB Audio (hw:4,0)")]) is None, "nobody knows which"


def test_a_wish_survives_its_way_through_json() -> None:
    wish = Wish("a", (3, 4)).found(CARDS[4], CARDS, 44100)
    assert Wish.from_dict(json.loads(json.dumps(wish.as_dict()))) == wish
    assert (wish.known, wish.source, wish.rate) == (True, "speakers.monitor", 44100)
    assert Wish.from_dict(json.loads(json.dumps(Wish().as_dict()))) == Wish()
