"""Pickles, read without running anything they ask for.

A pickle is a small program: it may name any function of any module and have it called. Here a name is only
ever looked up in the table `ALLOWED` of stand-ins; nothing is imported and no attribute is fetched by a name
from the file.

A small file may also ask for much: what its calls make, its steps and its keys are counted, and bounded.
"""

import io
import pickle
import struct
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NoReturn

from ..base import DataError, quote
from .stand_ins import ALLOWED, Entry, Refused

MAX_STEPS = 3_000_000  # opcodes: as many numbers in lists take seconds to read, an array of them none
MAX_MADE = 1 << 30  # bytes that calls may make, all together
MAX_OTHER_KEYS = 10_000  # of dicts and sets, that are not text: numbers can be chosen to collide
PLAIN_KEYS = (int, float, bool, type(None))


def loads(data: bytes, source: str) -> Any:
    """The plain values of a pickle, its arrays as `PickledArray`. Raises DataError."""
    try:
        return _RestrictedUnpickler(data).load()
    except Refused as refused:
        raise DataError(f"refused: {refused}; nothing in it was run", source=source) from None
    except RecursionError:
        raise DataError("is no pickle of arrays: nested too deeply", source=source) from None
    except MemoryError:
        raise DataError("is damaged: it asks for more memory than there is", source=source) from None
    except Exception as error:  # a damaged pickle can raise anything at all
        raise DataError(
            f"is cut short, damaged or no pickle ({type(error).__name__}): save (X, y) again with pickle.dump",
            source=source,
        ) from None


class _Steps(dict[int, Any]):
    """The unpickler's table of opcodes, which counts how often it is asked."""

    left = MAX_STEPS

    def __getitem__(self, opcode: int) -> Any:
        self.left -= 1
        if self.left < 0:
            raise Refused(f"it takes more than {MAX_STEPS:,} steps to read: save arrays, np.array(X), not lists")
        return super().__getitem__(opcode)


class _Count:
    """Adds up what the calls of a file make: called with a value, it gives the value back."""

    made = 0  # bytes

    def __call__(self, value: Any) -> Any:
        if isinstance(value, bytes | str):
            self.made += len(value)
        elif isinstance(value, dict):
            self.made += 64 * len(value)
        if self.made > MAX_MADE:
            raise Refused(f"it makes more than {MAX_MADE:,} bytes")
        return value


class _Whole(io.BytesIO):
    """The bytes of a pickle; fewer than asked for is an error, and is found before they are allocated."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if size is not None and len(data) < size:
            raise EOFError
        return data


class _RestrictedUnpickler(pickle._Unpickler):
    """The unpickler in Python rather than in C: the latter allocates what a hostile file's opcodes claim."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = dict(pickle._Unpickler.dispatch)
    # What the class sets up when it loads; pickle says nothing of them, being private.
    stack: list[Any]
    append: Callable[[Any], None]
    read: Callable[[int], bytes]

    def __init__(self, data: bytes) -> None:
        super().__init__(_Whole(data), encoding="latin1")
        self.dispatch = _Steps(type(self).dispatch)  # type: ignore[misc]
        self._callables: dict[tuple[str, str], Entry] = {}
        self._count = _Count()
        self._other_keys = 0

    def find_class(self, module: str, name: str) -> Any:
        try:
            function = ALLOWED[module, name]
        except (KeyError, TypeError):
            wanted = quote(f"{module}.{name}", 60)
            raise Refused(f"it asks for {wanted}, and only arrays and plain values are read") from None
        return self._callables.setdefault((module, name), Entry(function, self._count))

    def persistent_load(self, pid: Any) -> NoReturn:
        raise Refused("it refers to an object outside the file")

    def get_extension(self, code: int) -> NoReturn:
        raise Refused("it refers to an extension outside the file")

    def _check_keys(self, keys: Iterable[Any]) -> None:
        """Raise Refused for keys whose hash or comparison may take for ever: tuples within tuples, say."""
        for key in keys:
            if not isinstance(key, str | bytes):
                self._other_keys += 1
                if type(key) not in PLAIN_KEYS or self._other_keys > MAX_OTHER_KEYS:
                    raise Refused("it holds a dict or set with keys other than text")

    # The opcodes that hash what the file holds, and the one that allocates as much as it claims.

    def load_setitem(self) -> None:
        self._check_keys(self.stack[-2:-1])
        super().load_setitem()  # type: ignore[misc]

    def load_setitems(self) -> None:
        self._check_keys(self.stack[::2])
        super().load_setitems()  # type: ignore[misc]

    def load_dict(self) -> None:
        self._check_keys(self.stack[::2])
        super().load_dict()  # type: ignore[misc]

    def load_additems(self) -> None:
        self._check_keys(self.stack)
        super().load_additems()  # type: ignore[misc]

    def load_frozenset(self) -> None:
        self._check_keys(self.stack)
        super().load_frozenset()  # type: ignore[misc]

    def load_bytearray8(self) -> None:
        (length,) = struct.unpack("<Q", self.read(8))
        self.append(self.read(length))

    dispatch.update(
        {
            pickle.SETITEM[0]: load_setitem,
            pickle.SETITEMS[0]: load_setitems,
            pickle.DICT[0]: load_dict,
            pickle.ADDITEMS[0]: load_additems,
            pickle.FROZENSET[0]: load_frozenset,
            pickle.BYTEARRAY8[0]: load_bytearray8,
        }
    )
