"""A session's device, in words that its owner recognises."""

from typing import TYPE_CHECKING

from services.core.lazily import lazily

if TYPE_CHECKING:
    import ua_parser
else:
    ua_parser = lazily("ua_parser")

MAX_USER_AGENT = 1000


def describe_device(user_agent: str) -> str:
    """The browser and the system that a User-Agent header claims, such as "Firefox on Windows"."""
    if not user_agent:
        return "Unknown device"
    result = ua_parser.parse(user_agent[:MAX_USER_AGENT])
    browser = result.user_agent.family if result.user_agent else ""
    system = result.os.family if result.os else ""
    if browser and system:
        return f"{browser} on {system}"[:200]
    return (browser or system or "Unknown device")[:200]
