"""What the names that a pickle may use stand for: the table `ALLOWED`, and stand-ins for arrays and their types.

Arrays are collected as stand-ins and built afterwards from checked shape, type and bytes, so that NumPy's own
unpickling never sees a hostile state.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..base import quote


class Refused(Exception):
    """The file asks for what is not on the list; the text says for what."""


class Entry:
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
    if not isinstance(subtype, Entry) or not subtype.stands_for(_ndarray):
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


ALLOWED: Mapping[tuple[str, str], Callable[..., Any]] = {
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
