"""What NiceGUI brings along, and Rollcall doesn't use."""

from nicegui import core, run
from nicegui.middlewares import RedirectWithPrefixMiddleware, SetCacheControlMiddleware


def without_process_pool() -> None:
    """Have NiceGUI start without its pool for `run.cpu_bound`, which nothing here calls.

    The pool's semaphores are files in /dev/shm: if that is read-only or full, nothing would start.
    """
    run.setup = _no_pool


def without_middlewares() -> None:
    """Take away the middlewares of `ui.run_with`: each makes a task and a stream for each request,
    a twentieth of what a page costs.

    One writes the path below which a proxy serves into redirects; `ui.headers.ForwardedHeaders`
    believes no request that says one. The other says how long files are kept;
    `ui.headers.KeptAssets` does.
    """
    theirs: set[object] = {RedirectWithPrefixMiddleware, SetCacheControlMiddleware}
    core.app.user_middleware[:] = [
        middleware for middleware in core.app.user_middleware if middleware.cls not in theirs
    ]


def without_redirects() -> None:
    """Have NiceGUI's application answer 404 where only a slash at the end tells a path from one of
    its own. It would lead from there to the other: what has one url would have two. Pages lead
    by themselves from a url with a slash too many (`ui.live.errors`).
    """
    core.app.router.redirect_slashes = False


def _no_pool() -> None:
    """Replaces `nicegui.run.setup`."""
