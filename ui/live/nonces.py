"""Gives the scripts of NiceGUI's own page template the nonce that the policy asks for.

The template's source is marked, before anything is filled in: a `<script` that comes with a page's
content has no nonce, and doesn't run.
"""

import re

from jinja2.ext import Extension
from nicegui import client

from ui.headers.answers import NONCE

TEMPLATE = "index.html"
_SCRIPT = re.compile(r"<script(?=[\s>])")
_MARKED = f"""<script nonce="{{{{ request.scope['{NONCE}'] }}}}\""""


class _Nonces(Extension):
    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return _SCRIPT.sub(_MARKED, source) if name == TEMPLATE else source


def mark_scripts() -> None:
    """To be called once, before the first page is rendered."""
    client.templates.env.add_extension(_Nonces)
