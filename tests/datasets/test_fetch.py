"""Fetching against a server on loopback: every way in which a download goes wrong, and goes on."""

import hashlib
import io
import json
import os
import shutil
import socket
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from datasets import DataError, load
from datasets.download import FetchError
from datasets.fetch import UNPACKED, fetch
from datasets.published import PUBLISHED, PublishedSet, cached_path, published_name
from datasets.unpack import unpack
from tests.datasets.server import BODY, Server, published, serving


class Heard:
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.last: tuple[str, int, int] | None = None

    def progress(self, name: str, done: int, total: int) -> None:
        assert self.last is None or self.last[0] != name or done >= self.last[1] or done == 0
        self.last = (name, done, total)

    def note(self, words: str) -> None:
        self.notes.append(words)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as server:
        yield server


def parts(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "toy").iterdir())


def refusal(toy: PublishedSet, cache: Path, timeout: float = 5.0) -> str:
    with pytest.raises(FetchError) as caught:
        fetch(toy, cache, timeout=timeout)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("length", [True, False])
def test_a_file_is_fetched_once(server, tmp_path, length) -> None:
    asked = server.gives(length=length).asked
    toy, heard = published(server.url("/a.bin")), Heard()
    assert cached_path(toy, tmp_path) is None
    fetched = fetch(toy, tmp_path, watch=heard)
    assert fetched.path == tmp_path / "toy" / "a.bin" == cached_path(toy, tmp_path)
    assert fetched.path.read_bytes() == BODY
    assert (fetched.cached, heard.last, heard.notes) == (False, ("a.bin", len(BODY), len(BODY)), [])
    assert parts(tmp_path) == ["a.bin"]
    again = fetch(toy, tmp_path)
    assert again.cached
    assert asked == [(None, None)]
    assert not fetch(toy, tmp_path, force=True).cached
    assert len(asked) == 2
    assert json.loads(json.dumps(fetched.summary())) == {
        "name": "toy",
        "path": str(fetched.path),
        "files": [{"name": "a.bin", "bytes": len(BODY), "sha256": hashlib.sha256(BODY).hexdigest(), "cached": False}],
        "bytes": len(BODY),
        "cached": False,
    }


def test_what_was_cut_goes_on_where_it_stopped(server, tmp_path) -> None:
    asked = server.gives(cut_after=[100_000, 50_000]).asked
    heard = Heard()
    fetched = fetch(published(server.url("/a.bin")), tmp_path, watch=heard)
    assert fetched.path.read_bytes() == BODY
    assert asked == [(None, None), ("bytes=100000-", '"one"'), ("bytes=150000-", '"one"')]
    assert "a.bin: going on after 150,000 of 307,200 bytes" in heard.notes
    assert parts(tmp_path) == ["a.bin"]


def test_a_part_of_yesterday_is_taken_up(server, tmp_path) -> None:
    dead = server.gives(cut_after=[100_000, 0])
    toy = published(server.url("/a.bin"))
    words = refusal(toy, tmp_path)
    assert "100,000 of 307,200 bytes are kept, to go on from" in words
    assert parts(tmp_path) == ["a.bin.part", "a.bin.part.from"]
    assert fetch(toy, tmp_path).path.read_bytes() == BODY
    assert dead.asked[-1] == ("bytes=100000-", '"one"')


def test_a_server_without_ranges_starts_over(server, tmp_path) -> None:
    asked = server.gives(ranges=False, cut_after=[100_000]).asked
    assert fetch(published(server.url("/a.bin")), tmp_path).path.read_bytes() == BODY
    assert asked == [(None, None), ("bytes=100000-", '"one"')]


def test_a_file_that_changed_in_between_starts_over(server, tmp_path) -> None:
    server.gives(body=BODY[::-1], cut_after=[100_000, 0])
    toy = published(server.url("/a.bin"))
    refusal(toy, tmp_path)
    asked = server.gives(etag='"two"').asked
    assert fetch(toy, tmp_path).path.read_bytes() == BODY
    assert asked == [("bytes=100000-", '"one"')]


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_damage_that_no_etag_tells_is_told_by_the_sum(server, tmp_path, etag) -> None:
    server.gives(body=BODY[::-1], cut_after=[100_000, 0], etag=etag)
    toy, heard = published(server.url("/a.bin")), Heard()
    refusal(toy, tmp_path)
    asked = server.gives(etag=etag).asked
    assert fetch(toy, tmp_path, watch=heard).path.read_bytes() == BODY
    assert asked == [("bytes=100000-", None), (None, None)]
    assert "a.bin: damaged, from the start again" in heard.notes


def test_a_part_that_is_whole_or_too_long_already(server, tmp_path) -> None:
    asked = server.gives().asked
    toy = published(server.url("/a.bin"))
    (tmp_path / "toy").mkdir()
    part = tmp_path / "toy" / "a.bin.part"
    part.write_bytes(BODY)
    assert fetch(toy, tmp_path).path.read_bytes() == BODY
    assert asked == []
    (tmp_path / "toy" / "a.bin").unlink()
    part.write_bytes(BODY + b"x")
    assert fetch(toy, tmp_path).path.read_bytes() == BODY
    assert asked == [(None, None)]


def test_the_next_address_goes_on_where_the_first_one_stopped(server, tmp_path) -> None:
    server.gives("/first", cut_after=[100_000, 0])
    second = server.gives("/second", etag='"other"').asked
    toy = published(server.url("/first"), server.url("/second"))
    assert fetch(toy, tmp_path).path.read_bytes() == BODY
    assert second == [("bytes=100000-", None)]


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ({"status": 404}, "404 Not Found"),
        ({"status": 503}, "503 Service Unavailable"),
        ({"body": BODY[:-1]}, "gives 307199 bytes, and 307,200 are missing"),
        ({"body": BODY + b"x", "length": False}, "gives more than the 307,200 bytes"),
        ({"body": BODY[::-1]}, "what it gives is not the file (its sha256 is another)"),
        ({"cut_after": [0] * 9}, "the connection ended before anything came"),
        ({"redirect": "/a.bin"}, "sends on in circles"),
        ({"redirect": "file:///etc/passwd"}, "sends on in circles, or to what is not https"),
        ({"redirect": "http://localhost/a.bin"}, "sends on to http://localhost, which is not https"),
        ({"redirect": "ftp://127.0.0.1/a.bin"}, "sends on to ftp://127.0.0.1, which is not https"),
    ],
)
def test_an_address_that_fails_is_followed_by_the_next_one(server, tmp_path, behaviour, words) -> None:
    server.gives("/bad", **behaviour)
    server.gives("/good")
    if behaviour.get("redirect") == "/a.bin":
        server.gives("/a.bin", redirect="/bad")
    toy = published(server.url("/bad"))
    said = refusal(toy, tmp_path)
    assert said.startswith(f"toy: a.bin did not come: 127.0.0.1: {words}")
    assert f"Or put a.bin (http://page) into {tmp_path}/toy and run this again" in said
    assert parts(tmp_path) == []
    heard = Heard()
    both = published(server.url("/bad"), server.url("/good"))
    assert fetch(both, tmp_path, watch=heard).path.read_bytes() == BODY
    assert heard.notes[0].startswith("a.bin: 127.0.0.1: ")


def test_a_redirect_within_the_host_is_followed(server, tmp_path) -> None:
    server.gives("/old", redirect="/a.bin")
    server.gives()
    assert fetch(published(server.url("/old")), tmp_path).path.read_bytes() == BODY


@pytest.mark.parametrize("behaviour", [{"silent_head": True}, {"trickle": 0.02}])
def test_a_server_that_trickles_is_given_up(server, tmp_path, behaviour) -> None:
    server.gives("/slow", **behaviour)
    server.gives("/good")
    began = time.monotonic()
    toy = published(server.url("/slow"), server.url("/good"))
    assert fetch(toy, tmp_path, timeout=0.4).path.read_bytes() == BODY
    assert time.monotonic() - began < 4


def test_a_server_that_is_silent_is_given_up(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        words = refusal(published(f"http://127.0.0.1:{silent.getsockname()[1]}/a"), tmp_path, timeout=0.3)
    assert "127.0.0.1: no answer in 0.3 s" in words


def test_without_a_network_the_words_name_the_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    toy = published(f"http://127.0.0.1:{port}/a")
    words = refusal(toy, tmp_path)
    assert "127.0.0.1: connection refused. Or put a.bin (http://page) into " in words
    # And so it is: what is put there by hand is checked and kept.
    (tmp_path / "toy" / "a.bin").write_bytes(BODY)
    assert fetch(toy, tmp_path).cached
    heard = Heard()
    (tmp_path / "toy" / "a.bin").write_bytes(BODY[::-1])
    with pytest.raises(FetchError):
        fetch(toy, tmp_path, watch=heard)
    assert heard.notes[0] == "a.bin: is here, but not as it was published: fetching it again"


def test_an_address_that_is_not_http_is_not_asked(tmp_path) -> None:
    (tmp_path / "secret").write_bytes(BODY)
    assert "unknown url type" in refusal(published((tmp_path / "secret").as_uri()), tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_one_line(server, tmp_path) -> None:
    server.gives()
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "a.bin.part").symlink_to("/dev/full")
    words = refusal(published(server.url("/a.bin")), tmp_path)
    assert "a.bin.part cannot be written (No space left on device): make room there" in words
    assert "by hand" not in words


def test_room_is_looked_for_first(server, tmp_path, monkeypatch) -> None:
    asked = server.gives().asked
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**6, 10**6 - 1000, 1000))
    words = refusal(published(server.url("/a.bin")), tmp_path)
    assert "0.3 MB are needed in" in words
    assert asked == []


def test_a_cache_that_is_no_folder_is_refused_in_words(server, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    assert "choose another folder with --cache" in refusal(published(server.url("/a.bin")), tmp_path / "file")


@pytest.mark.skipif(sys.platform == "win32", reason="no locks there")
def test_two_fetches_do_not_write_one_file(server, tmp_path) -> None:
    import fcntl

    (tmp_path / "toy").mkdir()
    with (tmp_path / "toy" / "a.bin.part").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "another fetch is writing it" in refusal(published(server.url("/a.bin")), tmp_path)
    assert parts(tmp_path) == ["a.bin.part"]


# Archives


def packed(*members: tuple[str, bytes] | tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member, io.BytesIO(bytes(member.size)))
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            tar.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def special(name: str, kind: bytes, link: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info


def test_an_archive_is_unpacked_and_not_kept(server, tmp_path) -> None:
    archive = packed(special("top", tarfile.DIRTYPE), ("top/a", b"first"), ("top/b", b"second"))
    asked = server.gives(body=archive).asked
    toy = published(server.url("/a.bin"), body=archive, name="a.tar.gz", opens="top", members=("top/a", "top/b"))
    fetched = fetch(toy, tmp_path)
    assert fetched.path == cached_path(toy, tmp_path) == tmp_path / "toy" / "top"
    assert (fetched.path / "b").read_bytes() == b"second"
    assert parts(tmp_path) == ["top", UNPACKED]
    assert fetch(toy, tmp_path).cached
    assert len(asked) == 1
    (fetched.path / "b").write_bytes(b"sEcond")
    assert not fetch(toy, tmp_path).cached
    assert (fetched.path / "b").read_bytes() == b"second"
    # One that was put there by hand is unpacked, and stays.
    shutil.rmtree(fetched.path)
    assert cached_path(toy, tmp_path) is None
    (tmp_path / "toy" / "a.tar.gz").write_bytes(archive)
    assert fetch(toy, tmp_path).cached
    assert parts(tmp_path) == ["a.tar.gz", "top", UNPACKED]
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([("../../evil", b"x")], "holds '../../evil', which is not expected there"),
        ([("/tmp/evil", b"x")], "holds '/tmp/evil', which is not expected there"),
        ([("top/a", b"x"), ("top/\x1b]0;a\x07", b"x")], r"holds 'top/\x1b]0;a\x07', which is not"),
        ([special("top/a", tarfile.SYMTYPE, "/etc/passwd")], "holds 'top/a', which is no plain file"),
        ([special("top/a", tarfile.LNKTYPE, "../../b")], "holds 'top/a', which is no plain file"),
        ([special("top/a", tarfile.CHRTYPE)], "holds 'top/a', which is no plain file"),
        ([special("top/a", tarfile.FIFOTYPE)], "holds 'top/a', which is no plain file"),
        ([special("elsewhere", tarfile.DIRTYPE)], "holds 'elsewhere', which is no plain file"),
        ([special("top", tarfile.SYMTYPE, "/tmp"), ("top/a", b"x")], "holds 'top', which is no plain file"),
        ([("top/a", b"x"), ("top/a", b"y")], "holds 'top/a', which is not expected there"),
        ([("top/a", b"x")], "lacks 'top/b'"),
        ([special("top/a", tarfile.REGTYPE, size=50_000_000)], "unpacks to more bytes than it may"),
    ],
)
def test_a_hostile_archive_is_refused_and_leaves_nothing(tmp_path, members, words) -> None:
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(packed(*members))
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(DataError) as caught:
        unpack(archive, folder, ("top/a", "top/b"), limit=1_000_000)
    assert words in str(caught.value)
    assert list(folder.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "in"]


def test_a_damaged_archive_is_refused_in_words(tmp_path) -> None:
    whole = packed(("top/a", os.urandom(100_000)))
    archive = tmp_path / "a.tar.gz"
    for damaged in (whole[:-5000], whole[:50], b"", b"text", whole[:5000] + b"\xff" * 100 + whole[5100:]):
        archive.write_bytes(damaged)
        with pytest.raises(DataError, match=r"damaged|lacks"):
            unpack(archive, tmp_path, ("top/a",))
        assert [path.name for path in tmp_path.iterdir()] == ["a.tar.gz"]


def test_a_header_that_claims_gigabytes_is_refused(tmp_path) -> None:
    info = special("top/a", tarfile.XHDTYPE, size=10_000_000)
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(packed(info, ("top/a", b"x")))
    with pytest.raises(DataError, match=r"more bytes than it may|damaged"):
        unpack(archive, tmp_path, ("top/a",), limit=1_000_000)


# The table


def test_the_table_is_in_order() -> None:
    for name, item in PUBLISHED.items():
        assert item.name == name == published_name(name)
        assert item.title
        assert item.licence
        assert item.citation
        for file in item.files:
            assert len(bytes.fromhex(file.sha256)) == 32
            assert file.bytes > 0
            assert file.urls[0].startswith("https://")
            assert all(url.startswith(("https://", "http://")) for url in file.urls)
    for word, name in [("CIFAR-10", "cifar10"), ("fashion_mnist", "fashion-mnist"), ("MNIST", "mnist")]:
        assert published_name(word) == name
    assert published_name("imagenet") == ""


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("mnist", "mnist_idx/train-images-idx3-ubyte.gz"),
        ("mnist", "mnist_idx/t10k-labels-idx1-ubyte.gz"),
        ("fashion-mnist", "fashion_mnist/train-images-idx3-ubyte.gz"),
        ("banknote", "banknote/banknote_authentication.csv"),
    ],
)
def test_sums_are_those_of_the_real_files(test_data, name, file) -> None:
    path = test_data / file
    if not path.exists():
        pytest.skip(f"no {file}")
    content = path.read_bytes()
    known = {(f.bytes, f.sha256) for f in PUBLISHED[name].files}
    assert (len(content), hashlib.sha256(content).hexdigest()) in known


def test_digits_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    rows = [[*map(int, x), int(y)] for x, y in zip(digits.data, digits.target, strict=True)]
    content = "".join(",".join(map(str, row)) + "\n" for row in rows).encode()
    file = PUBLISHED["digits"].files[0]
    assert (len(content), hashlib.sha256(content).hexdigest()) == (file.bytes, file.sha256)


def test_tables_are_read_as_they_are_published(tmp_path) -> None:
    """The forms of the UCI files: no header, an empty line at the end, the class first or last, semicolons."""
    lines = {
        "iris": [f"5.{k % 9},3.5,1.{k % 7},0.2,Iris-{'setosa' if k % 2 else 'virginica'}" for k in range(40)]
        + ["", ""],
        "wine": [
            f"{k % 3 + 1},14.{k},1.71,2.43,15.6,127,2.8,3.06,.28,2.29,5.64,1.04,3.92,{k + 1000}" for k in range(40)
        ],
        "winequality": ['"fixed acidity";"pH";"quality"'] + [f"7.{k};3.{k};{3 + k % 4}" for k in range(40)],
    }
    for name, text in lines.items():
        path = tmp_path / PUBLISHED[name].opens
        path.write_text("\n".join(text))
        data = load(path, **PUBLISHED[name].options)
        assert (data.n_samples, data.missing) == (40, 0), name
        assert data.n_features == {"iris": 4, "wine": 13, "winequality": 2}[name]
        assert data.n_classes == {"iris": 2, "wine": 3, "winequality": 4}[name]
