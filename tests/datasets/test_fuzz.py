"""Good files of every kind, damaged anywhere: only DataError comes out, soon and without a warning."""

import importlib.util
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets import load
from tests.datasets.fuzz import read
from tests.datasets.samples import LABELS, samples

SAMPLES = samples()
SECONDS = 2.0
SPECIAL = (
    b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0", b"\n", b",", b'"', b";", b"'", b"(", b".",
    b"\x1b]0;x\x07", b"9999999999", b"nan", b"inf", b"1e999", b"-", b"\xe2\x80\xae", b"_", b"O", b"|O", b"0",
)  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_good(tmp_path, name):
    file, data = SAMPLES[name]
    (tmp_path / file).write_bytes(data)
    (tmp_path / "a-labels-idx1-ubyte").write_bytes(LABELS)
    assert load(tmp_path / file).n_samples in (8, 11, 16)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes with one to four places flipped, cut out, cut off, put in, doubled or exchanged."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        # Half of all damage falls on the beginning, where headers are.
        at = rng.randrange(min(len(out), 200) if rng.random() < 0.5 else len(out)) if out else 0
        length = min(rng.choice([1, 1, 2, 4, 8, 50, 1000]), len(out) - at)
        match rng.randrange(8):
            case 0 if out:
                out[at] ^= 1 << rng.randrange(8)
            case 1 if out:
                out[at] = rng.randrange(256)
            case 2:
                del out[at : at + length]
            case 3:
                del out[at:]
            case 4:
                out[at:at] = rng.choice(SPECIAL) * rng.choice([1, 1, 1, 40])
            case 5:
                special = rng.choice(SPECIAL)
                out[at : at + len(special)] = special
            case 6:
                out[at:at] = out[at : at + length]
            case 7:
                other = rng.randrange(len(out) or 1)
                one, two = out[at : at + length], out[other : other + length]
                out[at : at + length], out[other : other + length] = two, one
    return bytes(out)


def damage_and_read(folder, name, seed):
    file, data = SAMPLES[name]
    began = time.process_time()
    read(folder, file, damaged(data, random.Random(seed)))
    assert time.process_time() - began < SECONDS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_damage_raises_dataerror_only(folder, name, seed):
    damage_and_read(folder, name, seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_much_damage_raises_dataerror_only(folder, name):
    for seed in range(3000):
        damage_and_read(folder, name, seed)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), name=st.sampled_from(sorted({file for file, _ in SAMPLES.values()})))
def test_any_bytes_raise_dataerror_only(folder, data, name):
    read(folder, name, data)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_atheris_finds_nothing_in_a_minute():
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.datasets.fuzz", "-max_total_time=60", "-rss_limit_mb=4096"]
    done = subprocess.run(command, cwd=root, env=dict(os.environ), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
