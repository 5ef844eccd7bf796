"""What a widget asks of the application it stands in."""

from rich.color import Color
from rich.style import Style
from textual.color import Color as ThemeColor
from textual.widget import Widget

from tui.app.capabilities import Capabilities
from tui.app.charts.colors import class_text_rgb
from tui.app.glyphs import GLYPHS, GlyphSet

_UNKNOWN = Capabilities()


def capabilities_of(widget: Widget) -> Capabilities:
    """The terminal's capabilities as the application knows them, all of them where it says nothing."""
    found = getattr(widget.app, "capabilities", None)
    return found if isinstance(found, Capabilities) else _UNKNOWN


def glyphs_of(widget: Widget) -> GlyphSet:
    """The characters to draw with."""
    return GLYPHS[capabilities_of(widget).glyphs]


def theme_style(widget: Widget, name: str) -> Style:
    """A colour of the theme, "success" or "accent", for text; themes of ANSI colours name them as Rich does not."""
    value = widget.app.theme_variables.get(name, "")
    return Style(color=ThemeColor.parse(value).rich_color) if value else Style.null()


def class_style(widget: Widget, k: int) -> Style:
    """The colour of class `k` for text on the widget's background; no colour where there is none."""
    colors = capabilities_of(widget).colors
    if colors == "none":
        return Style.null()
    under = widget.background_colors[1]
    return Style(color=Color.from_rgb(*class_text_rgb(k, colors, (under.r, under.g, under.b))))
