"""A screen that hears what a test tells it, instead of the server."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from playwright.async_api import Page, WebSocketRoute, expect

from services.screens.reading import Shown
from services.screens.screens import ScreenSettings
from services.screens.showing import Names, Options, ScreenView
from tests.browser.wall_scenes import NOW, Scene
from ui.wall import frames


@dataclass
class Told:
    """A screen's page whose socket belongs to the test, which decides what the page shows."""

    page: Page
    now: int = NOW
    is_silent: bool = False
    greeting: dict[str, str] = field(default_factory=dict)
    sockets: list[WebSocketRoute] = field(default_factory=list)

    def answer(self, socket: WebSocketRoute) -> None:
        """Greet whoever connects, unless nothing comes through."""
        self.sockets.append(socket)
        if not self.is_silent:
            self.greet()
            self.beat()

    def greet(self) -> None:
        """Tell what the screen shows."""
        self._send(*self.greeting.values())

    def show(self, scene: Scene, **shown: Any) -> None:
        """Be a screen of the scene's organisation from now on."""
        options: dict[str, Any] = {"views": tuple(ScreenView), "names": Names.FULL, **shown}
        settings = ScreenSettings(uuid4(), scene.organisation, "Oslo", Options(**options), "UTC")
        self.now = scene.now
        hello = {**json.loads(frames.hello(settings)), "t": self.now}
        views = {view: frames.view(view, scene.views[view]) for view in options["views"]}
        self.greeting = {"hello": json.dumps(hello), **views}
        if self.sockets:
            self.greet()
            self.beat()

    def show_view(self, view: ScreenView, shown: Shown) -> None:
        """Tell of one view, which has changed."""
        self.greeting[view] = frames.view(view, shown)
        self._send(self.greeting[view])

    def beat(self, seconds: int = 0) -> None:
        """The beat of so many seconds later."""
        self.now += seconds
        self._send(json.dumps({"k": "beat", "t": self.now}))

    def _send(self, *texts: str) -> None:
        for text in texts:
            self.sockets[-1].send(text)


async def told(page: Page, scene: Scene, **shown: Any) -> Told:
    """A page that is a screen, told of a scene whenever it connects."""
    screen = Told(page)
    screen.show(scene, **shown)
    await page.route_web_socket("**/wall/socket*", screen.answer)
    await page.goto("/wall")
    await expect(page.locator("#wall header")).to_be_attached()
    return screen
