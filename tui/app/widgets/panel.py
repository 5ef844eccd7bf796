"""A bordered part of a screen that takes the focus as a whole."""

from rich.text import Text
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from tui.app.literal import literal


class Panel(Container, can_focus=True):
    """Quiet border, heavy accent border where the focus is; title left above, subtitle right below.

    A panel whose child takes the focus itself (a form, a table) is made with ``can_focus=False`` and
    shows the child's focus.
    """

    class Resized(Message):
        """What is drawn in here depends on a size that has just changed."""

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    def __init__(self, *children: Widget, title: str, id: str, can_focus: bool = True) -> None:
        super().__init__(*children, id=id)
        self.can_focus = can_focus
        self._title = ""
        self._subtitle: str | Text = ""
        self._marked = False
        self._letter = ""
        self.entitle(title)

    def entitle(self, title: str | None = None, subtitle: str | Text | None = None) -> None:
        """Sets what stands in the border, literally: a file's name may hold brackets. A `Text` keeps its colours."""
        if title is not None and title != self._title:
            self._title = title
            self._write_title()
        if subtitle is not None and (type(subtitle) is not type(self._subtitle) or subtitle != self._subtitle):
            self._subtitle = subtitle
            if isinstance(subtitle, Text):
                self.border_subtitle = subtitle
            else:
                self.border_subtitle = literal(subtitle).replace("[", r"\[")

    def mark_title(self, marked: bool) -> None:
        """`>title<` where the border cannot show the focus."""
        if marked != self._marked:
            self._marked = marked
            self._write_title()

    @property
    def bare_title(self) -> str:
        """The title without what belongs to a moment, such as the axes' names."""
        return self._title.partition("  ")[0]

    def put_letter(self, letter: str) -> None:
        """In jump mode the letter that leads here; "" takes it away."""
        if letter != self._letter:
            self._letter = letter
            self._write_title()

    def _write_title(self) -> None:
        title = literal(self._title).replace("[", r"\[")
        letter = f"[$accent bold]({self._letter})[/] " if self._letter else ""
        self.border_title = f"{letter}>{title}<" if self._marked else f"{letter}{title}"


class Words(Static):
    """Text that is drawn again only when it changes."""

    _shown: object = None

    def show(self, content: object) -> None:
        if content != self._shown:
            self._shown = content
            self.update(content, layout=False)  # type: ignore[arg-type]
