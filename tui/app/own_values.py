"""What a setting goes back to: the value of the lab sheet or the file that is open, else the default of all."""

from functools import lru_cache
from typing import Any

from tui.app.session import Session
from tui.lab.chosen_options import chosen_option_fields, owner_of, without_option
from tui.lab.options import option_fields
from tui.lab.spec import OPTION_TABLES, Spec, for_file
from tui.lab.tasks import for_task


def own_spec(session: Session) -> tuple[Spec, str]:
    """The experiment as it was opened, and whose it is in words ("the sheet's"); the defaults where it is nobody's."""
    spec, opened = session.spec, session.opened
    if session.recipe and (sheet := _sheet(session.recipe)) is not None:
        return sheet, "the sheet's"
    if opened.data.source == spec.data.source and opened != Spec():
        return for_task(opened, session.data_task), "as it was opened"
    if spec.is_file:
        return for_task(for_file(spec.data.source), session.data_task), "what a file gets"
    if session.data_task == "regression":
        return for_task(Spec(), session.data_task), "as numbers need it"
    return Spec(), "the default"


@lru_cache(maxsize=4)
def _sheet(name: str) -> Spec | None:
    from tui.lab.errors import LabError
    from tui.lab.recipes import load

    try:
        return load(name).spec
    except LabError:  # a run of a sheet that this version does not have
        return None


def default_value(key: str, spec: Spec) -> Any:
    """The default of a setting in an experiment that is nobody's; of an option the one that its owner gives it."""
    if key.startswith(OPTION_TABLES):
        fields = (*option_fields(spec.data.source), *chosen_option_fields(spec))
        return next((default for field, default in fields if field.key == key), None)
    return Spec().value(key)


def own_value(key: str, session: Session) -> tuple[Any, str]:
    """(value, whose) that Delete gives a setting."""
    own, whose = own_spec(session)
    if not key.startswith(OPTION_TABLES):
        return own.value(key), whose
    try:
        if _same_owner(key, own, session.spec):
            return own.value(key), whose
    except KeyError:
        pass
    return default_value(key, session.spec), "the default"


def put_back(key: str, session: Session) -> Spec:
    """The experiment with this setting as it was opened; an option that was not said then is said no more."""
    spec = session.spec
    if not key.startswith(OPTION_TABLES):
        return spec.with_value(key, own_value(key, session)[0])
    own, _ = own_spec(session)
    try:
        if _same_owner(key, own, spec):
            return spec.with_value(key, own.value(key))
    except KeyError:
        pass
    return without_option(spec, key)


def _same_owner(key: str, own: Spec, spec: Spec) -> bool:
    """Whether the option belongs to the same source, initialisation or schedule in both."""
    owner = owner_of(key) or "data.source"
    return bool(own.value(owner) == spec.value(owner))
