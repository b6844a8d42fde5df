"""`make bench`: prints each figure beside its floor."""

import argparse
import os
import platform

from benchmarks.live import PAGES, ROUNDS, run


def main() -> None:
    """Run every benchmark, and print its figures."""
    parser = argparse.ArgumentParser(prog="make bench BENCH_ARGS=…", description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    cores = os.cpu_count()
    print(f"{platform.machine()}, {cores} cores, Python {platform.python_version()}")
    print(f"{options.rounds} rounds; server, load and floor share the machine; milliseconds\n")
    print(f"{'':52}     p50     p99     max")
    for result in run(options.pages, options.rounds):
        print(f"{result.name:52} {result.ours}")
        print(f"{'  floor: bare python-socketio emit, as many sockets':52} {result.floor}")
        ratios = result.ours.p50 / result.floor.p50, result.ours.p99 / result.floor.p99
        print(f"{'  ratio':52} {ratios[0]:7.1f} {ratios[1]:7.1f}")
        for note in result.notes:
            print(f"  {note}")
        print()


if __name__ == "__main__":
    main()
