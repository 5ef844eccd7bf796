"""What a run began with, by its sha256: its data, and the file of its first weights where it has one."""

from datasets import Dataset
from tui.lab.errors import ChangedError
from tui.lab.runs import RunFolder
from tui.lab.spec import Spec
from tui.lab.weights import file_sha256, weights_path


def record_origin(folder: RunFolder, spec: Spec, dataset: Dataset, *, force: bool = False) -> None:
    """Writes it into the run's spec file, or holds it against what is there.

    Raises ChangedError for another file than the one that the run began with, unless ``force`` takes it in its place;
    and OSError.
    """
    record = folder.read_record()
    began = {"data_sha256": (dataset.sha256, spec.data.source, "data")}
    if spec.model.weights:
        began["weights_sha256"] = (file_sha256(weights_path(spec)), spec.model.weights, "weights")
    for key, (sha, file, what) in began.items():
        was = record.get(key, sha)
        if was != sha and not force:
            raise ChangedError(
                f"{file}: not the {what} that this run began with (sha256 {str(was)[:12]} -> {sha[:12]}): "
                "put the file back, train a new run, or go on regardless with --force"
            )
    if any(record.get(key) != sha for key, (sha, _, _) in began.items()):
        folder.write_spec(spec, {**record, **{key: sha for key, (sha, _, _) in began.items()}})
