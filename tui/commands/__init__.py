"""One module for each command of `mlp-tui`. Nothing heavy is imported before a command runs."""
