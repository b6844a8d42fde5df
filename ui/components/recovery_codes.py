"""Recovery codes, shown once."""

from collections.abc import Sequence

from ui.components.component import Component

FILE = "rollcall-recovery-codes.txt"


class RecoveryCodes(Component, script="recovery_codes.js"):
    """The codes, and buttons that copy, download or print them. `about` are lines that say whose
    they are, and for which site: they go along."""

    def __init__(self, codes: Sequence[str], about: Sequence[str]) -> None:
        super().__init__()
        self._props["codes"] = tuple(codes)
        self._props["about"] = tuple(about)
        self._props["file"] = FILE
