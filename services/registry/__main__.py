"""Starts the registry: `python -m services.registry`."""

from services.registry.app import SERVICE, build
from services.registry.settings import RegistrySettings
from services.runtime.allocator import Parameter, allocator
from services.runtime.run import run

MIB = 2**20
KEPT = {Parameter.MMAP_THRESHOLD: MIB, Parameter.TRIM_THRESHOLD: 4 * MIB, Parameter.ARENA_MAX: 2}
"""Long histories and searches come and go as buffers of many megabytes. By default, a history of a million points read
three times whole and sampled leaves 355 MiB where 158 were in use before; so, 173 MiB, and it comes as fast."""

if __name__ == "__main__":
    allocator(KEPT)
    run(SERVICE, lambda: RegistrySettings(), build)
