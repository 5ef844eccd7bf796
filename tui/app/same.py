"""A part of a key under which something has been drawn."""


class Same:
    """Equal to one of the very same object alone, which it keeps: the `id` of one that is gone is given to another."""

    __slots__ = ("_thing",)

    def __init__(self, thing: object) -> None:
        self._thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other._thing is self._thing

    def __hash__(self) -> int:
        return id(self._thing)
