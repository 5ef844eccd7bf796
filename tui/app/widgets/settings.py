"""A form whose rows are settings of the experiment: it steps, types, checks and explains them."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import work

from tui.app.clipboard import Copied
from tui.app.facts import SettingChanged, SettingPutBack, SettingWrong
from tui.app.own_values import default_value, own_value, put_back
from tui.app.session import Session
from tui.app.widgets.form import Form
from tui.app.widgets.form_rows import FormRows, Row
from tui.lab.chosen_options import chosen_option_fields, fits, owner_of
from tui.lab.fields import FIELDS, Field, FieldError
from tui.lab.options import option_fields
from tui.lab.spec import Spec
from tui.lab.values import edit_text, read_text, show_value, step_value

if TYPE_CHECKING:
    from tui.app.app import BenchApp


def option_fields_of(spec: Spec) -> tuple[tuple[Field, Any], ...]:
    """(field, default) of each option that the source, the initialisation and the schedule bring along."""
    return (*option_fields(spec.data.source), *chosen_option_fields(spec))


def field_of(key: str, spec: Spec) -> Field | None:
    """The field of a setting, or of an option that the present settings have."""
    if key in FIELDS:
        return FIELDS[key]
    return next((field for field, _ in option_fields_of(spec) if field.key == key), None)


def screen_of(key: str) -> str:
    """The screen on which a setting has its row; an option has it below its owner's."""
    key = owner_of(key) or key
    group = FIELDS[key].group if key in FIELDS else "options"
    return "data" if group in ("data", "split and scale", "options") else "model"


def value_of(key: str, spec: Spec) -> Any:
    """A setting's value; an option that is not set has its default."""
    try:
        return spec.value(key)
    except KeyError:
        return next(default for field, default in option_fields_of(spec) if field.key == key)


def in_words(key: str, session: Session) -> str:
    """A setting in one line: what it is, its unit, its default; "" for what is no setting."""
    field = field_of(key, session.spec)
    if field is None:
        return ""
    unit = f", in {field.unit}" if field.unit and field.unit not in field.help else ""
    return f"{field.label.removeprefix('... ')}: {field.help}{unit}. {set_back_words(field, session)}"


def set_back_words(field: Field, session: Session) -> str:
    """What Delete gives a setting, and what it would have in no experiment at all where that is something else."""
    own, whose = own_value(field.key, session)
    default = default_value(field.key, session.spec)
    shown = show(field, own) or "none"
    if own == default:
        return f"Default {shown}, ‹form.reset› sets it back"
    return f"‹form.reset› sets back {shown}, {whose}; default {show(field, default) or 'none'}"


def show(field: Field, value: Any) -> str:
    """A value as the form shows it, also one that a file holds and the field does not take."""
    return show_value(field, value) if field.key in FIELDS or fits(field, value) else str(value)


def without_effect(key: str, session: Session) -> str:
    """Why a setting does nothing to these targets, in two words; "" where it does something."""
    if session.data.prepared is None:
        return ""
    if key == "data.stratify" and session.data_task == "regression":
        return "no classes"
    if key == "data.scale_target" and session.data_task == "classification":
        return "no numbers"
    if key == "data.missing" and session.spec.data.missing != "drop" and not session.data.prepared.dataset.missing:
        return "none missing"
    if key == "data.validation" and session.spec.data.folds > 1:
        return f"fold {session.spec.data.fold} of {session.spec.data.folds}"
    if key == "data.fold" and not session.spec.data.folds and session.spec.data.fold == 1:
        return "no folds"
    return ""


def _with_options(keys: Iterable[str], spec: Spec) -> Iterator[str]:
    """Each setting, and behind one that brings options these."""
    options = [field.key for field, _ in chosen_option_fields(spec)]
    for key in keys:
        yield key
        yield from (option for option in options if owner_of(option) == key)


class SettingsForm(Form):
    """Keys that are no settings (a list of sources) are left to the screen, through `FormRows.Entered`."""

    def copied(self) -> Callable[[], Copied] | None:
        """The settings of its rows; of a list of sources the one that is chosen."""
        from tui.app import copies

        spec = self.bench.session.spec
        keys = ["data.source"] if any(row.key.startswith("source:") for row in self.focus_target.rows) else []
        keys += [row.key for row in self.focus_target.rows if field_of(row.key, spec) is not None]
        values = {key: value_of(key, spec) for key in keys}
        return partial(copies.settings, spec, keys, values) if keys else None

    def setting_rows(self, keys: Iterable[str], session: Session) -> list[Row]:
        problems = session.problems
        rows = []
        for key in _with_options(keys, session.spec):
            field = field_of(key, session.spec)
            if field is None:
                continue
            value = value_of(key, session.spec)
            typed = session.wrong.get(key)
            shown = typed[0] if typed else show(field, value)
            part = key.removeprefix("data.")
            as_edited = typed[0] if typed else self._edited(field, value)
            dataset = session.data.prepared.dataset if session.data.prepared is not None else None
            if dataset is not None and dataset.source == session.spec.data.source and part in dataset.parts:
                # The file brings this part: a share of the rest would change nothing.
                rows.append(Row(field.label, key=key, value=f"given: {len(dataset.parts[part]):,}", dim=True))
                continue
            if words := without_effect(key, session):
                rows.append(Row(field.label, key=key, value=words, dim=True))
                continue
            rows.append(
                Row(
                    label=field.label,
                    key=key,
                    value=shown,
                    error=problems.get(key, ""),
                    edit=None if field.kind in ("choice", "flag") else as_edited,
                    steps=field.kind != "text",
                )
            )
        return rows

    @staticmethod
    def _edited(field: Field, value: Any) -> str:
        return edit_text(field, value) if field.key in FIELDS or fits(field, value) else str(value)

    @property
    def bench(self) -> "BenchApp":
        return cast("BenchApp", self.app)

    def on_form_rows_stepped(self, message: FormRows.Stepped) -> None:
        spec = self.bench.session.spec
        field = field_of(message.key, spec)
        if field is not None:
            message.stop()
            value = value_of(message.key, spec)
            if message.key not in FIELDS and not fits(field, value):
                value = default_value(message.key, spec)
            self.bench.change(message.key, step_value(field, value, message.direction))

    def on_form_rows_reset(self, message: FormRows.Reset) -> None:
        session = self.bench.session
        if field_of(message.key, session.spec) is not None:
            message.stop()
            self.bench.dispatch(SettingChanged(put_back(message.key, session), message.key))

    def on_form_typed(self, message: Form.Typed) -> None:
        field = field_of(message.key, self.bench.session.spec)
        if field is None:
            return
        message.stop()
        try:
            read_text(field, message.text)
        except FieldError as error:
            self.bench.dispatch(SettingWrong(message.key, message.text, str(error)))
        else:
            self.bench.dispatch(SettingPutBack(message.key))

    def on_form_kept(self, message: Form.Kept) -> None:
        field = field_of(message.key, self.bench.session.spec)
        if field is None:
            return
        message.stop()
        try:
            value = read_text(field, message.text)
        except FieldError as error:
            self.bench.dispatch(SettingWrong(message.key, message.text, str(error)))
        else:
            self.bench.change(message.key, value)

    def on_form_put_back(self, message: Form.PutBack) -> None:
        if field_of(message.key, self.bench.session.spec) is not None:
            message.stop()
            self.bench.dispatch(SettingPutBack(message.key))

    def on_form_rows_entered(self, message: FormRows.Entered) -> None:
        field = field_of(message.key, self.bench.session.spec)
        if field is None:
            return
        message.stop()
        if field.kind == "flag":
            self.bench.change(field.key, not value_of(field.key, self.bench.session.spec))
        elif field.kind == "choice":
            self._choose(field)

    @work
    async def _choose(self, field: Field) -> None:
        from tui.app.screens.choose import ChooseScreen

        rows = [(choice.value, choice.label, choice.help) for choice in field.choices]
        current = str(value_of(field.key, self.bench.session.spec))
        chosen = await self.app.push_screen_wait(ChooseScreen(field.label, rows, current))
        if chosen is not None:
            self.bench.change(field.key, chosen)
