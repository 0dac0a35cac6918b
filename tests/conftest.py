"""Before torch is imported: one thread a process. Two test workers with two threads each would wait for each other."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
