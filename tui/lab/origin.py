"""What a run began with, by its sha256: its data, and the file of its first weights where it has one."""

from datasets import Dataset
from tui.lab.errors import LabError
from tui.lab.runs import RunFolder
from tui.lab.spec import Spec
from tui.lab.weights import file_sha256, weights_path


def record_origin(folder: RunFolder, spec: Spec, dataset: Dataset) -> None:
    """Writes it into the run's spec file, or holds it against what is there.

    Raises LabError for another file than the one that the run began with, and OSError.
    """
    record = folder.read_record()
    began = {"data_sha256": (dataset.sha256, spec.data.source, "data")}
    if spec.model.weights:
        began["weights_sha256"] = (file_sha256(weights_path(spec)), spec.model.weights, "weights")
    for key, (sha, file, what) in began.items():
        if record.get(key, sha) != sha:
            raise LabError(f"{file}: not the {what} that this run began with: start a new run")
    if not began.keys() <= record.keys():
        folder.write_spec(spec, {**record, **{key: sha for key, (sha, _, _) in began.items()}})
