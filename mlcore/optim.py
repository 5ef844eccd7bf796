"""Optimisers, in order of increasing complexity: semantics, argument names and defaults of torch.optim.

Below, g is the gradient, p the parameter, t the number of the step from 1. Unless said otherwise
weight_decay adds weight_decay * p to g first (the gradient of weight_decay / 2 * sum p^2), and l1, which
torch.optim does not have, l1 * sign(p) (that of l1 * sum |p|). Everything is updated in place.

g, p and the running arrays have one shape. All raise ValueError for options outside their range, when made.
"""

from collections.abc import Iterable, Mapping
from math import inf, sqrt

import numpy as np
import numpy.typing as npt

from mlcore._typing import Array
from mlcore.layers import Parameter


class Optimizer:
    """What all optimisers share: the parameters, `lr` (assignable), the step count and the running arrays.

    A parameter that is given twice moves once. Raises ValueError when there is no parameter, or lr, weight_decay or l1
    is negative or no finite number, TypeError for what is no parameter.
    """

    def __init__(self, params: Iterable[Parameter], lr: float, weight_decay: float = 0.0, l1: float = 0.0) -> None:
        if not isinstance(params, Iterable):
            raise TypeError(f"give the optimiser the parameters, net.parameters(), not the {type(params).__name__}")
        self.params = list({id(parameter): parameter for parameter in params}.values())
        if not self.params:
            raise ValueError("the optimiser received no parameters")
        if wrong := [thing for thing in self.params if not (hasattr(thing, "data") and hasattr(thing, "grad"))]:
            raise TypeError(f"the optimiser takes Parameters, with data and grad; received a {type(wrong[0]).__name__}")
        _check(lr=(lr, inf), weight_decay=(weight_decay, inf), l1=(l1, inf))
        self.lr = lr
        self.weight_decay = weight_decay
        self.l1 = l1
        self.steps = 0
        self.state: dict[str, list[Array]] = {}

    def step(self) -> None:
        """Update every parameter from its gradient."""
        self.steps += 1
        for index, parameter in enumerate(self.params):
            self._update(index, parameter)

    def _update(self, index: int, parameter: Parameter) -> None:
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Set every gradient to zeros: before each backward pass, for backward adds to what it finds."""
        for parameter in self.params:
            parameter.grad.fill(0)

    def state_dict(self) -> dict[str, Array]:
        """Copies of the running arrays, keys such as "exp_avg.0.weight", and the step count under "step"."""
        return {"step": np.array(self.steps)} | {key: array.copy() for key, array in self._arrays().items()}

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Go on where `state_dict` was taken. Raises ValueError where names or shapes differ."""
        arrays = self._arrays()
        if set(state) != {"step", *arrays}:
            differing = ", ".join(sorted(set(state) ^ {"step", *arrays}))
            raise ValueError(f"the state does not fit {type(self).__name__}: missing or unexpected {differing}")
        for key, array in arrays.items():
            if np.shape(state[key]) != array.shape:
                raise ValueError(f"{key} has shape {np.shape(state[key])}, expected {array.shape}")
        for key, array in arrays.items():
            array[...] = state[key]
        self.steps = int(np.asarray(state["step"]))

    def _arrays(self) -> dict[str, Array]:
        names = [parameter.name for parameter in self.params]
        if len(set(names)) < len(names) or "" in names:
            names = [str(index) for index in range(len(names))]
        return {
            f"{key}.{name}": array
            for key, arrays in self.state.items()
            for name, array in zip(names, arrays, strict=True)
        }

    def _zeros(self) -> list[Array]:
        return [np.zeros_like(parameter.data) for parameter in self.params]

    def _running(self, key: str) -> list[Array]:
        """A running array for each parameter: zeros where its option has been switched on since."""
        if key not in self.state:
            self.state[key] = self._zeros()
        return self.state[key]

    def _gradient(self, parameter: Parameter) -> Array:
        gradient = parameter.grad
        if self.weight_decay:
            gradient = gradient + self.weight_decay * parameter.data
        if self.l1:
            gradient = gradient + self.l1 * np.sign(parameter.data)
        return gradient


class SGD(Optimizer):
    """p -= lr g. With momentum mu: b = mu b + (1 - dampening) g, p -= lr b, where b = g at the first step.

    nesterov: p -= lr (g + mu b) (Sutskever et al. 2013); ValueError for it without a momentum, or with dampening.
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        l1: float = 0.0,
    ) -> None:
        super().__init__(params, lr, weight_decay, l1)
        _check(momentum=(momentum, inf), dampening=(abs(dampening), inf))
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("nesterov needs a momentum > 0 and dampening 0")
        self.momentum, self.dampening, self.nesterov = momentum, dampening, nesterov
        if momentum:
            self.state = {"momentum": self._zeros()}

    def _update(self, index: int, parameter: Parameter) -> None:
        g = self._gradient(parameter)
        if self.momentum:
            b = self._running("momentum")[index]
            b *= self.momentum
            b += g if self.steps == 1 else (1 - self.dampening) * g
            g = g + self.momentum * b if self.nesterov else b
        parameter.data -= self.lr * g


class Adagrad(Optimizer):
    """s += g^2, p -= lr / (1 + (t - 1) lr_decay) * g / (sqrt(s) + eps) (Duchi et al. 2011)."""

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        l1: float = 0.0,
    ) -> None:
        super().__init__(params, lr, weight_decay, l1)
        _check(lr_decay=(lr_decay, inf), initial_accumulator_value=(initial_accumulator_value, inf), eps=(eps, inf))
        self.lr_decay, self.eps = lr_decay, eps
        self.state = {"sum": self._zeros()}
        for s in self.state["sum"]:
            s.fill(initial_accumulator_value)

    def _update(self, index: int, parameter: Parameter) -> None:
        g = self._gradient(parameter)
        s = self.state["sum"][index]
        s += g * g
        update = np.sqrt(s)
        update += self.eps
        np.divide(g, update, out=update)
        update *= self.lr / (1 + (self.steps - 1) * self.lr_decay)
        parameter.data -= update


class RMSprop(Optimizer):
    """v = alpha v + (1 - alpha) g^2, p -= lr g / (sqrt(v) + eps) (Tieleman and Hinton 2012).

    centered: sqrt(v - m^2) instead, with m = alpha m + (1 - alpha) g: the variance of g (Graves 2013). With
    momentum mu: b = mu b + the quotient, p -= lr b.
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        l1: float = 0.0,
    ) -> None:
        super().__init__(params, lr, weight_decay, l1)
        _check(alpha=(alpha, 1), eps=(eps, inf), momentum=(momentum, inf))
        self.alpha, self.eps, self.momentum, self.centered = alpha, eps, momentum, centered
        self.state = {"square_avg": self._zeros()}
        if centered:
            self.state["grad_avg"] = self._zeros()
        if momentum:
            self.state["momentum"] = self._zeros()

    def _update(self, index: int, parameter: Parameter) -> None:
        g = self._gradient(parameter)
        v = self.state["square_avg"][index]
        update = g * g
        update *= 1 - self.alpha
        v *= self.alpha
        v += update
        if self.centered:
            m = self._running("grad_avg")[index]
            m *= self.alpha
            m += (1 - self.alpha) * g
            np.subtract(v, m * m, out=update)
            np.maximum(update, 0, out=update)  # a variance, which rounding may carry below 0
            np.sqrt(update, out=update)
        else:
            np.sqrt(v, out=update)
        update += self.eps
        np.divide(g, update, out=update)
        if self.momentum:
            b = self._running("momentum")[index]
            b *= self.momentum
            b += update
            np.copyto(update, b)
        update *= self.lr
        parameter.data -= update


class Adam(Optimizer):
    """m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2 (Kingma and Ba 2015).

    p -= lr / (1 - b1^t) * m / (sqrt(v) / sqrt(1 - b2^t) + eps). The divisions by 1 - b^t make up for m and v
    having started at 0. amsgrad: the largest v so far in place of v, so that no step grows again (Reddi et al. 2018).

    Raises ValueError unless betas are two numbers in 0 <= beta < 1.
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        l1: float = 0.0,
    ) -> None:
        super().__init__(params, lr, weight_decay, l1)
        if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas must lie in 0 <= beta < 1, received {betas}")
        _check(eps=(eps, inf))
        self.betas, self.eps, self.amsgrad = betas, eps, amsgrad
        self.state = {"exp_avg": self._zeros(), "exp_avg_sq": self._zeros()}
        if amsgrad:
            self.state["max_exp_avg_sq"] = self._zeros()
        self._scratch = self._zeros()  # so that a step allocates nothing

    def _update(self, index: int, parameter: Parameter) -> None:
        g = self._gradient(parameter)
        m, v = self.state["exp_avg"][index], self.state["exp_avg_sq"][index]
        beta1, beta2 = self.betas
        update = self._scratch[index]
        np.multiply(g, 1 - beta1, out=update)
        m *= beta1
        m += update
        np.multiply(g, g, out=update)
        update *= 1 - beta2
        v *= beta2
        v += update
        if self.amsgrad:
            largest = self._running("max_exp_avg_sq")[index]
            v = np.maximum(largest, v, out=largest)
        np.sqrt(v, out=update)
        update /= sqrt(1 - beta2**self.steps)
        update += self.eps
        np.divide(m, update, out=update)
        update *= self.lr / (1 - beta1**self.steps)
        parameter.data -= update


class AdamW(Adam):
    """Adam, but p *= 1 - lr weight_decay first, and g is left alone (Loshchilov and Hutter 2019)."""

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        l1: float = 0.0,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, l1=l1)

    def _gradient(self, parameter: Parameter) -> Array:
        return parameter.grad + self.l1 * np.sign(parameter.data) if self.l1 else parameter.grad

    def _update(self, index: int, parameter: Parameter) -> None:
        parameter.data *= 1 - self.lr * self.weight_decay
        super()._update(index, parameter)


def _check(**options: tuple[float, float]) -> None:
    """Raise ValueError for an option that is negative, no finite number, or above the most that is given with it."""
    for name, (value, most) in options.items():
        if not 0 <= value <= most or value == inf:
            limits = "must be >= 0 and finite" if most == inf else f"must lie in 0..{most:g}"
            raise ValueError(f"{name} {limits}, received {value}")


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}
"""All optimisers by name."""
