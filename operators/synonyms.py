"""What people call things elsewhere, and the words of ours that may be meant."""

from collections.abc import Mapping

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    # operators
    "watermark": ("overlay",), "logo": ("overlay",), "pip": ("overlay",), "picture_in_picture": ("overlay",),
    "composite": ("overlay",), "resize": ("scale",), "thumbnails": ("thumbnail",), "poster": ("thumbnail",),
    "screenshot": ("thumbnail",), "snapshot": ("thumbnail",), "sprite": ("thumbnail",), "frame": ("thumbnail",),
    "cut": ("trim",), "clip": ("trim",), "slice": ("trim",), "segment": ("trim",), "split": ("trim",),
    "join": ("concat",), "merge": ("concat", "mix"), "append": ("concat",), "stitch": ("concat",),
    "concatenate": ("concat",), "crossfade": ("xfade",), "transition": ("xfade", "transition"),
    "dissolve": ("xfade",), "normalize": ("loudnorm",), "normalise": ("loudnorm",), "loudness": ("loudnorm",),
    "gain": ("volume", "gain_db"), "amplify": ("volume",), "louder": ("volume",), "amix": ("mix",),
    "text": ("drawtext", "text"), "title": ("drawtext",), "caption": ("subtitles", "drawtext"),
    "captions": ("subtitles",), "srt": ("subtitles",), "framerate": ("fps",), "frame_rate": ("fps",), "rate": ("fps",),
    "flip": ("rotate",), "mirror": ("rotate",), "transpose": ("rotate",), "turn": ("rotate",),
    "letterbox": ("pad",), "pillarbox": ("pad",), "border": ("pad",), "yadif": ("deinterlace",),
    "bwdif": ("deinterlace",), "mux": ("combine",), "add_audio": ("combine",), "replace_audio": ("combine",),
    # parameters
    "lufs": ("target_lufs",), "loudness_target": ("target_lufs",), "i": ("target_lufs",), "tp": ("target_tp",),
    "true_peak": ("target_tp",), "peak": ("target_tp",), "lra": ("target_lra",), "db": ("gain_db",), "w": ("width",),
    "h": ("height",), "from": ("start",), "begin": ("start",), "ss": ("start",), "offset": ("start_offset", "start"),
    "to": ("end",), "until": ("end",), "stop": ("end",), "length": ("duration",), "t": ("duration",),
    "degrees": ("angle",), "left": ("x",), "top": ("y",), "alpha": ("opacity",), "transparency": ("opacity",),
    "background": ("color", "fill", "boxcolor"), "colour": ("color",), "size": ("width", "height", "fontsize"),
    "label": ("text",), "charset": ("encoding",), "interpolation": ("algorithm",), "volume_db": ("gain_db",),
    # fields of jobs
    "url": ("source", "destination"), "path": ("source", "destination"), "file": ("source", "destination"),
    "src": ("source",), "dest": ("destination",), "target": ("destination", "target_lufs", "target_tp", "target_lra"),
    "operation": ("op", "operations"), "operator": ("op",), "filters": ("operations",), "steps": ("operations",),
    "name": ("id",), "container": ("format",), "parameters": ("params",), "options": ("params",),
    "args": ("params",), "callback": ("webhook_url",), "callback_url": ("webhook_url",), "webhook": ("webhook_url",),
    "codecs": ("codec",), "video_codec": ("codec",), "audio_codec": ("codec",), "quality": ("crf",),
    "bit_rate": ("bitrate",), "samplerate": ("sample_rate",), "pix_fmt": ("pixel_format",),
    "keyframe_interval": ("gop",), "keyint": ("gop",),
    # codecs and formats
    "h265": ("hevc",), "x265": ("libx265", "hevc"), "h.265": ("hevc",), "h.264": ("h264",), "avc": ("h264",),
    "x264": ("libx264", "h264"), "avc1": ("h264",), "hvc1": ("hevc",), "vp09": ("vp9",), "av01": ("av1",),
    "jpeg": ("mjpeg", "jpg"), "pcm": ("pcm_s16le",), "wave": ("wav",), "mpeg4audio": ("aac",), "m4v": ("mp4",),
    "quicktime": ("mov",), "matroska": ("mkv",), "mpeg": ("mp4",),
}  # fmt: skip
