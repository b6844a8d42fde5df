"""The mails that go out."""
