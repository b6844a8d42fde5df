"""Tests: what Rollcall promises, one sentence each."""
