"""The page in a real browser: it loads, a dragged knob reaches the show and a second browser, and it finds back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from test_web_doors import Elsewhere
from web_kit import TOKEN, Rig, open_rig

from vj.record.still import Stills

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("there is no Chromium here", allow_module_level=True)
pytestmark = pytest.mark.slow

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
TABLET, PHONE = {"width": 1180, "height": 820}, {"width": 390, "height": 844}
PATIENCE = 60_000
"""Milliseconds that a busy machine may take."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with open_rig(encode=Stills().jpeg) as rig:
        yield rig


class Tab:
    """One browser window of its own, on the page. ``wrong``: what the page has complained of."""

    def __init__(self, browser: Any, url: str, viewport: dict[str, int]) -> None:
        self.context = browser.new_context(viewport=viewport, has_touch=True)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        self.page.goto(url)

    def live(self) -> Tab:
        self.page.wait_for_selector('body[data-state="live"]')
        return self

    def knob(self, path: str) -> Any:
        return self.page.locator(f'.knob[data-path="{path}"]')

    def wait_for_value(self, path: str, text: str) -> None:
        self.page.wait_for_function(
            "([path, text]) => document.querySelector(`.knob[data-path='${path}'] output`)?.value === text",
            arg=[path, text])

    def close(self) -> None:
        self.context.close()


@pytest.fixture
def tabs(browser: Any) -> Iterator[Any]:
    opened: list[Tab] = []

    def open_tab(url: str, viewport: dict[str, int] = TABLET) -> Tab:
        opened.append(Tab(browser, url, viewport))
        return opened[-1]

    yield open_tab
    for tab in opened:
        assert tab.wrong == []
        tab.close()


def url(rig: Rig) -> str:
    return f"http://127.0.0.1:{rig.port}/"


def drag(tab: Tab, path: str, by: float) -> None:
    """A hand on the dial, up by so many pixels. Where the machine was so slow that it was a long press: once more."""
    for _ in range(10):
        _drag(tab, path, by)
        if not tab.page.locator("dialog[open]").count():
            return
        tab.page.keyboard.press("Escape")
        tab.page.wait_for_selector("dialog", state="hidden")
    raise AssertionError("every drag was a long press")


def _drag(tab: Tab, path: str, by: float) -> None:
    box = tab.knob(path).locator("svg").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    for n in range(1, 11):
        tab.page.mouse.move(x, y - by * n / 10)
    tab.page.mouse.up()


def wait_until(tab: Tab, holds: Callable[[], bool]) -> None:
    """Let the browser go on until something is so."""
    for _ in range(PATIENCE // 50):
        if holds():
            return
        tab.page.wait_for_timeout(50)
    raise AssertionError("it never came")


def test_a_dragged_knob_reaches_the_show_and_a_second_browser(rig: Rig, tabs: Any) -> None:
    first, second = tabs(url(rig)).live(), tabs(url(rig), PHONE).live()
    second.page.click('[data-to="knobs"]')
    drag(first, "/a/walk/speed", 60.0)
    turned = float(first.knob("/a/walk/speed").get_attribute("aria-valuenow"))
    assert 0.9 < turned < 1.4, "sixty pixels are about a third of the way"
    wait_until(first, lambda: rig.show.tree.base("/a/walk/speed") == pytest.approx(turned, abs=1e-5))
    assert rig.show.wait_for("/a/walk/speed").source.startswith("page ")
    second.wait_for_value("/a/walk/speed", f"{turned:.2f}")
    rig.show.set("/a/walk/speed", 0.25)
    first.wait_for_value("/a/walk/speed", "0.25")
    second.wait_for_value("/a/walk/speed", "0.25")


def test_modulation_is_seen_moving(rig: Rig, tabs: Any) -> None:
    tab = tabs(url(rig)).live()
    rig.show.offsets = {"/a/walk/decay": 0.3}
    tab.page.wait_for_selector('.knob.moving[data-path="/a/walk/decay"]')
    rig.show.offsets = {}
    tab.page.wait_for_selector('.knob:not(.moving)[data-path="/a/walk/decay"]')


def test_keys_turn_knobs_and_tap(rig: Rig, tabs: Any) -> None:
    tab = tabs(url(rig)).live()
    knob = tab.knob("/a/walk/steps")
    knob.focus()
    for key, value in (("Home", 1), ("ArrowUp", 2), ("ArrowRight", 3), ("End", 16), ("ArrowDown", 15), ("Delete", 4)):
        tab.page.keyboard.press(key)
        tab.wait_for_value("/a/walk/steps", str(value))
        assert knob.get_attribute("aria-valuenow") == str(value)
    before = sum(event.path == "/beat/tap" for event in rig.show.landed)
    tab.page.locator('[data-path="/beat/tap"]').focus()
    for _ in range(3):
        tab.page.keyboard.press("Enter")
    wait_until(tab, lambda: sum(event.path == "/beat/tap" for event in rig.show.landed) == before + 3)


def test_switches_choices_texts_and_colours(rig: Rig, tabs: Any) -> None:
    tab = tabs(url(rig)).live()
    tab.page.click('[data-path="/master/blackout"]')
    assert rig.show.wait_for("/master/blackout").value is True
    tab.page.wait_for_selector('[data-path="/master/blackout"][aria-pressed="true"]')
    rig.show.set("/master/blackout", 0.0)
    tab.page.wait_for_selector('[data-path="/master/blackout"][aria-pressed="false"]')
    tab.page.click('[data-path="/a/gen/world"] button:has-text("dunes")')
    assert rig.show.wait_for("/a/gen/world").value == "dunes"
    tab.page.fill(".prompt textarea", "glass towers at night")
    tab.page.click('.prompt button:has-text("Send")')
    wait_until(tab, lambda: rig.show.tree.base("/a/prompt/text") == "glass towers at night")
    tab.page.evaluate("""() => { const c = document.querySelector('[data-path="/a/gen/tint"] input');
        c.value = '#00ff80'; c.dispatchEvent(new Event('input')); }""")
    wait_until(tab, lambda: str(rig.show.tree.base("/a/gen/tint")).startswith("#00ff80"))


def test_looks_are_pads(rig: Rig, tabs: Any) -> None:
    tab = tabs(url(rig)).live()
    tab.page.click('.look:has-text("iron")')
    assert rig.show.wait_for("/show/look").value == "iron"
    rig.show.tree.report("stats", {"look": "iron"})
    tab.page.wait_for_selector('.look[aria-pressed="true"]:has-text("iron")')


def test_prompts_wait_in_the_shows_own_queue(rig: Rig, tabs: Any) -> None:
    tab, other = tabs(url(rig)).live(), tabs(url(rig)).live()
    tab.page.fill(".prompt textarea", "first wave")
    tab.page.click('.prompt button:has-text("Queue")')
    assert rig.show.wait_for("/a/queue/add").value == "first wave"
    rig.show.set("/a/queue/waiting", "first wave\nsecond wave")
    for each in (tab, other):
        each.page.wait_for_selector('.queue button:has-text("second wave")')
    other.page.click('.queue button:has-text("second wave")')
    assert rig.show.wait_for("/a/queue/drop").value == "second wave"
    wait_until(tab, lambda: rig.show.tree.base("/a/prompt/text") == "second wave")
    rig.show.set("/a/queue/waiting", "first wave")
    wait_until(tab, lambda: tab.page.locator(".queue li").count() == 1)


def test_each_prompt_of_the_mixture_has_its_slot(rig: Rig, tabs: Any) -> None:
    tab = tabs(url(rig)).live()
    tab.page.click('.slots button:has-text("2")')
    tab.page.fill(".prompt textarea", "gulls")
    tab.page.click('.prompt button:has-text("Send")')
    wait_until(tab, lambda: rig.show.tree.base("/a/prompt/text2") == "gulls")
    tab.page.wait_for_selector('.slots button.filled:has-text("2")')
    tab.page.locator('.slots [data-path="/a/prompt/weight2"]').focus()
    tab.page.keyboard.press("End")
    wait_until(tab, lambda: rig.show.tree.base("/a/prompt/weight2") == 1.0)


def test_a_deck_without_prompts_shows_no_box(rig: Rig, tabs: Any) -> None:
    tab = tabs(url(rig)).live()
    assert tab.page.locator(".prompt").count() == 1, "deck a has a negative prompt, so it has prompts"
    assert tab.page.locator('.group [data-path="/a/prompt/text2"]').count() == 0, "the box is their place"
    assert tab.page.locator('[data-path="/a/queue/bars"]').count() == 1


def test_a_long_press_opens_the_sheet_and_learns(rig: Rig, tabs: Any) -> None:
    tab = tabs(url(rig)).live()
    tab.knob("/a/walk/speed").click(button="right")
    tab.page.wait_for_selector("dialog[open]")
    tab.page.fill('dialog input[aria-label="Value"]', "1.75")
    tab.page.click('dialog button:has-text("Set")')
    wait_until(tab, lambda: rig.show.tree.base("/a/walk/speed") == 1.75)
    tab.page.click('dialog button:has-text("Learn MIDI")')
    assert rig.show.wait_for("/midi/learn").value == "/a/walk/speed"
    rig.show.tree.report("midi", {"learning": "/a/walk/speed"})
    tab.page.wait_for_selector("dialog .learning")
    rig.show.tree.report("midi", {"learning": "", "last": "CC 16"})
    tab.page.wait_for_selector('dialog span:has-text("CC 16")')
    tab.page.keyboard.press("Escape")
    tab.page.wait_for_selector("dialog", state="hidden")
    box = tab.knob("/a/walk/decay").bounding_box()
    before = rig.json("/a/walk/decay?VALUE")
    tab.page.mouse.move(box["x"] + 30, box["y"] + 30)
    tab.page.mouse.down()
    tab.page.wait_for_selector("dialog[open]")
    tab.page.mouse.up()
    assert rig.json("/a/walk/decay?VALUE") == before


def test_the_picture_is_shown_only_while_somebody_looks(rig: Rig, tabs: Any) -> None:
    tab = tabs(url(rig), PHONE).live()
    views = rig.show.desk.views
    wait_until(tab, lambda: views.wanted == {"program"})
    red = np.zeros((216, 384, 4), np.uint8)
    red[..., 0] = 255
    views.put("program", red, "iron")
    tab.page.wait_for_function("""() => {
        const pixel = document.querySelector('.view canvas:not(.glow)').getContext('2d').getImageData(9, 9, 1, 1).data;
        return pixel[0] > 240 && pixel[1] < 20; }""")
    tab.page.click('[data-to="knobs"]')
    wait_until(tab, lambda: not views.wanted)


def test_it_finds_back_by_itself(browser: Any) -> None:
    """The server goes and comes: the page says so, then shows the values of now."""
    with open_rig() as rig:
        tab = Tab(browser, url(rig), TABLET).live()
        rig.server.close()
        tab.page.wait_for_selector('body[data-state="lost"]')
        assert "reconnecting" in tab.page.inner_text("#line")
        assert tab.knob("/a/walk/speed").is_visible(), "the controls stay where they are"
        rig.show.set("/a/walk/speed", 1.5)
        rig.again()
        tab.live()
        tab.wait_for_value("/a/walk/speed", "1.50")
        rig.show.set("/a/walk/speed", 0.5)
        tab.wait_for_value("/a/walk/speed", "0.50")
        tab.close()


def test_a_look_brings_other_knobs(browser: Any) -> None:
    from vj.params.spec import number

    with open_rig() as rig:
        tab = Tab(browser, url(rig), TABLET).live()
        tab.page.click('[role="tab"]:has-text("Picture")')
        rig.show.tree.declare("fx/glass", (number("amount", 0.1),))
        tab.page.click('[role="tab"]:has-text("Effects")')
        tab.wait_for_value("/fx/glass/amount", "0.10")
        rig.show.tree.remove("fx/glass")
        tab.knob("/fx/glass/amount").wait_for(state="detached")
        tab.close()


def test_two_decks_from_one_page(browser: Any) -> None:
    """Asleep there is no mixer; awake there is a fader, a name on each side, and pads load onto the chosen deck."""
    from vj.params.spec import choice, number, trigger

    with open_rig(encode=Stills().jpeg) as rig:
        tree, views = rig.show.tree, rig.show.desk.views
        looks = ("none", "velvet", "iron")
        tree.declare("mix", (number("crossfade", 0.0, smooth=0.0), trigger("fade"), trigger("cut"),
                             number("fade_time", 4.0, 0.25, 256.0, curve="log"), choice("load", "none", looks),
                             choice("blend", "crossfade", ("crossfade", "add")), choice("curve", "linear", ("linear",)),
                             ))
        tree.declare("b/show", (choice("look", "none", looks),))
        tab = Tab(browser, url(rig), TABLET).live()
        page = tab.page
        page.wait_for_selector('[data-deck="b"]')
        assert not page.locator("#mixer").is_visible()
        wait_until(tab, lambda: views.wanted == {"program"})
        page.click('[data-deck="b"]')
        page.click('.look:has-text("iron")')
        assert rig.show.wait_for("/b/show/look").value == "iron"
        tree.report("stats", {"look": "velvet", "look_b": "iron"})
        page.wait_for_selector("#mixer:not([hidden])")
        assert page.locator('.look[data-on="B"]').inner_text() == "iron"
        assert "iron" in page.locator(".deck.b").inner_text()
        wait_until(tab, lambda: views.wanted == {"program", "other"})
        assert page.locator("#other figcaption").inner_text() == "B · iron"
        box = page.locator(".crossfader").bounding_box()
        page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + box["height"] / 2)
        assert float(rig.show.wait_for("/mix/crossfade").value) == pytest.approx(0.5, abs=0.05)
        page.wait_for_selector('figcaption:has-text("velvet × iron")')
        page.locator(".crossfader").focus()
        page.keyboard.press("End")
        page.wait_for_selector('#other figcaption:has-text("A · velvet")')
        page.click('[data-deck="other"]')
        page.click('.look:has-text("velvet")')
        assert rig.show.wait_for("/mix/load").value == "velvet"
        page.click("#over >> text=Fade")
        rig.show.wait_for("/mix/fade")
        page.click("text=Eject B")
        assert rig.show.wait_for("/b/show/look", after=1).value == "none"
        tree.report("stats", {"look": "velvet", "look_b": ""})
        page.wait_for_selector("#mixer", state="hidden")
        wait_until(tab, lambda: views.wanted == {"program"})
        assert tab.wrong == []
        tab.close()


def test_pairing_by_the_address_and_by_hand(browser: Any) -> None:
    with open_rig(Elsewhere(TOKEN, 7700)) as rig:
        stranger = Tab(browser, url(rig), PHONE)
        stranger.page.wait_for_selector("#pair")
        stranger.page.fill("#token", "u" * 32)
        stranger.page.click("#pair button")
        stranger.page.wait_for_selector('#paired:has-text("not this show")')
        stranger.page.fill("#token", TOKEN)
        stranger.page.click("#pair button")
        stranger.live()
        stranger.close()
        scanned = Tab(browser, url(rig) + "#" + TOKEN, PHONE).live()
        assert TOKEN not in scanned.page.url
        assert scanned.page.evaluate("document.cookie") == "", "no script can read the cookie"
        scanned.page.reload()
        scanned.live()
        scanned.close()


@pytest.mark.parametrize("viewport", [TABLET, PHONE], ids=["tablet", "phone"])
def test_everything_is_large_enough_and_nothing_is_cut_off(rig: Rig, tabs: Any, viewport: dict[str, int]) -> None:
    tab = tabs(url(rig), viewport).live()
    for part in ("stage", "looks", "knobs") if viewport is PHONE else ("",):
        if part:
            tab.page.click(f'[data-to="{part}"]')
        small = tab.page.evaluate("""() => [...document.querySelectorAll('button, select, input, .knob svg')]
            .filter((one) => one.getClientRects().length)
            .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
            .filter(([, box]) => box.width < 44 || box.height < 44).map(([name]) => name)""")
        assert small == []
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
