"""Media types (IANA) of what is written, by which browsers know how to play it."""

_WITH_PICTURE = {
    "mp4": "video/mp4", "mov": "video/quicktime", "mkv": "video/x-matroska", "webm": "video/webm",
    "gif": "image/gif", "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp",
}  # fmt: skip
_SOUND_ALONE = {
    "mp4": "audio/mp4", "m4a": "audio/mp4", "mov": "video/quicktime", "mkv": "audio/x-matroska",
    "webm": "audio/webm", "mp3": "audio/mpeg", "wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg",
    "opus": "audio/ogg",
}  # fmt: skip
WEBVTT = "text/vtt; charset=utf-8"
UNKNOWN = "application/octet-stream"


def media_type(container: str | None, has_picture: bool) -> str:
    """Of a file in a container, by its name in specs."""
    known = _WITH_PICTURE if has_picture else _SOUND_ALONE
    return known.get(container or "", UNKNOWN)
