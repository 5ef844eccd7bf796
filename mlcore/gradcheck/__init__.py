"""Whether backward is the derivative of forward, and where it is not, what is wrong with it.

`check.py` says what is checked and how it is judged; `differences.py` has the numbers, `objective.py` the loss that
they are differences of, `faults.py` and `diagnosis.py` find the words, `report.py` holds what came out, `curve.py` is
the error against the step.
"""

from mlcore.gradcheck.check import check_gradient, iter_gradient_check
from mlcore.gradcheck.curve import EPS, ErrorCurve, error_curve
from mlcore.gradcheck.report import CheckProgress, GradientReport, TensorCheck

__all__ = [
    "EPS",
    "CheckProgress",
    "ErrorCurve",
    "GradientReport",
    "TensorCheck",
    "check_gradient",
    "error_curve",
    "iter_gradient_check",
]
