"""Where the pages of an organisation are."""

from urllib.parse import quote


def home_path(slug: str | None) -> str:
    """The path under which the pages of a tenant live, or those above the tenants."""
    # Quoted, because it may be a stranger's words: a header can contain neither NUL nor line ends.
    return f"/t/{quote(slug)}" if slug else "/platform"


def customer_path(slug: str) -> str:
    """The path under which a tenant's pages for its customers' people live."""
    return f"{home_path(slug)}/customer"


def sign_in_url(slug: str | None, *, why: str | None = None, after: str | None = None) -> str:
    """The sign-in page, with the reason why one was signed out and where to go afterwards."""
    query = [f"why={quote(why)}"] if why else []
    if after:
        query.append(f"next={quote(after, safe='/')}")
    return f"{home_path(slug)}/login" + (f"?{'&'.join(query)}" if query else "")
