"""The page in a real browser: it loads, a dragged knob reaches the show and a second browser, and it finds back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from test_web_doors import Elsewhere
from web_kit import TOKEN, Rig, open_rig

from vj.modulation.routes import slot_params
from vj.params.spec import choice, number, switch, text, trigger
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
    assert any(event.path == "/a/walk/speed" and event.source.startswith("page ") for event in rig.show.landed)
    second.wait_for_value("/a/walk/speed", f"{turned:.2f}")
    rig.show.set("/a/walk/speed", 0.25)
    first.wait_for_value("/a/walk/speed", "0.25")
    second.wait_for_value("/a/walk/speed", "0.25")


def test_a_word_that_was_on_its_way_does_not_undo_what_the_hand_has_just_done(rig: Rig, tabs: Any) -> None:
    tab = tabs(url(rig)).live()
    wish = """async (path) => {
        const { show } = await import("/-/desk.js");
        window.heard = [];
        show.listen(path, (value) => window.heard.push([performance.now(), value]));
        show.set(path, 0.625);
    }"""
    tab.page.evaluate(wish, "/a/walk/speed")
    wait_until(tab, lambda: rig.show.tree.base("/a/walk/speed") == 0.625)
    rig.show.set("/a/walk/speed", 0.875)
    tab.wait_for_value("/a/walk/speed", "0.88")
    heard = [(at, value) for at, value in tab.page.evaluate("() => window.heard") if value in (0.625, 0.875)]
    values = [value for _, value in heard]
    assert values == sorted(values), "first what the hand wished for, in the end what the show has made of it"
    assert set(values) == {0.625, 0.875}
    assert heard[values.index(0.875)][0] - heard[0][0] >= 450.0


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
    with rig.show.awaits("/master/blackout") as landed:
        tab.page.click('[data-path="/master/blackout"]')
    assert landed[-1].value is True
    tab.page.wait_for_selector('[data-path="/master/blackout"][aria-pressed="true"]')
    rig.show.set("/master/blackout", 0.0)
    tab.page.wait_for_selector('[data-path="/master/blackout"][aria-pressed="false"]')
    with rig.show.awaits("/a/gen/world") as landed:
        tab.page.click('[data-path="/a/gen/world"] button:has-text("dunes")')
    assert landed[-1].value == "dunes"
    tab.page.fill(".prompt textarea", "glass towers at night")
    tab.page.click('.prompt button:has-text("Send")')
    wait_until(tab, lambda: rig.show.tree.base("/a/prompt/text") == "glass towers at night")
    tab.page.evaluate("""() => { const c = document.querySelector('[data-path="/a/gen/tint"] input');
        c.value = '#00ff80'; c.dispatchEvent(new Event('input')); }""")
    wait_until(tab, lambda: str(rig.show.tree.base("/a/gen/tint")).startswith("#00ff80"))


def test_looks_are_pads(rig: Rig, tabs: Any) -> None:
    tab = tabs(url(rig)).live()
    with rig.show.awaits("/show/look") as landed:
        tab.page.click('.look:has-text("iron")')
    assert landed[-1].value == "iron"
    rig.show.tree.report("stats", {"look": "iron"})
    tab.page.wait_for_selector('.look[aria-pressed="true"]:has-text("iron")')


def test_prompts_wait_in_the_shows_own_queue(rig: Rig, tabs: Any) -> None:
    tab, other = tabs(url(rig)).live(), tabs(url(rig)).live()
    tab.page.fill(".prompt textarea", "first wave")
    with rig.show.awaits("/a/queue/add") as landed:
        tab.page.click('.prompt button:has-text("Queue")')
    assert landed[-1].value == "first wave"
    rig.show.set("/a/queue/waiting", "first wave\nsecond wave")
    for each in (tab, other):
        each.page.wait_for_selector('.queue button:has-text("second wave")')
    with rig.show.awaits("/a/queue/drop") as landed:
        other.page.click('.queue button:has-text("second wave")')
    assert landed[-1].value == "second wave"
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
    with rig.show.awaits("/midi/learn") as landed:
        tab.page.click('dialog button:has-text("Learn MIDI")')
    assert landed[-1].value == "/a/walk/speed"
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

    def goes_on() -> None:  # again and again: the page may just have begun to look, the look's own small picture be due
        views.put("program", red, str(rig.show.tree.base("/show/look")))

    def is_over() -> bool:
        goes_on()
        return not views.wanted

    def is_seen() -> bool:
        goes_on()
        return bool(tab.page.evaluate("""() => {
            const pixel = document.querySelector('.view canvas:not(.glow)').getContext('2d').getImageData(9, 9, 1, 1);
            return pixel.data[0] > 240 && pixel.data[1] < 20; }"""))

    wait_until(tab, is_seen)
    tab.page.click('[data-to="knobs"]')
    wait_until(tab, is_over)


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
    with open_rig() as rig:
        tab = Tab(browser, url(rig), TABLET).live()
        tab.page.click('[role="tab"]:has-text("Picture")')
        rig.show.declare("fx/glass", number("amount", 0.1))
        tab.page.click('[role="tab"]:has-text("Effects")')
        tab.wait_for_value("/fx/glass/amount", "0.10")
        rig.show.do(lambda: rig.show.tree.remove("fx/glass"))
        tab.knob("/fx/glass/amount").wait_for(state="detached")
        tab.close()


def test_two_decks_from_one_page(browser: Any) -> None:
    """Asleep there is no mixer; awake there is a fader, a name on each side, and pads load onto the chosen deck."""
    with open_rig(encode=Stills().jpeg) as rig:
        tree, views = rig.show.tree, rig.show.desk.views
        looks = ("none", "velvet", "iron")
        rig.show.declare("mix", number("crossfade", 0.0, smooth=0.0), trigger("fade"), trigger("cut"),
                         number("fade_time", 4.0, 0.25, 256.0, curve="log"), choice("load", "none", looks),
                         choice("blend", "crossfade", ("crossfade", "add")), choice("curve", "linear", ("linear",)))
        rig.show.declare("b/show", choice("look", "none", looks))
        tab = Tab(browser, url(rig), TABLET).live()
        page = tab.page
        page.wait_for_selector('[data-deck="b"]')
        assert not page.locator("#mixer").is_visible()
        wait_until(tab, lambda: views.wanted == {"program"})
        page.click('[data-deck="b"]')
        with rig.show.awaits("/b/show/look") as landed:
            page.click('.look:has-text("iron")')
        assert landed[-1].value == "iron"
        tree.report("stats", {"look": "velvet", "look_b": "iron"})
        page.wait_for_selector("#mixer:not([hidden])")
        page.wait_for_selector('.look[data-on="B"]:has-text("iron")')
        page.wait_for_selector('.deck.b:has-text("iron")')
        wait_until(tab, lambda: views.wanted == {"program", "other"})
        page.wait_for_selector('#other figcaption:has-text("B · iron")')
        with rig.show.awaits("/mix/crossfade") as landed:
            page.click(".crossfader")
        assert float(landed[-1].value) == pytest.approx(0.5, abs=0.05)
        page.wait_for_selector('figcaption:has-text("velvet × iron")')
        page.locator(".crossfader").focus()
        page.keyboard.press("End")
        page.wait_for_selector('#other figcaption:has-text("A · velvet")')
        page.click('[data-deck="other"]')
        with rig.show.awaits("/mix/load") as landed:
            page.click('.look:has-text("velvet")')
        assert landed[-1].value == "velvet"
        with rig.show.awaits("/mix/fade"):
            page.click("#over >> text=Fade")
        with rig.show.awaits("/b/show/look") as landed:
            page.click("text=Eject B")
        assert landed[-1].value == "none"
        tree.report("stats", {"look": "velvet", "look_b": ""})
        page.wait_for_selector("#mixer", state="hidden")
        wait_until(tab, lambda: views.wanted == {"program"})
        assert tab.wrong == []
        tab.close()


@pytest.fixture(scope="module")
def show_and_page(browser: Any) -> Iterator[tuple[Rig, Tab]]:
    """A show with routes, morphs, a pad and a recorder, and one page on it."""
    kinds = ("lfo", "every_beat")
    with open_rig() as rig:
        show = rig.show
        for n in (1, 2, 3):
            show.declare(f"routes/{n}", *slot_params(["slow"], kinds))
        corners = [spec(f"{verb}{name}") for name in "abcd" for verb, spec in (("", text), ("go_", trigger),
                                                                               ("store_", trigger))]
        show.declare("pad", number("x", 0.5, smooth=0.0), number("y", 0.5, smooth=0.0), *corners)
        show.declare("show", choice("morph", "none", ("none", "velvet", "iron")), text("rename"), text("delete"))
        show.declare("fx/glow", switch("on", True), trigger("flash"))
        show.declare("record", switch("on", guarded=True))
        show.do(lambda: show.tree.declare_readings("record", (switch("running"), number("seconds", 0.0, 0.0, 1e9))))
        tab = Tab(browser, url(rig), TABLET).live()
        yield rig, tab
        assert tab.wrong == []
        tab.close()


@pytest.fixture
def full(show_and_page: tuple[Rig, Tab]) -> tuple[Rig, Tab]:
    """The same for each, with no sheet left open by the one before."""
    if show_and_page[1].page.locator("dialog[open]").count():
        close_sheet(show_and_page[1])
    return show_and_page


def open_sheet(tab: Tab, selector: str) -> None:
    """The sheet of a control, as the right button opens it."""
    tab.page.click(selector, button="right")
    tab.page.wait_for_selector("dialog[open]")


def close_sheet(tab: Tab) -> None:
    tab.page.keyboard.press("Escape")
    tab.page.wait_for_selector("dialog", state="hidden")


def test_a_sheet_that_is_opened_again_at_once_is_not_emptied_by_the_last_one_closing(full: tuple[Rig, Tab]) -> None:
    _, tab = full
    open_sheet(tab, ".pad")
    tab.page.evaluate("""() => {
        document.querySelector("dialog").close();
        document.querySelector(".pad").dispatchEvent(new MouseEvent("contextmenu", { cancelable: true }));
    }""")
    tab.page.wait_for_timeout(200)
    assert tab.page.locator('dialog code:has-text("/pad/x")').is_visible()
    close_sheet(tab)
    tab.page.wait_for_function("() => !document.querySelector('dialog > *')")


def test_routes_are_made_bent_muted_and_removed_on_the_sheet(full: tuple[Rig, Tab]) -> None:
    (rig, tab), base = full, full[0].show.tree.base
    tab.page.click('[role="tab"]:has-text("Picture")')
    open_sheet(tab, '.knob[data-path="/a/walk/decay"]')
    with rig.show.awaits("/routes/1/source") as landed:
        tab.page.click('dialog button:has-text("Add a route")')
    assert landed[-1].value == "slow"
    assert (base("/routes/1/target"), base("/routes/1/depth")) == ("/a/walk/decay", 0.25)
    tab.page.locator('dialog .route .knob').focus()
    tab.page.keyboard.press("Home")
    wait_until(tab, lambda: base("/routes/1/depth") == -1.0)
    tab.page.click("dialog .route .switch")
    wait_until(tab, lambda: base("/routes/1/on") is False)
    tab.page.click('dialog .route button:has-text("square")')
    wait_until(tab, lambda: base("/routes/1/curve") == "square")
    tab.page.select_option("dialog .route select", "new lfo")
    wait_until(tab, lambda: base("/routes/1/source") == "new lfo")
    rig.show.set("/routes/1/source", "slow")  # as the show calls the new one in the end
    wait_until(tab, lambda: tab.page.locator("dialog .route select").first.input_value() == "slow")
    tab.page.click('dialog button:has-text("Add a route")')
    wait_until(tab, lambda: base("/routes/2/target") == "/a/walk/decay")
    tab.page.wait_for_selector("dialog .route:nth-child(2)")
    for left in (1, 0):
        tab.page.locator('dialog button[aria-label="Remove the route"]').first.click()
        tab.page.wait_for_function("left => document.querySelectorAll('dialog .route').length === left", arg=left)
    wait_until(tab, lambda: base("/routes/1/source") == base("/routes/2/source") == "none")
    tab.page.locator("dialog .route").first.wait_for(state="detached")
    close_sheet(tab)


def test_a_route_to_a_switch_begins_on_the_beat_and_is_seen(full: tuple[Rig, Tab]) -> None:
    (rig, tab), base = full, full[0].show.tree.base
    tab.page.click('[role="tab"]:has-text("Effects")')
    for path in ("/fx/glow/on", "/fx/glow/flash"):
        open_sheet(tab, f'[data-path="{path}"]')
        with rig.show.awaits("/routes/3/source" if path.endswith("flash") else "/routes/1/source") as landed:
            tab.page.click('dialog button:has-text("Add a route")')
        assert landed[-1].value == "new every_beat"
        close_sheet(tab)
        if path.endswith("on"):
            rig.show.set("/routes/2/source", "slow")
            rig.show.set("/routes/2/target", "/a/walk/speed")
    assert (base("/routes/1/target"), base("/routes/3/target")) == ("/fx/glow/on", "/fx/glow/flash")
    assert base("/routes/1/depth") == base("/routes/3/depth") == 1.0
    rig.show.offsets = {"/fx/glow/on": -1.0, "/a/gen/world": 1.0}
    tab.page.wait_for_selector('.switch.moving[data-path="/fx/glow/on"][aria-pressed="true"]')
    tab.page.click('[role="tab"]:has-text("Picture")')
    tab.page.wait_for_selector('.pick.moving[data-path="/a/gen/world"]:has-text("world: glass")')
    rig.show.offsets = {}
    tab.page.wait_for_selector('.pick:not(.moving)[data-path="/a/gen/world"]')
    open_sheet(tab, '[data-path="/master/blackout"]')
    assert tab.page.locator("dialog .routes").count() == 0, "that is the operator's"
    close_sheet(tab)


def test_what_can_be_done_with_a_look(full: tuple[Rig, Tab]) -> None:
    rig, tab = full
    for button, path, value in (("Morph to it", "/show/morph", "iron"), ("B", "/pad/b", "iron"),
                                ("Rename", "/show/rename", "iron my_iron"), ("Delete", "/show/delete", "iron")):
        open_sheet(tab, '.look:has-text("iron")')
        tab.page.fill('dialog input[aria-label="Name"]', " my_iron ")
        with rig.show.awaits(path) as landed:
            tab.page.get_by_role("button", name=button, exact=True).click()
        assert landed[-1].value == value
        tab.page.wait_for_selector("dialog", state="hidden")


def test_the_pad_goes_by_finger_and_by_key_and_its_corners_keep_pictures(full: tuple[Rig, Tab]) -> None:
    (rig, tab), base = full, full[0].show.tree.base
    with rig.show.awaits("/pad/y"):
        tab.page.click(".pad", position={"x": 150, "y": 100})
    box = tab.page.locator(".pad").bounding_box()
    wait_until(tab, lambda: base("/pad/x") == pytest.approx(150 / box["width"], abs=0.02))
    assert base("/pad/y") == pytest.approx(100 / box["height"], abs=0.02)
    before = float(base("/pad/x"))
    tab.page.locator(".pad").focus()
    tab.page.keyboard.press("ArrowRight")
    wait_until(tab, lambda: base("/pad/x") == pytest.approx(before + 0.05, abs=1e-4))
    with rig.show.awaits("/pad/store_c"):
        tab.page.click(".pad .c")  # there is nothing in it
    rig.show.set("/pad/d", "velvet")
    with rig.show.awaits("/pad/go_d"):
        tab.page.click('.pad .d:has-text("velvet")')
    with rig.show.awaits("/pad/store_d"):
        tab.page.click(".pad .d", button="right")
    open_sheet(tab, ".pad")
    tab.page.click('dialog button:has-text("y")')
    tab.page.wait_for_selector('dialog code:has-text("/pad/y")')
    close_sheet(tab)


def test_a_recording_is_begun_and_ended_with_a_key(full: tuple[Rig, Tab]) -> None:
    (rig, tab), base = full, full[0].show.tree.base
    light = tab.page.locator("#record button")
    light.focus()
    tab.page.keyboard.press("Space")
    wait_until(tab, lambda: base("/record/on") is True)
    rig.show.tree.report("record", {"running": True, "seconds": 64.0})
    tab.page.wait_for_selector('#record [aria-pressed="true"]')
    rig.show.tree.report("record", {"running": True, "seconds": 65.0})
    tab.page.wait_for_selector('#record [aria-pressed="true"]:has-text("1:05")')
    with rig.show.awaits("/record/on") as landed:
        tab.page.keyboard.down("Space")
        wait_until(tab, lambda: base("/record/on") is False)
        tab.page.keyboard.up("Space")
    assert [event.value for event in landed] == [False]
    rig.show.tree.report("record", {"running": False})
    tab.page.wait_for_selector('#record [aria-pressed="false"]:has-text("Rec")')
    assert base("/record/on") is False


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
