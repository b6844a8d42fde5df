"""The pages of the work: Home, POCs, templates."""

from ui.pages.workspace import customer, home, poc, poc_files, pocs, template, templates


def register() -> None:
    """Route them all."""
    for page in (home, pocs, poc, poc_files, customer, templates, template):
        page.register()
