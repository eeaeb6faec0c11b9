"""`python -m services.monitor`."""

from services.monitor.app import build
from services.monitor.memory import bound_memory
from services.monitor.settings import MonitorSettings
from services.runtime.run import run

if __name__ == "__main__":
    bound_memory()
    run("monitor", lambda: MonitorSettings(), build)
