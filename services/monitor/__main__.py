"""`python -m services.monitor`."""

from services.monitor.app import build
from services.monitor.settings import MonitorSettings
from services.runtime.run import run

if __name__ == "__main__":
    run("monitor", lambda: MonitorSettings(), build)
