"""Pickles, read without running anything they ask for.

A pickle is a small program: it may name any function of any module and have it called. Here a name is only
ever looked up in the table `_ALLOWED` below, which holds stand-ins written here; nothing is imported and no
attribute is fetched by a name from the file. Arrays are collected as stand-ins too and built afterwards from
checked shape, type and bytes, so that NumPy's own unpickling never sees a hostile state.

A small file may also ask for much: what its calls make, its steps and its keys are counted, and bounded.
"""

import io
import math
import pickle
import re
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..base import DataError, quote


class Refused(Exception):
    """The file asks for what is not on the list; the text says for what."""


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


MAX_STEPS = 3_000_000  # opcodes: as many numbers in lists take seconds to read, an array of them none
MAX_MADE = 1 << 30  # bytes that calls may make, all together
MAX_OTHER_KEYS = 10_000  # of dicts and sets, that are not text: numbers can be chosen to collide
PLAIN_KEYS = (int, float, bool, type(None), complex)


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
        self._callables: dict[tuple[str, str], _Callable] = {}
        self._count = _Count()
        self._other_keys = 0

    def find_class(self, module: str, name: str) -> Any:
        try:
            function = _ALLOWED[module, name]
        except (KeyError, TypeError):
            wanted = quote(f"{module}.{name}", 60)
            raise Refused(f"it asks for {wanted}, and only arrays and plain values are read") from None
        return self._callables.setdefault((module, name), _Callable(function, self._count))

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


class _Callable:
    """An entry of the table: can be called by the file, and neither changed nor looked into by it."""

    __slots__ = ("_count", "_function")
    _function: Callable[..., Any]
    _count: Callable[[Any], Any]

    def __init__(self, function: Callable[..., Any], count: Callable[[Any], Any]) -> None:
        object.__setattr__(self, "_function", function)
        object.__setattr__(self, "_count", count)

    def __call__(self, *args: Any) -> Any:
        return self._count(self._function(*args))

    def stands_for(self, function: Callable[..., Any]) -> bool:
        return self._function is function

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise Refused("it tries to change a function")

    def __setstate__(self, state: Any) -> NoReturn:
        raise Refused("it tries to change a function")


class _Dtype:
    """Stand-in for numpy.dtype: the type's code and, from its state, the byte order."""

    __slots__ = ("_dtype",)

    def __init__(self, code: Any, *_: Any) -> None:
        if not isinstance(code, str) or not re.fullmatch(
            r"[<>|=]?(b1|[iu][1248]|f[248]|[SU]\d{1,6}|[bBhHiIlLqQefd?])", code
        ):
            named = quote(code) if isinstance(code, str | int) else f"a {type(code).__name__}"
            raise Refused(f"it holds values of type {named}; only numbers and strings are read")
        self._dtype: np.dtype[Any] = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 5 or any(part is not None for part in state[2:5]):
            raise Refused("it holds values made of several fields; only plain numbers and strings are read")
        if state[1] not in ("<", ">", "=", "|"):
            raise Refused("it holds an array of unknown byte order")
        if state[1] in "<>":
            self._dtype = self._dtype.newbyteorder(state[1])

    def dtype(self) -> np.dtype[Any]:
        return self._dtype


class PickledArray:
    """Stand-in for numpy.ndarray: shape, type and bytes, checked against each other in `array`."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: tuple[Any, Any, Any, bool] = ((0,), _Dtype("f8"), b"", False)

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) not in (4, 5):
            raise Refused("it holds a damaged array")
        shape, dtype, fortran_order, values = state[-4:]  # a version number may stand in front
        self._parts = (shape, dtype, values, bool(fortran_order))

    def form(self) -> tuple[tuple[int, ...], str]:
        """The shape and NumPy's letter for the type, as the file has them; ((), "") if they are none."""
        shape, dtype = self._parts[:2]
        if not isinstance(shape, tuple) or not all(type(n) is int for n in shape) or not isinstance(dtype, _Dtype):
            return (), ""
        return shape, dtype.dtype().kind

    def array(self) -> NDArray[Any]:
        shape, dtype, values, fortran_order = self._parts
        if isinstance(values, list):
            raise Refused("it holds arrays of Python objects: save numbers (X.astype(float)) instead")
        if isinstance(values, str):  # a Python 2 file, whose strings were read as latin1
            values = values.encode("latin1")
        if not isinstance(values, bytes | bytearray) or not isinstance(dtype, _Dtype):
            raise Refused("it holds a damaged array")
        if not isinstance(shape, tuple) or not all(type(n) is int and 0 <= n < 1 << 48 for n in shape):
            raise Refused("it holds an array of impossible shape")
        if len(shape) > 32:
            raise Refused("it holds an array of impossible shape")
        kind = dtype.dtype()
        if math.prod(shape) * kind.itemsize != len(values):
            raise Refused(f"it holds an array of shape {quote(shape)} with the bytes of another")
        flat = np.frombuffer(values, dtype=kind) if values else np.empty(0, kind)
        return flat.reshape(shape, order="F" if fortran_order else "C")


# What the names on the list stand for. -------------------------------------------------------------------


def _new_dtype(code: Any, *flags: Any) -> _Dtype:
    return _Dtype(code, *flags)


def _reconstruct(subtype: Any, shape: Any, code: Any) -> PickledArray:
    if not isinstance(subtype, _Callable) or not subtype.stands_for(_ndarray):
        raise Refused("it holds an array of an unknown kind")
    return PickledArray()


def _scalar(dtype: Any, values: Any = b"") -> Any:
    scalar = PickledArray()
    scalar.__setstate__(((1,), dtype, False, values))
    return scalar.array()[0].item()


def _frombuffer(buffer: Any, dtype: Any, shape: Any, order: Any) -> PickledArray:
    array = PickledArray()
    array.__setstate__((shape, dtype, order == "F", buffer))
    return array


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise Refused("it holds text in an unknown encoding")
    return text.encode("latin1")


def _bytes(*args: Any) -> bytes:
    """bytes(), bytes(b) or bytes(text, 'latin-1'); not bytes(n), which makes as many as a number says."""
    if not args:
        return b""
    if len(args) == 1 and isinstance(args[0], bytes | bytearray):
        return bytes(args[0])
    return _encode(*args)


class _Set:
    """Stand-in for a set: nothing is looked for in one, so nothing is kept of it."""

    __slots__ = ()


def _set(values: Any = ()) -> _Set:
    return _Set()


def _dict(values: Any = ()) -> dict[Any, Any]:
    if not isinstance(values, list | tuple):
        return {}
    if not all(isinstance(item, list | tuple) and len(item) == 2 and isinstance(item[0], str) for item in values):
        raise Refused("it holds a dict with keys other than text")
    return dict(values)


def _ndarray(*_: Any) -> NoReturn:
    raise Refused("it makes an array in a way that is not read")


_ALLOWED: Mapping[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _ndarray,
    ("numpy", "dtype"): _new_dtype,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): _dict,
    **{
        (f"{package}.multiarray", name): entry
        for package in ("numpy.core", "numpy._core")
        for name, entry in (("_reconstruct", _reconstruct), ("scalar", _scalar))
    },
    **{(f"{package}.numeric", "_frombuffer"): _frombuffer for package in ("numpy.core", "numpy._core")},
    **{
        (module, name): entry
        for module in ("__builtin__", "builtins")
        for name, entry in (
            ("bytes", _bytes),
            ("bytearray", _bytes),
            ("set", _set),
        )
    },
}
