"""The fast form of the common networks, equal to the readable layers; `engine` is the module to begin with."""

from mlcore.engine.engine import Engine, compile_network
from mlcore.engine.figures import Progress
from mlcore.engine.online import BLOCK_SIZE
from mlcore.engine.scope import why_not

__all__ = ["BLOCK_SIZE", "Engine", "Progress", "compile_network", "why_not"]
