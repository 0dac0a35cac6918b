"""``python -m hdvila``: the same as the program ``hdvila``."""

import sys

from hdvila.cli.main import main

sys.exit(main())
