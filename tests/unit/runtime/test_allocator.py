"""What is freed goes back to the system."""

import subprocess
import sys

import pytest

BUFFERS = """
from services.runtime.allocator import Parameter, allocator

allocator({Parameter.MMAP_THRESHOLD: 2**20, Parameter.TRIM_THRESHOLD: 2**22})
del [bytearray(2**24)][0]  # glibc would keep the like of it from now on
large, small = [], []
for _ in range(60):
    large.append(bytearray(3 * 2**20))
    small.append(bytearray(4096))
del large
print(open("/proc/self/statm").read().split()[1])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's")
def test_large_buffers_are_handed_back_although_small_ones_lie_between_them() -> None:
    pages = int(subprocess.run([sys.executable, "-c", BUFFERS], check=True, capture_output=True, text=True).stdout)
    assert pages * 4096 < 60 * 2**20
