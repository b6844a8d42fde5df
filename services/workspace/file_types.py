"""The type of a file, by its content and never by its name."""

import codecs
import unicodedata

from services.core.file_names import ending_of

UNKNOWN, TEXT, ZIP = "application/octet-stream", "text/plain; charset=utf-8", "application/zip"
# How formats begin: at which byte, with which bytes.
BEGINNINGS = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", ZIP),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (4, b"ftyp", "video/mp4"),
)
# These are ZIP archives with a structure of their own, which the first bytes don't show.
_OFFICE = "application/vnd.openxmlformats-officedocument."
IN_ZIP = {
    ".docx": f"{_OFFICE}wordprocessingml.document",
    ".xlsx": f"{_OFFICE}spreadsheetml.sheet",
    ".pptx": f"{_OFFICE}presentationml.presentation",
}
LABELS = {
    "image/png": "PNG picture",
    "image/jpeg": "JPEG picture",
    "image/gif": "GIF picture",
    "image/webp": "WebP picture",
    "application/pdf": "PDF",
    ZIP: "ZIP archive",
    "application/gzip": "gzip archive",
    "application/x-7z-compressed": "7-Zip archive",
    "video/mp4": "Video",
    TEXT: "Text",
    IN_ZIP[".docx"]: "Word document",
    IN_ZIP[".xlsx"]: "Excel workbook",
    IN_ZIP[".pptx"]: "PowerPoint presentation",
}
# Control characters that a text may have: line breaks, tabs, form feeds.
_IN_TEXT = frozenset("\t\n\r\f")


def media_type_of(beginning: bytes, name: str) -> str:
    """The media type of a file, by its first bytes; what browsers might run (SVG) is text."""
    for at, magic, media_type in BEGINNINGS:
        if beginning[at : at + len(magic)] == magic:
            return IN_ZIP.get(ending_of(name).lower(), ZIP) if media_type == ZIP else media_type
    return TEXT if _is_text(beginning) else UNKNOWN


def type_label(media_type: str) -> str:
    """The media type in words."""
    return LABELS.get(media_type, "File")


def _is_text(beginning: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(beginning)
    except UnicodeDecodeError:
        return False
    return not any(c not in _IN_TEXT and unicodedata.category(c) == "Cc" for c in text)
