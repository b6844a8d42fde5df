"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """`pages` to `strangers` are the sizes; a benchmark has as many rounds as its size
    allows, times `effort`. `flooders` is how many people flood at once, `seconds` how long each
    sign-in round takes, `soak` how long the soak does; a rest of `idle_seconds` has room for two of
    each page's pings."""

    pages: tuple[int, ...] = (1, 100, 1000)
    users: tuple[int, ...] = (100, 10_000, 100_000)
    rows: tuple[int, ...] = (100, 10_000, 100_000)
    split: tuple[int, ...] = (10, 100, 1000)
    opened: tuple[int, ...] = (100, 300, 1000)
    storm: tuple[int, ...] = (10, 100, 1000)
    imported: tuple[int, ...] = (100, 1000, 10_000)
    threads: tuple[int, ...] = (1, 2, 8)
    idle: tuple[int, ...] = (0, 200, 1000)
    outside: tuple[int, ...] = (10_000,)
    hung: tuple[int, ...] = (50,)
    boards: tuple[int, ...] = (100,)
    pocs: tuple[int, ...] = (100, 10_000)
    many: tuple[int, ...] = (500,)
    due: tuple[int, ...] = (10_000,)
    flooding: tuple[int, ...] = (1, 12)
    strangers: tuple[int, ...] = (48,)
    flooders: int = 4
    effort: float = 1.0
    seconds: float = 4.0
    idle_seconds: float = 50.0
    soak: float = 600.0
    soak_pages: int = 200

    def rounds(self, size: int, least: int = 3) -> int:
        """Rounds at a size: more where one is short."""
        return max(1, round(max(least, min(60, 3000 / max(size, 1))) * self.effort))


SMALLEST = Options(
    pages=(2,),
    users=(60, 120),
    rows=(60,),
    split=(2,),
    opened=(2,),
    storm=(2,),
    imported=(30,),
    threads=(1,),
    idle=(2,),
    outside=(60,),
    idle_seconds=0.5,
    hung=(2,),
    boards=(2,),
    pocs=(60, 120),
    many=(3,),
    due=(20,),
    flooding=(1,),
    strangers=(2,),
    flooders=1,
    effort=0.02,
    seconds=0.3,
    soak=1.0,
    soak_pages=4,
)
