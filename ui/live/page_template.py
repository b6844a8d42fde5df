"""Changes NiceGUI's own page template, before anything is filled in.

Its scripts get the nonce that the policy asks for: a `<script` that comes with a page's content has
none, and doesn't run. While a page is loading, or if it can't load, it says so in our words. And
what none of our pages uses is left out: Quasar's scripts (half a megabyte for the browser to read
and to run), the style sheets of Quasar and of its icons, and what cleans HTML.
"""

import re

from jinja2.ext import Extension
from nicegui import Client, client, core

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

STYLES = re.compile(r"(?<=<style>)\s*@layer theme,.*?(?=</style>)", re.DOTALL)
"""What the page's first style sheet contains. It stays, empty: NiceGUI's script looks through
it."""
SCRIPTS = (
    re.compile(
        r'\{% if prod_js %\}\s*<script [^>]*/quasar\.umd\.prod\.js"></script>\s*'
        r'\{% else %\}\s*<script [^>]*/quasar\.umd\.js"></script>\s*\{% endif %\}'
    ),
    re.compile(r'<script [^>]*/lang/\{\{ language \}\}\.umd\.prod\.js"></script>'),
    re.compile(r"// Load DOMPurify.*?\n +\};\n", re.DOTALL),
)
"""The scripts that are left out: Quasar, its words, and what cleans the HTML of `ui.html`."""
UNUSED = (STYLES, *SCRIPTS)


class _Changes(Extension):
    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        if name != TEMPLATE:
            return source
        for unused in UNUSED:
            source = unused.sub("", source)
        return _SCRIPT.sub(_MARKED, source.replace(THEIR_FALLBACK, FALLBACK))


def change_template() -> None:
    """Call this once, before the first page is rendered."""
    client.templates.env.add_extension(_Changes)
    core.app.config.vue_config_script = ""  # it sets up Quasar


def lay_out_plainly(page: Client) -> None:
    """Make plain elements of the three around a page's content, which are Quasar's otherwise. Its
    page is a <main>, too, and there can be only one: ours is the one with the heading."""
    page.layout.tag = page.page_container.tag = "div"
    page.layout.props(remove="view")
    inner = page.content.parent_slot
    if inner is not None:
        inner.parent.tag = "div"
