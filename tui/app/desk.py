"""What is taken away from the screen: texts and pictures of it."""

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget

from tui.app.clipboard import MOST_BYTES, Copied, Copies, count, keep_copy
from tui.app.folders import state_folder, with_tilde
from tui.app.widgets.panel import Panel

if TYPE_CHECKING:
    from tui.app.bench import Bench


def copy_of(focused: Widget | None) -> Callable[[], Copied] | None:
    """What the focused panel shows, as text: what its widget says of itself, else its words as they stand."""
    panel = next((node for node in focused.ancestors_with_self if isinstance(node, Panel)), None) if focused else None
    if panel is None:
        return None
    for widget in (focused, *panel.walk_children(Widget, with_self=True)):
        if isinstance(widget, Copies) and widget.display:
            return widget.copied()
    words = words_of(panel)
    return None if words is None else lambda: words


def words_of(panel: Panel) -> Copied | None:
    """A panel's content as it is drawn."""
    inside = panel.content_region
    strips = panel.screen._compositor.render_strips()  # what is covered by nothing else: panels do not overlap
    rows = strips[inside.y : inside.bottom]
    lines = [row.crop(inside.x, inside.right).text.rstrip() for row in rows]
    text = "\n".join(lines).strip("\n")
    return Copied(text + "\n", count(len(text.splitlines()), "line")) if text else None


async def copy(app: "Bench") -> None:
    maker = copy_of(app.screen.focused)
    if maker is None:
        app.notice("there is nothing to copy in this panel yet")
        return
    copied = await asyncio.to_thread(maker)
    fits = len(copied.text.encode("utf-8", "replace")) <= MOST_BYTES
    if fits:
        app.copy_to_clipboard(copied.text)
    path = await asyncio.to_thread(keep_copy, state_folder(), copied)
    where = with_tilde(path) if path is not None else ""
    if fits:
        app.notice(f"copied {copied.what}" + (f" (also in {where})" if where else ""))
    elif where:
        app.notice(f"{copied.what} are too much for the terminal's clipboard: they are in {where}")
    else:
        app.notice(f"{app.glyphs.wrong} {copied.what} are too much for the terminal's clipboard")


async def picture(app: "Bench", suffixes: Sequence[str]) -> None:
    from tui.app.pictures import save

    screen = app.screen
    # Drawn here, made into files beside the loop.
    shown = screen._compositor.render_update(full=True, screen_stack=app._background_screens, simplify=True)
    if shown is None:
        return
    stem = f"mlp-tui-{app.current_mode}"
    folders = [Path(os.curdir), state_folder()]  # the current folder may be gone: then it cannot be written to
    try:
        paths = await asyncio.to_thread(save, shown, (app.size.width, app.size.height), stem, folders, suffixes)
    except OSError as error:
        app.notice(f"{app.glyphs.wrong} no picture could be written: {error.strerror or error}")
        return
    names = " and ".join(path.name for path in paths)
    if paths[0].parent == folders[0]:
        app.notice(f"picture in {names}")
    else:
        app.notice(f"this folder cannot be written to: {names} in {with_tilde(paths[0].parent)}")
