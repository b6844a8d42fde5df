"""What a server's process runs first, so that it waits as long as a busy machine needs: for the
browsers' and replicas' answers to a cut, without which they are missing in its receipt."""

PATIENT = """
import sys
import ui.live
from services.sessions import receipts
sys.modules["ui.live.cut"].ANSWER_WITHIN = 8.0
receipts.REPORT_SECONDS, receipts.KEPT_SECONDS = 12.0, 40.0
"""
