"""The dialogs that more than one page opens."""
