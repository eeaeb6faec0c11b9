"""Starts the dashboard: `python -m dashboard`."""

from dashboard.app import build
from dashboard.settings import DashboardSettings
from services.runtime.run import run

if __name__ == "__main__":
    run("dashboard", DashboardSettings, build)
