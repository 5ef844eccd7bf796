"""Published data sets: where each one is to be had, how large it is, and the sha256 by which it is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class PublishedFile:
    """One file as it is published: the same bytes under each of its addresses, the first one tried first."""

    name: str
    bytes: int
    sha256: str
    urls: tuple[str, ...]


@dataclass(frozen=True)
class PublishedSet:
    """A data set that is fetched once and kept.

    files: what is fetched. A `.tar.gz` among them is unpacked into `members`, and not kept.
    members: what the archive holds, by name; nothing else comes out of it.
    opens: what is opened afterwards, relative to the set's folder ("" is the folder itself).
    options: what the reader must be told, because nobody could guess it.
    images: whether the samples are pictures of pixels from 0 to 255.
    """

    name: str
    title: str
    files: tuple[PublishedFile, ...]
    licence: str
    citation: str
    page: str
    opens: str = ""
    members: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    images: bool = False

    @property
    def bytes(self) -> int:
        """Bytes to fetch."""
        return sum(file.bytes for file in self.files)


def _idx(folders: tuple[str, ...], sizes_and_sums: tuple[tuple[int, str], ...]) -> tuple[PublishedFile, ...]:
    """The four files of a set in MNIST's form, each to be had in every folder."""
    names = (
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    )
    return tuple(
        PublishedFile(name, size, sha256, tuple(folder + name for folder in folders))
        for name, (size, sha256) in zip(names, sizes_and_sums, strict=True)
    )


def _table(path: str, size: int, sha256: str) -> tuple[PublishedFile, ...]:
    """One table of the UCI repository."""
    place = "archive.ics.uci.edu/ml/machine-learning-databases/"
    # Plain http for machines without certificates: the sum says whether it is the file.
    urls = tuple(f"{scheme}://{place}{path}" for scheme in ("https", "http"))
    return (PublishedFile(path.rpartition("/")[2], size, sha256, urls),)


_UCI = "https://archive.ics.uci.edu/dataset/"

_ALL = (
    PublishedSet(
        "mnist",
        "70,000 handwritten digits, 28 x 28 grey",
        _idx(
            (
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
                "http://yann.lecun.com/exdb/mnist/",
            ),
            (
                (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
                (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
                (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
                (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
            ),
        ),
        "CC BY-SA 3.0",
        "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998",
        "http://yann.lecun.com/exdb/mnist/",
        images=True,
    ),
    PublishedSet(
        "fashion-mnist",
        "70,000 pieces of clothing in 10 classes, 28 x 28 grey",
        _idx(
            (
                "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
                "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            ),
            (
                (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
                (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
                (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
                (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
            ),
        ),
        "MIT",
        "Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv:1708.07747, 2017",
        "https://github.com/zalandoresearch/fashion-mnist",
        images=True,
    ),
    PublishedSet(
        "kmnist",
        "70,000 cursive Japanese characters in 10 classes, 28 x 28 grey",
        _idx(
            (
                "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
                "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            ),
            (
                (18_165_135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
                (29_497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
                (3_041_136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
                (5_120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
            ),
        ),
        "CC BY-SA 4.0",
        "Clanuwat et al.: Deep Learning for Classical Japanese Literature, arXiv:1812.01718, 2018",
        "http://codh.rois.ac.jp/kmnist/",
        images=True,
    ),
    PublishedSet(
        "cifar10",
        "60,000 photographs in 10 classes, 32 x 32 in colour",
        (
            PublishedFile(
                "cifar-10-python.tar.gz",
                170_498_071,
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                (
                    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
                    "https://cave.cs.toronto.edu/kriz/cifar-10-python.tar.gz",
                ),
            ),
        ),
        "none stated; the authors ask for the citation",
        "Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009",
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        opens="cifar-10-batches-py",
        members=tuple(
            f"cifar-10-batches-py/{name}"
            for name in (
                "batches.meta",
                *(f"data_batch_{k}" for k in range(1, 6)),
                "test_batch",
                "readme.html",
            )
        ),
        images=True,
    ),
    PublishedSet(
        "iris",
        "150 flowers of 3 species, 4 measures each",
        _table("iris/iris.data", 4_551, "6f608b71a7317216319b4d27b4d9bc84e6abd734eda7872b71a458569e2656c0"),
        "CC BY 4.0",
        "Fisher: The use of multiple measurements in taxonomic problems, 1936",
        _UCI + "53/iris",
        opens="iris.data",
    ),
    PublishedSet(
        "wine",
        "178 wines of 3 growers, 13 measures each",
        _table("wine/wine.data", 10_782, "6be6b1203f3d51df0b553a70e57b8a723cd405683958204f96d23d7cd6aea659"),
        "CC BY 4.0",
        "Aeberhard, Forina: Wine, UCI Machine Learning Repository, 1992",
        _UCI + "109/wine",
        opens="wine.data",
        options={"target": "first"},
    ),
    PublishedSet(
        "banknote",
        "1,372 banknotes, genuine or forged, 4 features of their image",
        _table(
            "00267/data_banknote_authentication.txt",
            46_400,
            "d0539aaed2139ba7a587b3e34fb345ce503ff7d5d33dbf9912d8e195ce425cb9",
        ),
        "CC BY 4.0",
        "Lohweg: Banknote Authentication, UCI Machine Learning Repository, 2012",
        _UCI + "267/banknote+authentication",
        opens="data_banknote_authentication.txt",
    ),
    PublishedSet(
        "digits",
        "1,797 handwritten digits, 8 x 8 in 17 greys: scikit-learn's load_digits",
        _table(
            "optdigits/optdigits.tes",
            264_712,
            "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8",
        ),
        "CC BY 4.0",
        "Alpaydin, Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998",
        _UCI + "80/optical+recognition+of+handwritten+digits",
        opens="optdigits.tes",
    ),
    PublishedSet(
        "winequality",
        "1,599 red wines, 11 measures each, and the quality from 3 to 8",
        _table(
            "wine-quality/winequality-red.csv",
            84_199,
            "4a402cf041b025d4566d954c3b9ba8635a3a8a01e039005d97d6a710278cf05e",
        ),
        "CC BY 4.0",
        "Cortez et al.: Modeling wine preferences by data mining from physicochemical properties, 2009",
        _UCI + "186/wine+quality",
        opens="winequality-red.csv",
    ),
)

PUBLISHED: dict[str, PublishedSet] = {published.name: published for published in _ALL}

OTHER_NAMES = {"cifar": "cifar10", "fashion": "fashion-mnist", "fashionmnist": "fashion-mnist", "optdigits": "digits"}


def published_name(word: str) -> str:
    """The set that a word means, whatever its case and dashes ("CIFAR-10", "fashion_mnist"); "" if none."""
    plain = word.lower().replace("_", "-")
    if plain in PUBLISHED:
        return plain
    close = plain.replace("-", "")
    return OTHER_NAMES.get(close, close if close in PUBLISHED else "")


def set_folder(published: PublishedSet, cache: Path) -> Path:
    """Where the set's files lie, or will lie."""
    return cache / published.name


def cached_path(published: PublishedSet, cache: Path) -> Path | None:
    """What to open of a set that is here, all its files in the cache and as long as published; else None."""
    folder = set_folder(published, cache)
    try:
        if published.members:
            whole = all((folder / member).stat().st_size for member in published.members)
        else:
            whole = all((folder / file.name).stat().st_size == file.bytes for file in published.files)
    except OSError:
        return None
    return folder / published.opens if whole else None
