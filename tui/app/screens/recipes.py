"""The lab sheets: choose one, read its tasks and where each is done."""

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.app.keyboard import keyboard_of
from tui.app.screens.choose import Modal
from tui.app.widgets.filter import FilterInput
from tui.app.widgets.lines import List
from tui.app.widgets.panel import Panel
from tui.lab.recipes import Recipe, load_all


class RecipesScreen(Modal):
    """Dismissed with a Recipe, or None."""

    BINDINGS = [
        Binding("pagedown,l,right", "tasks(+1)", "More tasks", show=False, priority=True),
        Binding("pageup,h,left", "tasks(-1)", "Earlier tasks", show=False, priority=True),
    ]

    def compose(self) -> ComposeResult:
        self._recipes = load_all()
        options: list[Option] = []
        sheet = ""
        for recipe in self._recipes:
            if recipe.sheet != sheet:
                sheet = recipe.sheet
                options.append(Option(Text(sheet, "dim"), disabled=True))
            options.append(Option(Text(f"   {recipe.name:<16} {recipe.title}"), id=recipe.name))
        with Container(classes="modal recipes"):
            panel = Panel(
                List(*options),
                FilterInput(),
                VerticalScroll(Static(id="recipe-tasks"), id="recipe-scroll", can_focus=False),
                title="recipes   lab sheets",
                id="recipes",
                can_focus=False,
            )
            words = "Enter load, then ‹train.toggle› trains   h l tasks   Esc close"
            panel.entitle(subtitle=keyboard_of(self).plain(words))
            yield panel

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = 1
        options.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_id is None:
            return
        recipe = self._named(event.option_id)
        text = Text(f"TASKS OF {recipe.name}\n", "dim")
        for number, task in enumerate(recipe.tasks, start=1):
            text.append(f"{number:>3}  {task.text}\n", "").append(f"     {task.where}\n", "dim")
        # Before the first layout its height would be measured, and kept, without these words.
        self.call_after_refresh(self.query_one("#recipe-tasks", Static).update, text)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_id is not None:
            self.dismiss(self._named(event.option_id))

    def action_tasks(self, by: int) -> None:
        for scroll in self.query("#recipe-scroll"):
            scroll.scroll_relative(y=by * max(1, scroll.size.height - 2), animate=False)

    def _named(self, name: str) -> Recipe:
        return next(recipe for recipe in self._recipes if recipe.name == name)
