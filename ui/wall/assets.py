"""The script and the style sheet of screens, each one file to the browser."""

from pathlib import Path

from ui.assets import keep_joined

HERE = Path(__file__).parent

SCRIPT_URL = keep_joined("wall.js", sorted((HERE / "scripts").glob("*.js")))
STYLE_URL = keep_joined("wall.css", sorted((HERE / "styles").glob("*.css")))
BUILD = f"{SCRIPT_URL} {STYLE_URL}"
"""Changes with an upgrade for which a screen has to load its page again."""
HATCH = (
    '<svg class="hatch" aria-hidden="true"><defs><pattern id="rollcall-hatch" width="8" height="8" '
    'patternUnits="userSpaceOnUse"><path d="M-2 2 2-2M0 8 8 0M6 10 10 6"/></pattern>'
    "</defs></svg>"
)
"""What is overdue is hatched as well as red. This is once in each page."""
