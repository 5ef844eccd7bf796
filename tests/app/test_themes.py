"""Every theme can be read, and every screen stands in it."""

from collections.abc import Iterable
from typing import Any

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from tests.app.support import (
    bench,
    epochs,
    finished,
    on_screen,
    opened,
    runs_of,
    saying,
    small_spec,
    started,
    text_of,
    until,
)
from tui.app.contrast import contrast
from tui.app.theme import BENCH, BENCH_LIGHT, GROUNDS, LEAST_CONTRAST, SIGNALS, readable, snapped

OURS = {"bench": BENCH, "bench-light": BENCH_LIGHT}
# Their colours are the terminal's own: nobody knows here how they look.
ANSI = {"ansi-dark", "ansi-light"}
KNOWN = [name for name in (*BUILTIN_THEMES, *OURS) if name not in ANSI]


def shown(variables: dict[str, str], name: str, under: Color) -> Color:
    """A variable as it looks on what lies under it; "auto 60%" is six tenths of black or white."""
    if variables[name].startswith("auto"):
        share = float(variables[name].split()[1].rstrip("%")) / 100
        return under + under.get_contrast_text(share)
    color = Color.parse(variables[name])
    return under + color if color.a < 1 else color


@pytest.mark.parametrize("name", KNOWN)
def test_every_colour_of_text_can_be_read_on_what_it_stands_on(name: str) -> None:
    theme = readable({**BUILTIN_THEMES, **OURS}[name])
    variables = theme.to_color_system().generate()
    for ground in GROUNDS:
        under = Color.parse(variables[ground])
        for text in ("foreground", "text-muted", *SIGNALS):
            ratio = contrast(shown(variables, text, under).rgb, under.rgb)
            assert ratio >= LEAST_CONTRAST, f"{text} on {ground}: {ratio:.2f}"
    background = Color.parse(variables["background"])
    assert contrast(shown(variables, "foreground", background).rgb, background.rgb) >= 4.5
    # The screen at hand is named in the background's colour, on the accent.
    assert contrast(background.rgb, Color.parse(variables["accent"]).rgb) >= LEAST_CONTRAST


def test_what_can_be_read_is_left_as_it_is() -> None:
    assert readable(BENCH) is BENCH
    assert readable(BENCH_LIGHT) is BENCH_LIGHT
    assert readable(BUILTIN_THEMES["dracula"]) is BUILTIN_THEMES["dracula"]
    for name in ANSI & set(BUILTIN_THEMES):
        assert readable(BUILTIN_THEMES[name]) is BUILTIN_THEMES[name]
    light = BUILTIN_THEMES["textual-light"]
    assert readable(light) != light
    assert (readable(light).background, readable(light).foreground) == (light.background, light.foreground)


def test_a_theme_of_nothing_but_greys() -> None:
    grey = Theme("grey", primary="#777777", background="#777777", surface="#777777", panel="#777777", dark=True)
    variables = readable(grey).to_color_system().generate()
    assert contrast(Color.parse(variables["accent"]).rgb, (0x77, 0x77, 0x77)) >= LEAST_CONTRAST


async def words_in(pilot: Any, themes: Iterable[str]) -> dict[str, str]:
    said = {}
    for name in themes:
        pilot.app.theme = name
        await pilot.pause()
        said[name] = text_of(pilot.app)
    return said


@pytest.mark.usefixtures("no_maps")
async def test_every_screen_says_the_same_in_every_theme() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        await on_screen(pilot, "train")
        await pilot.press("space")
        await saying(pilot, "starting")
        runs_of(app).say(started(20), *epochs(1, 20), finished())
        await saying(pilot, "✓ finished")
        for screen in ("train", "data", "model", "gradients"):
            if app.current_mode != screen:
                await on_screen(pilot, screen)
            few = ("bench", "bench-light", "textual-light", "dracula", "ansi-light", "ansi-dark")
            themes = (*OURS, *BUILTIN_THEMES) if screen == "train" else [n for n in few if n in app.available_themes]
            said = await words_in(pilot, themes)
            assert set(said.values()) == {said["bench"]}, screen
        assert app.current_theme == readable(app.available_themes[app.theme])


@pytest.mark.parametrize("name", KNOWN)
def test_grounds_are_told_apart_among_256_colours(name: str) -> None:
    """What the terminal gets is what is meant, not the black that Rich takes a dark blue for."""
    theme = snapped(readable({**BUILTIN_THEMES, **OURS}[name]))
    before = readable({**BUILTIN_THEMES, **OURS}[name]).to_color_system().generate()
    variables = theme.to_color_system().generate()
    sent = {}
    for ground in GROUNDS:
        meant = RichColor.from_rgb(*Color.parse(variables[ground]).rgb)
        sent[ground] = meant.downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
        wanted = Color.parse(before[ground]).rgb
        assert max(abs(a - b) for a, b in zip(sent[ground], wanted, strict=True)) <= 40
    assert sent["panel"] != sent["background"] or name not in OURS


async def test_the_frame_takes_the_colours_of_another_theme() -> None:
    app = bench(small_spec())
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        for name in ("textual-light", "dracula", "bench"):
            app.theme = name
            accent = Color.parse(readable(app.available_themes[name]).to_color_system().generate()["accent"]).rgb

            def colours(row: int) -> set[Any]:
                strip = app.screen._compositor.render_strips()[row]
                styles = [segment.style for segment in strip if segment.style is not None]
                return {tuple(c.triplet) for s in styles for c in (s.color, s.bgcolor) if c is not None and c.triplet}

            # The screen at hand, and the keys.
            await until(pilot, lambda: accent in colours(0) & colours(-1))  # noqa: B023
