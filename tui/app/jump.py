"""Jump mode: a letter on the title of each panel, the same letters always, those under the left hand first."""

from collections.abc import Sequence

LETTERS = {"qwerty": "asdfqwerzxcv", "azerty": "qsdfazerwxcv"}


def labels(ids: Sequence[str], first: Sequence[str] = (), keyboard: str = "qwerty") -> dict[str, str]:
    """A letter for each panel: in the order of ``first``, then of ``ids``. Panels that are hidden keep theirs."""
    order = [id for id in first if id in ids]
    order += [id for id in ids if id not in order]
    return dict(zip(LETTERS.get(keyboard, LETTERS["qwerty"]), order, strict=False))
