"""Starts the registry: `python -m services.registry`."""

from services.registry.app import SERVICE, build
from services.registry.settings import RegistrySettings
from services.runtime.run import run

if __name__ == "__main__":
    run(SERVICE, lambda: RegistrySettings(), build)
