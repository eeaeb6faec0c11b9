"""Starts the registry: `python -m services.registry`."""

from services.registry.app import SERVICE, build
from services.registry.mlflow_api import errors
from services.registry.settings import RegistrySettings
from services.runtime.allocator import Parameter, allocator
from services.runtime.run import run

MIB = 2**20
KEPT = {Parameter.MMAP_THRESHOLD: 16 * MIB, Parameter.TRIM_THRESHOLD: 32 * MIB, Parameter.ARENA_MAX: 2}
"""Long histories come and go as buffers of many megabytes. By default, a history of a million points read three times
whole and sampled leaves 355 MiB where 158 were in use before; so, 238 MiB. With 1 and 4 MiB it leaves 173, but a search
among a million runs, which works with arrays of 8 MB, pays for fresh pages each time: 14 ms instead of 4."""

if __name__ == "__main__":
    allocator(KEPT)
    run(SERVICE, lambda: RegistrySettings(), build, errors.body)
