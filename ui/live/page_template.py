"""Changes NiceGUI's own page template, before anything is filled in.

Its scripts get the nonce that the policy asks for: a `<script` that comes with a page's content has
none, and doesn't run. And while a page is loading, or if it can't load, it says so in our words.
"""

import re

from jinja2.ext import Extension
from nicegui import client

from ui.headers.answers import NONCE

TEMPLATE = "index.html"
_SCRIPT = re.compile(r"<script(?=[\s>])")
_MARKED = f"""<script nonce="{{{{ request.scope['{NONCE}'] }}}}\""""

THEIR_FALLBACK = "Your browser does not support ES modules.<br />Please use a modern browser."
"""Shown from the second second on, until the scripts are there; on a slow line everybody sees
it."""
FALLBACK = """<span class="page-loading">Loading …</span>
<noscript>Rollcall needs JavaScript: allow it for this site, and load the page again.</noscript>
<script nomodule>
  document.getElementById("esm-fallback").textContent =
    "Rollcall needs a newer browser than this one.";
</script>"""


class _Changes(Extension):
    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        if name != TEMPLATE:
            return source
        return _SCRIPT.sub(_MARKED, source.replace(THEIR_FALLBACK, FALLBACK))


def change_template() -> None:
    """Call this once, before the first page is rendered."""
    client.templates.env.add_extension(_Changes)
