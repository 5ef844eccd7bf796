"""One sample a step with plain gradient descent, without going through the first layer's weights at each step.

Within a block the weights of the first layer are what they were, W, less lr times the sum of dz_j x_j^T over the
samples j that came before. So sample i meets

    z_i = W x_i - lr sum_{j < i} dz_j (x_j . x_i)

which is the same number as one by one, to rounding. W X^T and all x_j . x_i (the Gram matrix) are two products of
matrices, and W is changed once a block, in a third. Later layers are small and change at every step.
"""

from functools import partial

import numpy as np

from mlcore._typing import Array
from mlcore.engine.batches import Window
from mlcore.engine.parameters import FlatParameters
from mlcore.engine.program import Chain, Program
from mlcore.engine.updates import Operation
from mlcore.losses import Loss
from mlcore.optim import SGD, Optimizer

BLOCK_SIZE = 64
_WORTHWHILE = 4096
"""From so many weights in the first layer on."""


def suits(chain: Chain, optimizer: Optimizer) -> bool:
    """Whether steps of one sample can be done in blocks, and it is worth it."""
    plain = isinstance(optimizer, SGD) and not optimizer.momentum and not optimizer.weight_decay and not optimizer.l1
    return plain and not chain.front and chain.stages[0].linear.weight.data.size >= _WORTHWHILE


class OnlineBlock:
    """`count` steps of one sample each, bound to its arrays; the window holds these samples."""

    def __init__(
        self,
        chain: Chain,
        flat: FlatParameters,
        loss: Loss,
        optimizer: Optimizer,
        window: Window,
        count: int,
    ) -> None:
        self.optimizer = optimizer
        self.program = program = Program(chain, flat, loss, window)
        cut = flat.data_cuts[0]
        out, dtype = cut.W.shape[0], flat.data.dtype
        x: Array = window.x[:count, 0]
        # A row a sample: Z = X W^T + b, G = X X^T + 1 (the 1 for the bias), D holds lr dz.
        Z, G, D = np.empty((count, out), dtype), np.empty((count, count), dtype), np.zeros((count, out), dtype)
        self.lr = lr = np.zeros((), dtype)
        self.begin: list[Operation] = [partial(x.dot, cut.product.T, Z), partial(x.dot, x.T, G)]
        change = np.empty_like(cut.product)
        self.end: list[Operation] = [
            partial(D.T.dot, x, change),
            partial(np.subtract, cut.product, change, cut.product),
        ]
        if cut.whole is None and cut.b is not None:
            one, change_b = np.ones((), dtype), np.empty_like(cut.b)
            self.begin += [partial(np.add, Z, cut.b, Z), partial(np.add, G, one, G)]
            self.end += [
                partial(D.T.dot, np.ones(count, dtype), change_b),
                partial(np.subtract, cut.b, change_b, cut.b),
            ]

        z, dz = program.first_z.reshape(-1), program.first_dz.reshape(-1)
        p, g = flat.data[flat.ends[0] :], flat.grad[flat.ends[0] :]
        earlier, scratch = np.zeros_like(z), np.empty_like(p)
        later_layers: list[Operation] = [partial(np.multiply, g, lr, scratch), partial(np.subtract, p, scratch, p)]
        self.steps: list[list[Operation]] = []
        for i, to_outputs in enumerate(program.loss_gradient[:count]):
            sum_before: Operation = partial(G[i, :i].dot, D[:i], earlier) if i else partial(earlier.fill, 0)
            first: list[Operation] = [*program.draws, sum_before, partial(np.subtract, Z[i], earlier, z)]
            keep_dz: list[Operation] = [partial(np.multiply, dz, lr, D[i])]
            self.steps.append([*first, *program.forward, *to_outputs, *program.backward, *keep_dz, *later_layers])
        # `grad` is then that of the last sample.
        self.end += program.first_gradients[count - 1]

    def run(self) -> None:
        """Train on the samples of the window."""
        self.lr[()] = self.optimizer.lr
        for operation in self.begin:
            operation()
        for step in self.steps:
            for operation in step:
                operation()
        for operation in self.end:
            operation()
        self.optimizer.steps += sum(map(self.program.takes_part, range(len(self.steps))))
