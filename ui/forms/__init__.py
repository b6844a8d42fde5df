"""The one form's face: a form's declaration (`services.core.forms`) as a dialog, or on a page."""
