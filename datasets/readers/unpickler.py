"""Pickles, read without running anything they ask for.

A pickle is a small program: it may name any function of any module and have it called. Here a name is only
ever looked up in the table `_ALLOWED` below, which holds stand-ins written here; nothing is imported and no
attribute is fetched by a name from the file. Arrays are collected as stand-ins too and built afterwards from
checked shape, type and bytes, so that NumPy's own unpickling never sees a hostile state.
"""

import io
import math
import pickle
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..base import DataError, quote


class Refused(Exception):
    """The file asks for what is not on the list; the text says for what."""


def loads(data: bytes, source: str) -> Any:
    """The plain values of a pickle, its arrays as `PickledArray`. Raises DataError."""
    try:
        return _RestrictedUnpickler(io.BytesIO(data), encoding="latin1").load()
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


class _RestrictedUnpickler(pickle._Unpickler):
    """The unpickler in Python rather than in C: the latter allocates what a hostile file's opcodes claim."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except (KeyError, TypeError):
            wanted = quote(f"{module}.{name}", 60)
            raise Refused(f"it asks for {wanted}, and only arrays and plain values are read") from None

    def persistent_load(self, pid: Any) -> NoReturn:
        raise Refused("it refers to an object outside the file")


class _Callable:
    """An entry of the table: can be called by the file, and neither changed nor looked into by it."""

    __slots__ = ("_function",)
    _function: Callable[..., Any]

    def __init__(self, function: Callable[..., Any]) -> None:
        object.__setattr__(self, "_function", function)

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)

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
            raise Refused(f"it holds values of type {quote(code)}; only numbers and strings are read")
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

    def array(self) -> NDArray[Any]:
        shape, dtype, values, fortran_order = self._parts
        if isinstance(values, list):
            raise Refused("it holds arrays of Python objects: save numbers (X.astype(float)) instead")
        if isinstance(values, str):  # a Python 2 file, whose strings were read as latin1
            values = values.encode("latin1")
        if not isinstance(values, bytes | bytearray) or not isinstance(dtype, _Dtype):
            raise Refused("it holds a damaged array")
        if not isinstance(shape, tuple) or not all(type(length) is int and length >= 0 for length in shape):
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
    if subtype is not _NDARRAY:
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


def _set(values: Any = ()) -> set[Any]:
    if not isinstance(values, list | tuple):
        raise Refused("it holds a damaged set")
    return set(values)


def _dict(values: Any = ()) -> dict[Any, Any]:
    return dict(values) if isinstance(values, list | tuple) else {}


def _ndarray(*_: Any) -> NoReturn:
    raise Refused("it makes an array in a way that is not read")


_NDARRAY = _Callable(_ndarray)

_ALLOWED: Mapping[tuple[str, str], _Callable] = {
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _Callable(_new_dtype),
    ("_codecs", "encode"): _Callable(_encode),
    ("collections", "OrderedDict"): _Callable(_dict),
    **{
        (f"{package}.multiarray", name): entry
        for package in ("numpy.core", "numpy._core")
        for name, entry in (("_reconstruct", _Callable(_reconstruct)), ("scalar", _Callable(_scalar)))
    },
    **{(f"{package}.numeric", "_frombuffer"): _Callable(_frombuffer) for package in ("numpy.core", "numpy._core")},
    **{
        (module, name): entry
        for module in ("__builtin__", "builtins")
        for name, entry in (
            ("bytes", _Callable(_bytes)),
            ("bytearray", _Callable(_bytes)),
            ("set", _Callable(_set)),
        )
    },
}
