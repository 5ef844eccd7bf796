"""The values of fields: read from text, checked, shown, and stepped through."""

import math
import sys
from typing import Any

from tui.lab.fields import Field, FieldError

_LARGEST = sys.float_info.max
BALANCED = "balanced"


def read_text(field: Field, text: str) -> Any:
    """The value that typed text means. Raises FieldError in words for a person at the field."""
    text = text.strip()
    wrong = FieldError(f'expected {field.expected()}, received "{text}"')
    if field.kind == "text":
        return text
    if field.kind == "flag":
        word = text.lower()
        if word in ("true", "yes", "on", "1"):
            return True
        if word in ("false", "no", "off", "0"):
            return False
        raise wrong
    if field.kind == "choice":
        word = text.lower()
        for choice in field.choices:
            if word in (choice.value.lower(), choice.label.lower()):
                return choice.value
        raise wrong
    if field.kind == "sizes":
        sizes = []
        for part in text.strip("[]()").replace(" ", ",").split(","):
            if not part:
                continue
            try:
                sizes.append(int(part))
            except ValueError:
                raise FieldError(f'"{part}" is not a whole number: sizes from 1, commas between') from None
        return read_value(field, sizes)
    if field.kind == "several":
        return read_value(field, [word for word in text.strip("[]()").replace(" ", ",").split(",") if word != "none"])
    if field.kind == "weights":
        return _read_weights(field, text)
    if field.kind == "batch" and text.lower() == "full":
        return "full"
    try:
        number = int(text.replace("_", "")) if field.kind in ("int", "batch") else float(text.replace("_", ""))
    except ValueError:
        raise wrong from None
    return read_value(field, number)


def read_value(field: Field, value: Any) -> Any:
    """A parsed value checked against its field and given its type. Raises FieldError in words."""
    wrong = FieldError(f"expected {field.expected()}, received {_shown(value)}")
    if field.kind == "text":
        if not isinstance(value, str):
            raise wrong
        return value
    if field.kind == "flag":
        if not isinstance(value, bool):
            raise wrong
        return value
    if field.kind == "choice":
        if value not in field.values:
            raise wrong
        return value
    if field.kind == "sizes":
        sizes = [value] if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(sizes, list | tuple):
            raise wrong
        for size in sizes:
            if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= (field.high or math.inf):
                what = "an epoch" if field.unit == "epochs" else "a layer size"
                raise FieldError(f"{_shown(size)} is not {what}: expected 1 to {field.high:,.0f}, commas between")
        return tuple(sizes)
    if field.kind == "several":
        return _several(field, value, wrong)
    if field.kind == "weights":
        return _weights(value, wrong)
    if field.kind == "batch" and value == "full":
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong
    if field.kind in ("int", "batch") and not isinstance(value, int):
        raise wrong
    # A whole number of 400 digits is finite, and no float holds it.
    if not -_LARGEST <= value <= _LARGEST:
        raise wrong
    if field.low is not None and (value < field.low or (field.open_low and value == field.low)):
        raise wrong
    if field.high is not None and (value > field.high or (field.open_high and value == field.high)):
        raise wrong
    return float(value) if field.kind == "float" else value


def show_value(field: Field, value: Any) -> str:
    """A value as it is typed and pasted back: ``0.1``, ``1e-05``, ``64, 64``."""
    if field.kind == "choice":
        return next((choice.label for choice in field.choices if choice.value == value), str(value))
    if field.kind == "flag":
        return "yes" if value else "no"
    if field.kind == "sizes":
        return ", ".join(str(size) for size in value) or "none"
    if field.kind == "several":
        return ", ".join(value) or "none"
    if field.kind == "weights":
        return value if isinstance(value, str) else ", ".join(map(_shown_float, value)) or "none"
    if field.kind == "float":
        return _shown_float(value)
    return str(value)


def edit_text(field: Field, value: Any) -> str:
    """What an opened field starts with; `read_text` gives the value back."""
    return "" if field.kind in ("sizes", "several", "weights") and not value else show_value(field, value)


def step_value(field: Field, value: Any, direction: int) -> Any:
    """The next value up (+1) or down (-1): choices in order, numbers along 1-2-5, shares by 0.05.

    The value itself comes back where there is no further step.
    """
    if field.kind == "flag":
        return not value
    if field.kind == "choice":
        # An option of a reader may hold a word that is none of its choices: the reader says so.
        at = field.values.index(value) + direction if value in field.values else 0
        return field.values[at % len(field.values)]
    if field.kind == "sizes":
        return tuple(_halve_or_double(size, direction, field) for size in value)
    if field.kind == "several":  # each of the subsets in turn
        chosen = sum(1 << k for k, word in enumerate(field.values) if word in value) + direction
        return tuple(word for k, word in enumerate(field.values) if chosen >> k & 1)
    if field.kind == "weights":
        return value if value and value != BALANCED else () if value else BALANCED
    if field.kind == "batch":
        return 32 if value == "full" else _halve_or_double(value, direction, field)
    if field.kind == "text":
        return value
    if field.steps:
        further = [step for step in field.steps if (step - value) * direction > 0]
        stepped: float = (min(further) if direction > 0 else max(further)) if further else value
    elif "seed" in field.key:
        stepped = value + direction
    elif field.high == 1:
        stepped = round(round(value / 0.05) * 0.05 + 0.05 * direction, 2)
    elif value == 0:
        stepped = 1e-5 if direction > 0 else 0.0
    else:
        stepped = _one_two_five(value, direction)
        if field.low == 0 and not field.open_low and stepped < 1e-5:
            stepped = 0.0
    if field.kind == "int":
        stepped = int(stepped)
    elif field.kind == "float":
        stepped = float(stepped)
    try:
        return read_value(field, stepped)
    except FieldError:
        return value


def _read_weights(field: Field, text: str) -> Any:
    if text.lower() in ("", "none", BALANCED):
        return BALANCED if text.lower() == BALANCED else ()
    weights = []
    for part in text.strip("[]()").replace(" ", ",").split(","):
        try:
            weights += [float(part)] if part else []
        except ValueError:
            raise FieldError(f'"{part}" is not a number: expected {field.expected()}') from None
    return read_value(field, weights)


def _several(field: Field, value: Any, wrong: FieldError) -> tuple[str, ...]:
    """The words that are chosen, each once, in the field's order."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple):
        raise wrong
    words = [word.strip() if isinstance(word, str) else word for word in value if word != ""]
    for word in words:
        if word not in field.values:
            raise FieldError(f"expected {field.expected()}, received {_shown(word)}")
    return tuple(word for word in field.values if word in words)


def _weights(value: Any, wrong: FieldError) -> str | tuple[float, ...]:
    if value in ("", BALANCED):
        return BALANCED if value else ()
    if not isinstance(value, list | tuple):
        raise wrong
    for weight in value:
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= _LARGEST:
            raise FieldError(f"{_shown(weight)} is no weight: expected a number above 0")
    return tuple(float(weight) for weight in value)


def _halve_or_double(size: int, direction: int, field: Field) -> int:
    stepped = size * 2 if direction > 0 else max(1, size // 2)
    return stepped if field.high is None or stepped <= field.high else size


def _one_two_five(value: float, direction: int) -> float:
    exponent = math.floor(math.log10(value))
    ladder = [float(f"{digit}e{power}") for power in range(exponent - 1, exponent + 2) for digit in (1, 2, 5)]
    if direction > 0:
        return next((step for step in ladder if step > value * (1 + 1e-9)), value)
    return next((step for step in reversed(ladder) if step < value * (1 - 1e-9)), value)


def _shown_float(value: float) -> str:
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e6 else repr(float(value))


def _shown(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)  # as it was typed
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."
