"""`make bench`: prints each figure beside its floor, and keeps the figures and their plots."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks import (
    bulk,
    busy_machine,
    cut,
    fan_out,
    first_row,
    flood,
    idle,
    invitations,
    machine,
    open_pages,
    outside,
    pages,
    plot,
    reminders,
    replicas,
    screens,
    screens_soak,
    sign_in,
    soak,
    storm,
    users_page,
    workspace,
)
from benchmarks.figures import Result, keep
from benchmarks.options import SMALLEST, Options

Benchmark = Callable[[Options], Awaitable[Result]]
BENCHMARKS: dict[str, Benchmark] = {
    "cut": cut.run,
    "fan_out": fan_out.run,
    "users_page": users_page.run,
    "users_page_postgresql": partial(users_page.run, on_postgresql=True),
    "open_pages": open_pages.run,
    "first_row": first_row.run,
    "storm": storm.run,
    "replicas": replicas.run,
    "sign_in": sign_in.run,
    "busy_machine": busy_machine.run,
    "invitations": invitations.run,
    "idle": idle.run,
    "outside": outside.run,
    "screens": screens.run,
    "workspace": workspace.run,
    "bulk": bulk.run,
    "reminders": reminders.run,
    "flood": flood.run,
    "flood_postgresql": partial(flood.run, on_postgresql=True),
    "screens_soak": screens_soak.run,
    "soak": soak.run,
}
# The soaks take as long as an option says: they run only if they are named.
USUAL = [name for name in BENCHMARKS if not name.endswith("soak")]
SIZES = (
    "pages",
    "users",
    "rows",
    "split",
    "opened",
    "storm",
    "imported",
    "threads",
    "idle",
    "outside",
    "hung",
    "boards",
    "pocs",
    "many",
    "due",
    "flooding",
    "strangers",
)
FOLDER = Path(__file__).parent.parent / ".bench"


def main() -> None:
    """Run the benchmarks that are asked for, and print their figures."""
    parser = argparse.ArgumentParser(prog="make bench BENCH_ARGS=…", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    for name in SIZES:
        parser.add_argument(f"--{name}", type=_sizes, help="sizes: 1,100,1000")
    parser.add_argument("--effort", type=float, help="so many times the usual rounds")
    parser.add_argument("--seconds", type=float, help="of each round of sign-ins")
    parser.add_argument("--soak", type=float, help="seconds that the soak takes")
    parser.add_argument("--smallest", action="store_true", help="see that it works, in seconds")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where figures and plots go")
    given = parser.parse_args()
    unknown = set(given.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    options = SMALLEST if given.smallest else Options()
    fields = (*SIZES, "effort", "seconds", "soak")
    chosen = {name: getattr(given, name) for name in fields}
    options = replace(options, **{k: v for k, v in chosen.items() if v is not None})
    described = machine.describe()
    print(", ".join(f"{name}: {value}" for name, value in described.items()))
    print("Server, load and floor take turns on it; the load says who else was at work.\n")
    for name in given.names or (BENCHMARKS if given.smallest else USUAL):
        result = asyncio.run(_run(BENCHMARKS[name], options))
        print(*result.lines(), "", sep="\n", flush=True)
        kept = keep(given.out, machine.describe(), [result])
        plot.draw(given.out, result)
        pages.write(given.out, kept)
    print(f"Kept in {given.out}")


async def _run(benchmark: Benchmark, options: Options) -> Result:
    return await benchmark(options)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(size) for size in text.split(","))


if __name__ == "__main__":
    main()
