"""Where an organisation's looks are: its logo, and the stylesheet of its brand colour."""

from services.core.colours import Brand
from ui.paths import home_path

# How many digits of a digest are in a url, so that the url changes with the content.
DIGITS = 16


def version_of(digest: str) -> str:
    """What stands for a digest in a url; empty if there is no picture."""
    return digest[:DIGITS]


def logo_url(slug: str | None, digest: str) -> str:
    """The url of a tenant's logo; empty if it has none."""
    return f"{home_path(slug)}/logo?v={version_of(digest)}" if slug and digest else ""


def portrait_url(slug: str | None, user_id: object, digest: str) -> str:
    """The url of a person's picture, for people who are signed in; empty if they have none."""
    return f"{home_path(slug)}/users/{user_id}/picture?v={version_of(digest)}" if digest else ""


def brand_url(slug: str | None, brand: Brand | None) -> str:
    """The stylesheet that gives a page's accents the tenant's colour; empty if it has no colour."""
    return f"{home_path(slug)}/brand.css?v={brand.chosen[1:]}" if slug and brand else ""


def brand_style(brand: Brand) -> str:
    """That stylesheet. `Brand` contains only colours that were read as colours."""
    light, dark = brand.light, brand.dark
    pairs = {
        "--accent": (light.fill, dark.fill),
        "--accent-hover": (light.hover, dark.hover),
        "--accent-text": (light.text, dark.text),
        "--accent-soft": (light.soft, dark.soft),
    }
    lines = "".join(f"  {name}: light-dark({a}, {b});\n" for name, (a, b) in pairs.items())
    return f":root {{\n{lines}}}\n"
