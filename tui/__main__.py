"""`python -m tui` is `mlp-tui`."""

import sys

from tui.entry import main

sys.exit(main())
