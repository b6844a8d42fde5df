"""The pages of the work: Home, POCs, templates."""

from ui.pages.workspace import customer, home, poc, pocs, template, templates


def register() -> None:
    """Route them all."""
    for page in (home, pocs, poc, customer, templates, template):
        page.register()
