"""What every test process needs before anything else.

One thread a process, set before torch is imported: two workers with two threads each would wait for each other. And
Ctrl-C that works: a shell that starts tests in the background ignores it for them and for all that they start.
"""

from __future__ import annotations

import os
import signal

os.environ.setdefault("OMP_NUM_THREADS", "1")
signal.signal(signal.SIGINT, signal.default_int_handler)
