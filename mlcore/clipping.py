"""Limits on gradients, against the one batch whose gradient would throw the weights far away."""

from collections.abc import Iterable

import numpy as np

from mlcore.layers import Parameter


def clip_grad_norm_(parameters: Iterable[Parameter], max_norm: float, norm_type: float = 2.0) -> float:
    """Scale all gradients by one factor, max_norm / (norm + 1e-6), where their norm is larger than max_norm.

    The norm is that of all gradients, of any shapes, as one long vector: norm_type 2 the Euclidean, inf the largest
    entry. Returns it, before clipping. As torch.nn.utils.clip_grad_norm_ (Pascanu et al. 2013). Raises ValueError for
    a max_norm below 0.
    """
    if not max_norm >= 0:
        raise ValueError(f"max_norm must be >= 0, received {max_norm}")
    gradients = [parameter.grad for parameter in parameters]
    with np.errstate(over="ignore"):
        norms = [float(np.linalg.norm(gradient.ravel(), norm_type)) for gradient in gradients if gradient.size]
    if not np.isfinite(norms).all():  # squares of large float32 numbers overflow long before the numbers do
        norms = [float(np.linalg.norm(gradient.ravel().astype(np.float64), norm_type)) for gradient in gradients]
    total = float(np.linalg.norm(norms, norm_type)) if norms else 0.0
    factor = max_norm / (total + 1e-6)
    if factor < 1:
        for gradient in gradients:
            gradient *= factor
    return total


def clip_grad_value_(parameters: Iterable[Parameter], clip_value: float) -> None:
    """Put every entry of every gradient, of any shapes, into -clip_value..clip_value.

    As torch.nn.utils.clip_grad_value_. Raises ValueError for a clip_value below 0.
    """
    if not clip_value >= 0:
        raise ValueError(f"clip_value must be >= 0, received {clip_value}")
    for parameter in parameters:
        np.clip(parameter.grad, -clip_value, clip_value, out=parameter.grad)
