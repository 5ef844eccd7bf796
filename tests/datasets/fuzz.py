"""A target for atheris: bytes as a file of every kind; only the readers' own error may come out.

    python -m tests.datasets.fuzz [CORPUS] [-max_total_time=600]

The first byte says as which kind the rest is read. Without a corpus it begins with the samples of tests/datasets.
"""

import sys
import tempfile
import warnings
from pathlib import Path

from tests.datasets.samples import LABELS, samples

NAMES = sorted({name for name, _ in samples().values()})


def read(folder: Path, name: str, data: bytes) -> None:
    """Read `data` as the file `name`. Raises whatever is no DataError, warnings too."""
    from datasets import DataError, kind_of, load

    path = folder / name
    path.write_bytes(data)
    (folder / "a-labels-idx1-ubyte").write_bytes(LABELS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kind_of(path)
        try:
            made = load(path)
        except DataError as error:
            words = [str(error)]
        else:
            assert len(made.X) == len(made.y)
            words = [*made.class_names, *made.feature_names, *made.guessed.values()]
    assert all(word.isprintable() for word in words), words


def main() -> None:
    import atheris

    with tempfile.TemporaryDirectory() as folder, atheris.instrument_imports(include=["datasets"]):
        import datasets  # noqa: F401 - so that it is instrumented

        corpus = Path(folder, "corpus")
        corpus.mkdir()
        for number, (name, data) in enumerate(samples().values()):
            (corpus / str(number)).write_bytes(bytes([NAMES.index(name)]) + data)
        place = Path(folder, "file")
        place.mkdir()

        def one(data: bytes) -> None:
            if data:
                read(place, NAMES[data[0] % len(NAMES)], data[1:])

        has_corpus = any(not argument.startswith("-") for argument in sys.argv[1:])
        atheris.Setup([*sys.argv, *([] if has_corpus else [str(corpus)])], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
