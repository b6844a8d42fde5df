"""The page of the organisations, and what their first Tenant Admin is led to."""

from ui.pages.tenants import tenants


def register() -> None:
    """Route it."""
    tenants.register()
