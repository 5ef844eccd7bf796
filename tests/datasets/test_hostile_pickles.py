"""A pickle may ask for anything; nothing but arrays and plain values is ever made of it."""

import builtins
import contextlib
import copyreg
import gzip
import io
import os
import pickle
import pickletools
import struct
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets import DataError, load
from datasets.readers import files, stand_ins, unpickler

GOOD = (np.arange(6.0).reshape(3, 2), np.array([0, 1, 1]))


class Asks:
    """Pickles as a call of `function` with `args`."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


def refusal(tmp_path, data, name="a.pkl"):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        load(path)
    return str(caught.value)


def marker_calls(marker):
    path = str(marker)
    return [
        Asks(os.system, f"touch {path}"),
        Asks(builtins.exec, f"open({path!r}, 'w').close()"),
        Asks(builtins.eval, f"open({path!r}, 'w').close()"),
        Asks(open, path, "w"),
        Asks(subprocess.check_call, ["touch", path]),
        Asks(os.mkdir, path),
        Asks(getattr, os, "mkdir"),
        Asks(np.save, path, np.zeros(1)),
        Asks(np.fromfile, path),
    ]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("index", range(9))
@pytest.mark.parametrize(
    "wrap", [lambda evil: evil, lambda evil: (GOOD[0], evil), lambda evil: {"X": GOOD[0], "y": [evil]}]
)
def test_what_it_asks_for_is_not_run(tmp_path, protocol, index, wrap):
    marker = tmp_path / "marker"
    evil = marker_calls(marker)[index]
    message = refusal(
        tmp_path,
        pickle.dumps(wrap(evil), protocol) if index != 6 else pickle.dumps(wrap(Asks(getattr, 1, "real")), protocol),
    )
    assert "refused: it asks for" in message
    assert not marker.exists()


CALL = b"(S'x'\ntR."


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (b"cos\nsystem\n" + CALL, "os.system"),
        (b"cnumpy\nload\n" + CALL, "numpy.load"),
        (b"cnumpy.core.multiarray\nfromfile\n" + CALL, "numpy.core.multiarray.fromfile"),
        (b"cnumpy\ncore.multiarray._reconstruct\n" + CALL, "numpy.core.multiarray._reconstruct"),
        (b"c__builtin__\ngetattr\n" + CALL, "__builtin__.getattr"),
        (b"c__builtin__\nbytes.__class__\n" + CALL, "__builtin__.bytes.__class__"),
        (b"c_codecs\nopen\n" + CALL, "_codecs.open"),
        (b"c_codecs\nencode.__self__\n" + CALL, "_codecs.encode.__self__"),
        (b"c_codecs\ndecode\n" + CALL, "_codecs.decode"),
        (b"ccollections\nOrderedDict.__init__\n" + CALL, "collections.OrderedDict.__init__"),
        (b"cdatasets.readers.unpickler\n_ALLOWED\n" + CALL, "datasets.readers.unpickler._ALLOWED"),
        (b"(S'touch x'\nios\nsystem\n.", "os.system"),  # INST
        (b"\x80\x02c__builtin__\neval\n(S'1'\nt\x81.", "__builtin__.eval"),  # NEWOBJ
        (b"(cos\nsystem\nS'x'\no.", "os.system"),  # OBJ
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "os.system"),  # STACK_GLOBAL
    ],
)
def test_crafted_programs_are_refused(tmp_path, program, words):
    assert f"refused: it asks for '{words}'," in refusal(tmp_path, program)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (b"Psomething\n.", "refused: it refers to an object outside the file"),  # PERSID
        (b"\x80\x02\x82\x01.", "refused: it refers to an extension outside the file"),  # EXT1
        (b"\x80\x05\x97.", "is cut short, damaged or no pickle"),  # NEXT_BUFFER
    ],
)
def test_what_lies_outside_the_file_is_not_looked_for(tmp_path, program, words):
    assert words in refusal(tmp_path, program)


@pytest.mark.parametrize("name", ["numpy\ndtype", "numpy\nndarray", "_codecs\nencode", "collections\nOrderedDict"])
def test_the_table_itself_cannot_be_changed(tmp_path, name):
    before = dict(stand_ins.ALLOWED)
    entry = name.encode()
    for state in (b"}S'__call__'\nI1\ns", b"(N}S'_function'\nI1\nst", b"(N}S'__class__'\nI1\nst"):
        assert "refused" in refusal(tmp_path, b"c" + entry + b"\n" + state + b"b.")
    assert dict(stand_ins.ALLOWED) == before
    path = tmp_path / "good.pkl"
    path.write_bytes(pickle.dumps(GOOD))
    assert load(path).X.tolist() == GOOD[0].tolist()


@pytest.mark.parametrize(
    "program",
    [
        b"c__builtin__\nbytearray\n(I99999999999\ntR.",
        b"c__builtin__\nbytes\n(I99999999999\ntR.",
        b"c_codecs\nencode\n(Vx\nVrot13\ntR.",
        b"\x80\x02r\xff\xff\xff\x7f.",  # LONG_BINPUT far out in the memo
        b"\x80\x02Nr\xff\xff\xff\x7f.",
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"x.",  # BINBYTES8 of a terabyte
        b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"N.",  # a frame of a terabyte
        b"(" * 100_000 + b"t" * 100_000 + b".",
        b"\x80\x02]" + b"]a" * 10 + b".",
        b"]p0\ng0\na.",  # a list that holds itself
        b"I" + b"9" * 10_000 + b"\n.",
    ],
)
def test_greedy_and_odd_programs_end_in_one_line(tmp_path, program):
    assert "\n" not in refusal(tmp_path, program)


def array_program(
    shape=b"(I3\nI2\nt",
    code=b"S'f8'\n",
    state=b"(I3\nS'<'\nNNNI-1\nI-1\nI0\nt",
    values=b"S'" + b"x" * 48 + b"'\n",
):
    """A protocol 0 pickle of (array, [0, 1, 1]) with parts to put wrong."""
    dtype = b"cnumpy\ndtype\n(" + code + b"I0\nI1\ntR" + state + b"b"
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n"
        + shape
        + dtype
        + b"I00\n"
        + values
        + b"tb"
    )
    return b"(" + array + b"(lI0\naI1\naI1\nat."


def test_the_crafted_array_is_good_when_nothing_is_wrong(tmp_path):
    path = tmp_path / "a.pkl"
    path.write_bytes(array_program())
    assert load(path).X.shape == (3, 2)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"shape": b"(I3\nI1000000\nt"}, "an array of shape '(3, 1000000)' with the bytes of another"),
        ({"shape": b"(I-3\nI-2\nt"}, "an array of impossible shape"),
        ({"shape": b"S'x'\n"}, "an array of impossible shape"),
        ({"code": b"S'O8'\n"}, "values of type 'O8'"),
        ({"code": b"S'O'\n"}, "values of type 'O'"),
        ({"code": b"S'V8'\n"}, "values of type 'V8'"),
        ({"code": b"S'f8,O'\n"}, "values of type 'f8,O'"),
        ({"code": b"S'M8[s]'\n"}, "values of type 'M8[s]'"),
        ({"code": b"I8\n"}, "values of type '8'"),
        ({"state": b"(I3\nS'<'\nN(S'a'\ntNI8\nI1\nI0\nt"}, "values made of several fields"),
        ({"state": b"(I3\nS'x'\nNNNI-1\nI-1\nI0\nt"}, "an array of unknown byte order"),
        ({"state": b"(I3\nI1\nNNNI-1\nI-1\nI0\nt"}, "an array of unknown byte order"),
        ({"state": b"N"}, "values made of several fields"),
        ({"values": b"(lI0\na"}, "arrays of Python objects"),
        ({"values": b"N"}, "a damaged array"),
        ({"values": b"S'short'\n"}, "an array of shape '(3, 2)' with the bytes of another"),
    ],
)
def test_arrays_put_wrong_are_refused(tmp_path, wrong, words):
    assert f"it holds {words}" in refusal(tmp_path, array_program(**wrong))


def test_rows_named_again_and_again_are_bounded(tmp_path):
    row = [0.0] * 10_000
    assert "too many numbers" in refusal(tmp_path, pickle.dumps(([row] * 3_000, [0, 1, 1] * 1000)))


def test_gzip_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(files.unpacked, "__defaults__", (1000,))
    message = refusal(tmp_path, gzip.compress(pickle.dumps((np.zeros((100, 100)), np.arange(100) % 2))), "a.pkl.gz")
    assert "unpacks to more than 1,000 bytes" in message


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_damage_anywhere_raises_dataerror_only(data):
    protocol = data.draw(st.integers(0, 5))
    good = bytearray(pickle.dumps(GOOD, protocol))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(DataError):
        unpickler.loads(bytes(good[: data.draw(st.integers(1, len(good)))]), "x.pkl")


def test_genuine_pickles_name_only_what_is_on_the_list():
    values = (
        *GOOD,
        np.float64(1),
        np.int8(2),
        b"x",
        bytearray(b"y"),
        {1},
        np.array(["a"]),
        np.asfortranarray(GOOD[0]),
    )
    for protocol in range(6):
        names = io.StringIO()
        pickletools.dis(pickle.dumps(values, protocol), out=names)
        unpickler.loads(pickle.dumps(values, protocol), "x")


DEEP = [
    lambda evil: (GOOD[0], GOOD[1], {"about": [[[[({"k": (evil,)},)]]]]}),
    lambda evil: {"X": GOOD[0], "y": GOOD[1], "extra": {"deep": [evil, evil]}},
    lambda evil: ((GOOD[0], GOOD[1]), (GOOD[0], [evil, 0, 1])),
    lambda evil: [GOOD[0], [0, 1, evil]],
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("wrap", DEEP)
def test_calls_deep_in_good_data_are_refused(tmp_path, protocol, wrap):
    evil = Asks(os.mkdir, str(tmp_path / "marker"))
    assert "refused: it asks for" in refusal(tmp_path, pickle.dumps(wrap(evil), protocol))
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "getattr"),
        ("builtins", "eval"),
        ("builtins", "__import__"),
        ("builtins", "bytes.fromhex"),
        ("builtins", "set.__init__"),
        ("builtins", "object"),
        ("numpy", "ndarray.tofile"),
        ("numpy", "ndarray.__reduce__"),
        ("numpy", "dtype.__class__"),
        ("numpy", "load"),
        ("numpy._core.multiarray", "_reconstruct.__globals__"),
        ("numpy._core.multiarray", "fromfile"),
        ("numpy.core._internal", "_reconstruct"),
        ("numpy.matrixlib.defmatrix", "matrix"),
        ("numpy.ma.core", "_mareconstruct"),
        ("_codecs", "encode.__call__"),
        ("collections", "OrderedDict.fromkeys"),
        ("datasets.readers.unpickler", "_encode"),
        ("", ""),
        ("numpy\0", "dtype"),
        ("numpy ", "dtype"),
    ],
)
def test_only_the_exact_names_on_the_list_are_known(tmp_path, module, name):
    def text(value):
        return b"\x8c" + bytes([len(value.encode())]) + value.encode()

    for program in (
        b"\x80\x04" + text(module) + text(name) + b"\x93).",  # STACK_GLOBAL, not even called
        b"\x80\x04" + text(module) + text(name) + b"\x93)R.",
        b"\x80\x04" + text(module) + text(name) + b"\x93)}\x92.",  # NEWOBJ_EX
        b"\x80\x02c" + module.encode() + b"\n" + name.encode() + b"\n.",
        b"(i" + module.encode() + b"\n" + name.encode() + b"\n.",
    ):
        message = refusal(tmp_path, program)
        assert "refused: it asks for" in message
        assert message.isprintable()


def test_registered_extensions_are_not_looked_up(tmp_path):
    copyreg.add_extension("os", "getpid", 0x77)
    try:
        for opcode in (b"\x82\x77", b"\x83\x77\0", b"\x84\x77\0\0\0"):
            assert "refused: it refers to an extension" in refusal(tmp_path, b"\x80\x02" + opcode + b")R.")
    finally:
        copyreg.remove_extension("os", "getpid", 0x77)


DTYPE, NDARRAY = b"cnumpy\ndtype\n", b"cnumpy\nndarray\n"
RECONSTRUCT, SCALAR = b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy.core.multiarray\nscalar\n"
FROMBUFFER = b"cnumpy._core.numeric\n_frombuffer\n"
F8 = DTYPE + b"(S'f8'\ntR"


@pytest.mark.parametrize(
    "program",
    [
        RECONSTRUCT + b"(" + DTYPE + b"(I0\ntS'b'\ntR.",  # a type that is no array
        RECONSTRUCT + b"(c__builtin__\nset\n(I0\ntS'b'\ntR.",
        RECONSTRUCT + b"(S'ndarray'\n(I0\ntS'b'\ntR.",
        RECONSTRUCT + b"(NNNtR.",
        RECONSTRUCT + b"(tR.",
        NDARRAY + b"((I9\ntS'O'\ntR.",
        NDARRAY + b"(S'x'\no.",
        DTYPE + b"(S'O'\ntR.",
        DTYPE + b"(S'O8'\nI0\nI1\ntR.",
        DTYPE + b"(S'(2,3)f8'\ntR.",
        DTYPE + b"(S'f8,O'\ntR.",
        DTYPE + b"(](S'a'\nS'O'\ntatR.",
        DTYPE + b"(}S'names'\n(lstR.",
        DTYPE + b"(" + F8 + b"tR.",
        DTYPE + b"(c__builtin__\nset\ntR.",
        DTYPE + b"(S'U999999999999'\ntR.",
        DTYPE + b"(tR.",
        F8 + b"(I3\nS'<'\nN(S'a'\nt}S'a'\n(" + F8 + b"I0\ntsI8\nI1\nI27\ntb.",  # fields by BUILD
        F8 + b"(I3\nS'<'\n(" + F8 + b"(I2\nttNNI8\nI1\nI0\ntb.",  # a subarray by BUILD
        F8 + b"}S'_dtype'\nS'O'\nsb.",
        F8 + b"(N}S'_dtype'\nS'O'\nstb.",
        SCALAR + b"(" + F8 + b"S'short'\ntR.",
        SCALAR + b"(" + F8 + b"Ntb.",
        SCALAR + b"(S'f8'\nS'12345678'\ntR.",
        SCALAR + b"(tR.",
        FROMBUFFER + b"(S'12345678'\n" + F8 + b"(I99999\ntS'C'\ntR.",
        FROMBUFFER + b"(S'12345678'\nS'O'\n(I1\ntS'C'\ntR.",
        FROMBUFFER + b"(N" + F8 + b"NNtR.",
        FROMBUFFER + b"(" + F8 + b"tR.",
        RECONSTRUCT + b"(" + NDARRAY + b"(I0\ntS'b'\ntR}S'_parts'\nNsb.",
        RECONSTRUCT + b"(" + NDARRAY + b"(I0\ntS'b'\ntR(N}S'_parts'\nNstb.",
        RECONSTRUCT + b"(" + NDARRAY + b"(I0\ntS'b'\ntR(I1\n(I1\nt" + F8 + b"I00\ntb.",
        RECONSTRUCT + b"(" + NDARRAY + b"(I0\ntS'b'\ntR(S'x'\ntb.",
        b"]}S'append'\nNsb.",  # BUILD on a list
        b"}(N}S'__class__'\nNstb.",
        b"S'x'\n}S'__class__'\nNsb.",
        b"c__builtin__\nset\n(I9999999999\ntR(I1\nI2\ne.",
        b"c_codecs\nencode\n(S'x'\nS'zip'\ntR.",
        b"c_codecs\nencode\n(S'x'\nS'latin1'\nS'strict'\ntR.",
    ],
)
def test_allowed_names_with_hostile_arguments(tmp_path, program):
    for data in (program, b"(" + program[:-1] + b"(lI0\naI1\nat."):
        message = refusal(tmp_path, data)
        assert message.isprintable()


def test_a_list_of_many_numbers_is_read_and_of_far_too_many_refused(tmp_path, monkeypatch):
    rows = np.random.RandomState(0).randint(0, 200, (5000, 50)).tolist()
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps((rows, [k % 3 for k in range(5000)])))
    assert load(path).X.tolist() == rows
    monkeypatch.setattr(unpickler._Steps, "left", 1000)
    assert "steps to read: save arrays" in refusal(tmp_path, path.read_bytes())
