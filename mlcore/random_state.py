"""The state of random generators as plain values that JSON can hold, so that a run can go on exactly."""

from typing import Any

import numpy as np


def get_rng_state(rng: np.random.Generator) -> dict[str, Any]:
    """The state of `rng` in dicts, lists and strings; integers, of up to 128 bits, as hexadecimal strings."""
    return {key: _encode(value) for key, value in rng.bit_generator.state.items()}


def set_rng_state(rng: np.random.Generator, state: dict[str, Any]) -> None:
    """Put `rng` back to a state of `get_rng_state`. Raises ValueError for another kind of bit generator."""
    current = rng.bit_generator.state
    if state.get("bit_generator") != current["bit_generator"]:
        raise ValueError(f"the state is of {state.get('bit_generator')}, the generator is {current['bit_generator']}")
    rng.bit_generator.state = {key: _decode(value) for key, value in state.items()}


def generators_of(network: Any) -> list[np.random.Generator]:
    """The random generators that the layers of a network draw from (dropout), each once, in forward order."""
    found = [v for layer in network.modules() for v in vars(layer).values() if isinstance(v, np.random.Generator)]
    return list({id(generator): generator for generator in found}.values())


def _encode(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return [hex(int(item)) for item in value]
    return value if isinstance(value, str) else hex(int(value))


def _decode(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _decode(item) for key, item in value.items()}
    if isinstance(value, list):
        return np.array([int(item, 16) for item in value], dtype=np.uint64)
    return int(value, 16) if isinstance(value, str) and value.startswith("0x") else value
