"""`python -m tui` is `mlp-tui`."""

import sys

from tui.cli import main

sys.exit(main())
