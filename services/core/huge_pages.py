"""Memory in huge pages: the hash of a password works in 64 MiB of it."""

import os
import sys
from contextlib import suppress

# Has large blocks of memory asked for in huge pages (GNU C Library manual, "Memory Allocation
# Tunables"), which many kernels give only to those who ask ("madvise" in
# /sys/kernel/mm/transparent_hugepage/enabled). Other C libraries don't read it.
SETTING, ASKED = "GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"


def ask_for() -> None:
    """Start the program again, as the same process, so that its large blocks are huge pages.

    Argon2id asks for 16,384 pages of 4 KiB otherwise, and again for each hash: 245 ms of a
    processor, and 175 with huge pages (the machine of docs/benchmarks.md). The C library reads the
    setting only when a program starts. One that the operator set is left alone.
    """
    if sys.platform == "linux" and SETTING not in os.environ:
        os.environ[SETTING] = ASKED
        with suppress(OSError):  # where a program may start none, it goes on as it is
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - itself
