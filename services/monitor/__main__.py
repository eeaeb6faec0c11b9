"""`python -m services.monitor`."""

import os

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # read once, as pyarrow is imported: see memory.py

from services.monitor.app import build  # after the line above
from services.monitor.memory import bound_memory
from services.monitor.settings import MonitorSettings
from services.runtime.run import run

if __name__ == "__main__":
    bound_memory()
    run("monitor", lambda: MonitorSettings(), build)
