"""How to leave a network as it was found: for whatever looks at one by running it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def put_back(net: Any, loss: Any) -> Iterator[None]:
    """Afterwards weights, gradients, modes, dropout and all that layers keep of a forward are as before."""
    owners = [owner for owner in (*modules_of(net), net, loss) if hasattr(owner, "__dict__")]
    attributes = [dict(vars(owner)) for owner in owners]
    generators = [v for values in attributes for v in values.values() if isinstance(v, np.random.Generator)]
    states = [generator.bit_generator.state for generator in generators]
    # The arrays themselves come back, not only their values: others may hold on to them.
    parameters = [(p, p.data, p.data.copy(), p.grad) for p in net.parameters()]
    try:
        yield
    finally:
        for owner, values in zip(owners, attributes, strict=True):
            vars(owner).clear()
            vars(owner).update(values)
        for generator, state in zip(generators, states, strict=True):
            generator.bit_generator.state = state
        for parameter, data, values_before, grad in parameters:
            if data.flags.writeable:
                data[...] = values_before
            parameter.data, parameter.grad = data, grad


def modules_of(net: Any) -> list[Any]:
    """The layers of a network; of an object that does not tell, the object alone."""
    modules = getattr(net, "modules", None)
    return list(modules()) if callable(modules) else [net]
