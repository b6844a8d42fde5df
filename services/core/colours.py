"""Colours that people choose, made fit to be read (WCAG 2.2, success criteria 1.4.3 and 1.4.11)."""

import colorsys
import re
from collections.abc import Callable
from dataclasses import dataclass

_HEX = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
# The contrast of a text with its background, and of a button with the page around it.
LEAST_TEXT = 4.5
LEAST_SHAPE = 3.0
# What texts on white have in mails (WCAG 2.2, success criterion 1.4.6): some mail programs turn
# light and dark round by themselves, and a colour with less can't be read any more then.
LEAST_IN_MAILS = 7.0
WHITE = "#ffffff"
# Of the backgrounds in ui/styles/10-tokens.css, the one with the least contrast to links.
LIGHT_PAGE, DARK_PAGE = "#f8f8fa", "#16171c"
_STEP = 0.005


def read_colour(written: str) -> str:
    """A colour as "#12b3b3"; raises `ValueError` with a sentence."""
    match = _HEX.fullmatch(written.strip())
    if match is None:
        raise ValueError("Write a colour as six hexadecimal digits, such as #12b3b3.")
    digits = match[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio: from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@dataclass(frozen=True)
class Theme:
    """A brand colour in one theme: what buttons with white letters are filled with, and links."""

    fill: str
    hover: str
    text: str
    soft: str

    @property
    def contrast(self) -> float:
        """The contrast of a button's letters with its fill."""
        return contrast(self.fill, WHITE)


@dataclass(frozen=True)
class Brand:
    """A brand colour as it is shown: the nearest readable one."""

    chosen: str
    light: Theme
    dark: Theme
    mail: str
    """Buttons and links in mails, on white."""

    @property
    def told(self) -> str:
        """A note for the person who chose it; empty if the colour is shown unchanged."""
        said = []
        if self.light.fill != self.chosen:
            said.append(f"Too bright for white letters. Rollcall uses {self.light.fill} instead.")
        if self.dark.fill not in {self.chosen, self.light.fill}:
            said.append(f"In the dark theme it is {self.dark.fill}.")
        return " ".join(said)


def brand_of(colour: str) -> Brand:
    """What is shown of a colour that `read_colour` took."""
    light = _moved(colour, lambda c: contrast(c, LIGHT_PAGE) >= LEAST_TEXT, darker=True)
    dark = _moved(colour, lambda c: contrast(c, WHITE) >= LEAST_TEXT, darker=True)
    dark = _moved(dark, lambda c: contrast(c, DARK_PAGE) >= LEAST_SHAPE, darker=False)
    dark_text = _moved(colour, lambda c: contrast(c, DARK_PAGE) >= LEAST_TEXT + 2, darker=False)
    return Brand(
        colour,
        Theme(light, _shifted(light, -0.06), light, _mixed(light, WHITE, 0.1)),
        Theme(dark, _shifted(dark, -0.04), dark_text, _mixed(dark, DARK_PAGE, 0.3)),
        _moved(colour, lambda c: contrast(c, WHITE) >= LEAST_IN_MAILS, darker=True),
    )


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(rgb: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in rgb)


def _shifted(colour: str, by: float) -> str:
    """The colour in the same hue, lighter or darker."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    return _hex(colorsys.hls_to_rgb(hue, min(1, max(0, lightness + by)), saturation))


def _moved(colour: str, fits: Callable[[str], bool], *, darker: bool) -> str:
    """The first colour that fits on the way to black, or to white."""
    step, steps, at = (-_STEP if darker else _STEP), 0, colour
    while not fits(at):
        steps += 1
        at = _shifted(colour, steps * step)
    return at


def _mixed(colour: str, other: str, part: float) -> str:
    one, two = _rgb(colour), _rgb(other)
    red, green, blue = (a * part + b * (1 - part) for a, b in zip(one, two, strict=True))
    return _hex((red, green, blue))
