"""The pages of the work: Home, POCs, templates."""

from ui.pages.workspace import home, poc, pocs, template, templates


def register() -> None:
    """Route them all."""
    for page in (home, pocs, poc, templates, template):
        page.register()
