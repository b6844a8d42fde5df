"""Runs a check beside a command: `scripts/beside.py scripts/lint -- pytest ...`.

Without its cache, mypy takes half a minute of one processor; the tests need not wait for it. What
the check says is told in one piece when it has ended. If it failed, the command is stopped first,
as Ctrl+C stops it, and the exit status is the check's; otherwise it is the command's.
"""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence


def _end(status: int) -> int:
    """An exit status as shells tell it: of a signal, 128 and its number."""
    return 128 - status if status < 0 else status


def main(check: Sequence[str], command: Sequence[str]) -> int:
    """Run both; returns the exit status."""
    # Shells start what runs in the background with this signal ignored, and so would the command.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryFile() as told:
        checking = subprocess.Popen(check, stdout=told, stderr=subprocess.STDOUT)
        running = subprocess.Popen(command)
        try:
            failed = checking.wait()
            if failed:
                running.send_signal(signal.SIGINT)
                running.wait()
            told.seek(0)
            sys.stdout.buffer.write(told.read())
            sys.stdout.flush()
            ended = running.wait()
        except KeyboardInterrupt:  # the terminal has told the command, too
            return _end(running.wait() or -signal.SIGINT)
    return _end(failed or ended)


if __name__ == "__main__":
    between = sys.argv.index("--")
    sys.exit(main(sys.argv[1:between], sys.argv[between + 1 :]))
