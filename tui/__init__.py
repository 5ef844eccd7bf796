"""mlp-tui: a lab bench for neural networks in a terminal."""
