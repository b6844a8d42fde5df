"""What tests of several dialogs share."""

import pytest
from nicegui import ui


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the browser was told, as text."""
    all_told: list[str] = []

    def tell(_element: ui.element, method: str, *values: object) -> None:
        all_told.append(f"{method} {values}")

    monkeypatch.setattr(ui.element, "run_method", tell)
    return all_told
