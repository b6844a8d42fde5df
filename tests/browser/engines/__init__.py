"""The core flows in the engines that Playwright can't take from Debian: Firefox's and WebKit's."""
