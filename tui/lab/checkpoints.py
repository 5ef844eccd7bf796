"""Weights on the disk: checkpoints to go on from, and snapshots through time to look at.

Every file is a safetensors file that `torch.nn.Sequential(...).load_state_dict` takes. A checkpoint
also holds the optimiser's arrays under `optimizer.*`, and what else a training needs to go on bit for
bit as JSON in the file's metadata: one file, one atomic replace.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui.lab.errors import LabError
from tui.lab.files import os_error_text, write_atomic

Arrays = Mapping[str, NDArray[Any]]
_OPTIMIZER = "optimizer."
_STATE = "mlp_tui"


@dataclass(frozen=True)
class Checkpoint:
    """``weights`` and ``optimizer`` as their `state_dict` gives them; ``state`` is for JSON."""

    weights: Arrays
    optimizer: Arrays = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)


def save(path: Path, checkpoint: Checkpoint, *, sync: bool = True) -> None:
    """Puts the checkpoint in place of ``path`` in one step. Raises OSError; the old one then stays."""
    from safetensors.numpy import save as to_bytes

    tensors = dict(checkpoint.weights)
    tensors.update({_OPTIMIZER + name: array for name, array in checkpoint.optimizer.items()})
    # safetensors 0.8 writes garbage for an array that is not C-contiguous.
    tensors = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    metadata = {"format": "pt", _STATE: json.dumps(dict(checkpoint.state))}
    write_atomic(path, to_bytes(tensors, metadata=metadata), sync=sync)


def load(path: Path) -> Checkpoint:
    """Reads what `save` wrote. Raises LabError in words for a file that cannot be read."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    try:
        data = path.read_bytes()
        tensors = from_bytes(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        state = json.loads(header.get("__metadata__", {}).get(_STATE, "{}"))
    except OSError as error:
        raise LabError(f"{os_error_text(error, path)}") from None
    except (SafetensorError, ValueError, RecursionError) as error:
        raise LabError(f"{path}: damaged ({error}): remove it to train again from the seed") from None
    state = state if isinstance(state, dict) else {}
    optimizer = {name.removeprefix(_OPTIMIZER): tensors[name] for name in tensors if name.startswith(_OPTIMIZER)}
    weights = {name: array for name, array in tensors.items() if not name.startswith(_OPTIMIZER)}
    return Checkpoint(weights, optimizer, state)


def is_snapshot_epoch(epoch: int) -> bool:
    """Whether weights are kept after this epoch: 1 to 6, 8, 10, 12, 16, 20, 25, 32, 40, 50, 64, 80, ..."""
    if epoch < 10:
        return epoch in (1, 2, 3, 4, 5, 6, 8)
    ten = 10 ** (len(str(epoch)) - 1)
    return any(epoch == int(step * ten) for step in (1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.4, 8))
