# ruff: noqa: E501
"""Files that ask for too much: each is refused within seconds, under a limit of 4 GiB, and nothing is run."""

import gzip
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 5.0
GIGABYTES = 4 << 30

READ = """
import json, resource, sys, time
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
import warnings
warnings.simplefilter("error")
from datasets import DataError, kind_of, load
for path in sys.argv[2:]:
    began = time.process_time()
    try:
        kind_of(path)
        words = f"read: {load(path).X.shape}"
    except DataError as error:
        words = str(error)
    except BaseException as error:
        words = f"{type(error).__name__}! {error}"
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(json.dumps([path, words, time.process_time() - began, peak * 1024]), flush=True)
"""


def zeros_gz(mebibytes: int) -> bytes:
    """gzip of zeros, put together of as many equal members."""
    return gzip.compress(bytes(1 << 20)) * mebibytes


def deflated_zeros(mebibytes: int) -> bytes:
    """A raw deflate stream of zeros, one block again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * mebibytes + b"\x03\x00"


def npy_header(shape: str, descr: str = "'<f8'", version: int = 1, length: int | None = None) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    width = "<H" if version == 1 else "<I"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(width, len(text) if length is None else length) + text


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, content in members.items():
            made.writestr(f"{name}.npy", content)
    return file.getvalue()


def deflate_bomb(mebibytes: int) -> bytes:
    """An archive whose X unpacks to zeros without end; its y is good."""
    header = npy_header(f"({mebibytes}, 1048576)", "'|u1'")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(header) + packer.flush(zlib.Z_FULL_FLUSH) + deflated_zeros(mebibytes)
    good = npy_header(f"({mebibytes},)", "'|u1'") + bytes(mebibytes)
    size = len(header) + (mebibytes << 20)
    out, directory = b"", b""
    for name, method, packed, unpacked in (("X.npy", 8, body, size), ("y.npy", 0, good, len(good))):
        crc = 0 if method else zlib.crc32(packed)
        sizes = struct.pack("<IIIHH", crc, len(packed), min(unpacked, 0xFFFFFFFE), len(name), 0)
        entry = struct.pack("<HHHHH", 20, 0, method, 0, 0x21) + sizes
        directory += (
            b"PK\1\2" + struct.pack("<H", 20) + entry + struct.pack("<HHHII", 0, 0, 0, 0, len(out)) + name.encode()
        )
        out += b"PK\3\4" + entry + name.encode() + packed
    end = struct.pack("<HHHHIIH", 0, 0, 2, 2, len(directory), len(out), 0)
    return out + directory + b"PK\5\6" + end


def crowded_archive() -> bytes:
    """An archive of a quarter of a million empty files."""
    entry = b"PK\1\2" + bytes(24) + struct.pack("<H", 5) + bytes(16) + b"x.npy"
    directory = entry * 250_000
    head = b"PK\3\4" + bytes(22) + struct.pack("<HH", 5, 0) + b"x.npy"
    return head + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 9, 9, len(directory), len(head), 0)


def overlapping_archive() -> bytes:
    """Ten thousand names for the same array."""
    names = [f"a{k}" for k in range(10_000)]
    array = npy_header("(1000,)") + bytes(8000)
    one = archive(X=array)
    local, directory = one[: one.index(b"PK\1\2")], one[one.index(b"PK\1\2") : one.index(b"PK\5\6")]
    more = b"".join(
        directory[:28] + struct.pack("<H", len(n) + 4) + directory[30:46] + f"{n}.npy".encode() for n in names
    )
    return local + more + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 10_000, 10_000, len(more), len(local), 0)


def idx(shape: tuple[int, ...], kind: int = 8, values: bytes = b"") -> bytes:
    return struct.pack(f">{1 + len(shape)}I", kind << 8 | len(shape), *shape) + values


def mat(data: bytes, kind: int = 15) -> bytes:
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM" + struct.pack("<II", kind, len(data)) + data


def mat_array(shape: tuple[int, int], size: int) -> bytes:
    """The beginning of X, uint8, up to its values."""
    inside = struct.pack("<IIII", 6, 8, 9, 0) + struct.pack("<IIii", 5, 8, *shape)
    inside += struct.pack("<II", 1, 1) + b"X".ljust(8, b"\0") + struct.pack("<II", 2, size)
    return struct.pack("<II", 14, len(inside) + size) + inside


def tensors(header: bytes, values: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header)) + header + values


GOOD = (np.arange(6.0).reshape(3, 2), np.array([0, 1, 1]))
# Opcodes used below: } dict, ] list, s set an item, a append, 2 once more what is on top, ( mark, 0 throw away,
# q put into the memo, h get from it, \x86 pair, R call, . stop
DOUBLING_LISTS = b"]" + b"q\x000(h\0h\0l" * 200
DOUBLING_TUPLES = b"N" + b"2\x86" * 200
DTYPE, ENCODE, SET = b"cnumpy\ndtype\n", b"c_codecs\nencode\n", b"c__builtin__\nset\n"
ORDERED = b"ccollections\nOrderedDict\n"
COLLIDING = b"".join(b"\x8a\x0b" + (k * (2**61 - 1)).to_bytes(11, "little") + b"N" for k in range(1, 100_000))


def long(number: int) -> bytes:
    data = number.to_bytes(number.bit_length() // 8 + 1, "little")
    return b"\x8b" + struct.pack("<I", len(data)) + data


def array_of(shape: bytes, values: bytes = b"C\x08" + bytes(8)) -> bytes:
    """An array of uint8 with a shape and values of one's own."""
    dtype = DTYPE + b"(X\x02\0\0\0u1I0\nI1\ntR(I3\nX\x01\0\0\0|NNNI-1\nI-1\nI0\ntb"
    made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntC\x01btR"
    return made + b"(I1\n" + shape + dtype + b"I00\n" + values + b"tb"


PICKLES: dict[str, bytes] = {
    "tuples in tuples as a key": b"}" + DOUBLING_TUPLES + b"Ns.",
    "tuples in tuples as keys": b"}(" + DOUBLING_TUPLES + b"Nu.",
    "tuples in tuples in a dict": b"(" + DOUBLING_TUPLES + b"Nd.",
    "tuples in tuples in a set": b"\x8f(" + DOUBLING_TUPLES + b"\x90.",
    "tuples in tuples in a frozenset": b"(" + DOUBLING_TUPLES + b"\x91.",
    "tuples in tuples for set": SET + b"(](" + DOUBLING_TUPLES + b"etR.",
    "tuples in tuples for OrderedDict": ORDERED + b"(](" + DOUBLING_TUPLES + b"N\x86etR.",
    "lists in lists": DOUBLING_LISTS + b".",
    "lists in lists as X": b"(" + DOUBLING_LISTS + b"](K\0K\1et.",
    "lists in lists as rows": b"((" + DOUBLING_LISTS + b"2l](K\0K\1et.",
    "lists in lists as a type": DTYPE + b"(" + DOUBLING_LISTS + b"tR.",
    "lists in lists as text": ENCODE + b"(" + DOUBLING_LISTS + b"tR.",
    "lists in lists as a shape": b"(" + array_of(b"(" + DOUBLING_LISTS + b"t") + b"](K\0K\1et.",
    "lists in lists as values": b"(" + array_of(b"(K\x08t", DOUBLING_LISTS) + b"](K\0K\1et.",
    "lists in lists as a state": DTYPE + b"(X\x02\0\0\0u1tR(I3\n" + DOUBLING_LISTS + b"NNNtb.",
    "lists in lists as a function": DOUBLING_LISTS + b")R.",
    "numbers that collide": b"}(" + COLLIDING + b"u.",
    "a number of a megabyte": b"(" + long(1 << 8_000_000) + b"](K\0K\1et.",
    "a number of a megabyte as a shape": b"(" + array_of(b"(" + long(1 << 8_000_000) + b"t") + b"](K\0K\1et.",
    "a shape of many numbers": b"(" + array_of(b"(" + long(1 << 40) * 200_000 + b"t") + b"](K\0K\1et.",
    "a number in digits": b"I" + b"9" * 2_000_000 + b"\n.",
    "a number in digits, old": b"L" + b"9" * 2_000_000 + b"L\n.",
    "steps without end": b"(" + b"N0" * 8_000_000 + b".",
    "marks without end": b"(" * 14_000_000 + b".",
    "sets without end": b"\x8f" * 14_000_000 + b".",
    "text again and again": b"X" + struct.pack("<I", 1 << 20) + b"x" * (1 << 20) + b"\x85q\1" + ENCODE + b"q\2" + b"h\2h\1R" * 20_000 + b".",
    "a list again and again": b"](" + b"N" * 100_000 + b"e\x85q\1" + SET + b"q\2" + b"h\2h\1R" * 100_000 + b".",
    "a dict again and again": b"](" + b"".join(b"U\x03%03dN\x86" % k for k in range(1000)) + b"e\x85q\1" + ORDERED + b"q\2" + b"h\2h\1R" * 300_000 + b".",
    "bytes of three gigabytes": b"\x96" + struct.pack("<Q", 3 << 30) + b"x.",
    "bytes of three gigabytes, often": (b"\x96" + struct.pack("<Q", 3 << 30)) * 1000,
    "bytes of a terabyte": b"B" + struct.pack("<I", (1 << 32) - 1) + b"\x8e" + struct.pack("<Q", 1 << 40) + b"x.",
    "a frame of a terabyte": b"\x95" + struct.pack("<Q", 1 << 40) + b"N.",
    "far out in the memo": b"Nr\xff\xff\xff\x7f" * 1000 + b".",
    "one array named often": b"(](" + array_of(b"(J\0\0\x80\0K\1t", b"B" + struct.pack("<I", 1 << 23) + bytes(1 << 23)) + b"q\1" + b"h\1" * 3000 + b"e](K\0K\1et.",
    "deep tuples": b"N" + b"\x85" * 1_000_000 + b".",
    "deep lists": b"N" + b"q\0]h\0a" * 500_000 + b".",
    "a call deep in good data": b"(" * 1000 + b"cos\nmkdir\n(X\x06\0\0\0markertR" + b"t" * 1000 + b".",
}  # fmt: skip
FILES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    **{name: ("a.pkl", lambda data=data: b"\x80\4" + data, "") for name, data in PICKLES.items()},
    "a gzip bomb of a pickle": ("a.pkl.gz", lambda: gzip.compress(b"\x80\4N") + zeros_gz(3000), "unpacks to more than"),
    "a gzip bomb of steps": ("a.pkl.gz", lambda: gzip.compress(b"\x80\4N") + gzip.compress(b"N0" * 500_000) * 500, ""),
    "a gzip bomb of a table": ("a.csv.gz", lambda: gzip.compress(b"1,2\n2,1\n" * 100_000) * 2000, "unpacks to more than"),
    "a gzip bomb of zeros": ("a.csv.gz", lambda: zeros_gz(3000), ""),
    "a gzip bomb of images": ("a-images-idx3-ubyte.gz", lambda: gzip.compress(idx((3000, 1024, 1024))) + zeros_gz(3000), "promises 3,145,728,000 bytes"),
    "a gzip bomb behind images": ("b-images-idx3-ubyte.gz", lambda: gzip.compress(idx((9, 8, 8))) + zeros_gz(3000), ""),
    "images of terabytes": ("c-images-idx3-ubyte", lambda: idx((1 << 31, 1 << 31, 1 << 31)), "header promises"),
    "images of four axes": ("d-images-idx4-ubyte", lambda: idx((2**32 - 1,) * 4, 14), "header promises"),
    "a zip bomb": ("a.npz", lambda: deflate_bomb(3000), "far more than data do: refused"),
    "a crowded archive": ("b.npz", crowded_archive, "table of contents is far too long"),
    "an archive of one array under many names": ("c.npz", overlapping_archive, ""),
    "a header of terabytes": ("d.npz", lambda: archive(X=npy_header("(1000000, 1000000)"), y=npy_header("(9,)")), "its header promises shape (1000000, 1000000)"),
    "a header of more than there is": ("e.npz", lambda: archive(X=npy_header(f"({'9' * 5000}, 2)"), y=npy_header("(9,)")), ""),
    "a header as long as memory": ("f.npz", lambda: archive(X=npy_header("(1,)", version=2, length=(1 << 32) - 1)), "its header claims"),
    "a header of many axes": ("g.npz", lambda: archive(X=npy_header(f"({'1,' * 30000})", version=2), y=npy_header("(1,)")), ""),
    "a header of brackets": ("h.npz", lambda: archive(X=npy_header("(" * 30000, version=2), y=npy_header("(1,)")), "header cannot be read"),
    "a header that calls": ("i.npz", lambda: archive(X=npy_header("(__import__('os').mkdir('marker'),)"), y=npy_header("(1,)")), "header cannot be read"),
    "objects": ("j.npz", lambda: archive(X=npy_header("(3,)", "'|O'") + pickle.dumps(GOOD), y=npy_header("(3,)", "'|O'")), "Python objects"),
    "an npy of terabytes": ("a.npy", lambda: npy_header("(1000000, 1000000)"), "its header promises shape"),
    "an npy of text of terabytes": ("b.npy", lambda: npy_header("(1, 2)", "'<U999999999'"), ""),
    "a mat bomb": ("a.mat", lambda: mat(zlib.compress(mat_array((3000, 1 << 20), 3000 << 20))), "far too much"),
    "a mat bomb that says little": ("b.mat", lambda: mat(zlib.compress(mat_array((2, 2), 4) + bytes(300 << 20))), ""),
    "a mat of terabytes": ("c.mat", lambda: mat(mat_array((1 << 30, 1 << 30), 4)[8:], 14), "its header promises shape"),
    "tensors of terabytes": ("a.safetensors", lambda: tensors(b'{"X": {"dtype": "F64", "shape": [1000000, 1000000], "data_offsets": [0, 8000000000000]}}'), "header promises bytes 0 to 8,000,000,000,000"),
    "a header of tensors as long as memory": ("b.safetensors", lambda: struct.pack("<Q", 90_000_000) + b"{" + bytes(1000), "header claims"),
    "a header of tensors that is deep": ("c.safetensors", lambda: tensors(b'{"X":' + b"[" * 1_000_000), "is not JSON"),
    "tensors without number": ("d.safetensors", lambda: tensors(b"{" + b",".join(b'"%d":0' % k for k in range(90_000)) + b"}"), "damaged"),
    "a line of commas": ("a.csv", lambda: b"1,2\n" + b"," * 20_000_000 + b"1\n3,4\n", ""),
    "a header of commas": ("d.csv", lambda: b"," * 5_000_000 + b"\n1,2\n", "values in one line are more than"),
    "a quote left open": ("b.csv", lambda: b'a,b\n"' + b"1,2\n" * 5_000_000, "is a quote left open?"),
    "a table of NUL bytes": ("c.csv", lambda: b"a,b\n1,2\n" * 5000 + bytes(20_000_000), "NUL byte"),
}  # fmt: skip


SLOW = (
    "steps without end", "marks without end", "sets without end", "text again and again", "a dict again and again",
    "deep lists", "deep tuples", "a line of commas", "a gzip bomb of a pickle",
)  # fmt: skip
QUICK = [name for name in FILES if name not in SLOW]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, float, int]]:
    return read_all(QUICK, tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, float, int]]:
    return read_all(SLOW, tmp_path_factory.mktemp("hostile"))


def read_all(names: Iterable[str], folder: Path) -> dict[str, tuple[str, float, int]]:
    """What became of each file: (words, seconds, peak of memory), read one after the other in one process."""
    if not Path("/proc/self/status").exists():
        pytest.skip("the limit on memory needs Linux")
    paths: dict[str, str] = {}
    for number, name in enumerate(names):
        file, content, _ = FILES[name]
        place = folder / str(number)
        place.mkdir()
        (place / file).write_bytes(content())
        if "idx3" in file:
            labels = idx((9,), values=bytes(9))
            labels_file = place / file.replace("images-idx3", "labels-idx1")
            labels_file.write_bytes(gzip.compress(labels) if file.endswith(".gz") else labels)
        paths[str(place / file)] = name
    command = [sys.executable, "-P", "-c", READ, str(GIGABYTES), *paths]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"after {len(results)} files: {done.stderr[-2000:]}"
    assert not list(folder.rglob("marker"))
    return {paths[path]: (words, seconds, peak) for path, words, seconds, peak in results}


def check(name: str, words: str, seconds: float, peak: int) -> None:
    assert ": " in words
    assert not words.startswith("read")
    assert "! " not in words[:30], words
    assert words.isprintable()
    assert FILES[name][2] in words
    assert seconds < SECONDS, words
    assert peak < GIGABYTES // 2, words


@pytest.mark.parametrize("name", QUICK)
def test_a_file_that_asks_for_too_much_is_refused_soon(quick, name):
    check(name, *quick[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_a_file_that_asks_for_much_work_is_refused_in_time(slow, name):
    check(name, *slow[name])
