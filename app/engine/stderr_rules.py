"""What FFmpeg and ffprobe say when they fail, as data: ranks of ordered rules.

FFmpeg 5 and 9 word the same failure differently, so most patterns have both wordings. A rule whose
code hangs on the side (input, output, filter) lists one code for each.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from operators.problem import Code
from planner.safety import LOOKED_AT


class Side(StrEnum):
    """Where in a command a line of FFmpeg's belongs."""

    INPUT = "input"
    OUTPUT = "output"
    FILTER = "filter"


@dataclass(frozen=True)
class Rule:
    """A line that holds the pattern means the code; `{0}` in the message is what was captured."""

    pattern: str
    code: Code | Mapping[Side, Code]
    message: str

    def match(self, line: str) -> re.Match[str] | None:
        return re.search(self.pattern, line, re.IGNORECASE)

    def code_at(self, side: Side) -> Code:
        return self.code if isinstance(self.code, Code) else self.code[side]


def _by_side(given: Code, written: Code, filtered: Code = Code.FILTER_FAILED) -> dict[Side, Code]:
    return {Side.INPUT: given, Side.OUTPUT: written, Side.FILTER: filtered}


_DENIED = _by_side(Code.INPUT_ACCESS_DENIED, Code.OUTPUT_ACCESS_DENIED)
_MISSING = _by_side(Code.INPUT_NOT_FOUND, Code.OUTPUT_WRITE_FAILED)
_FOLDER = _by_side(Code.INVALID_INPUT, Code.OUTPUT_WRITE_FAILED)
_TRANSFER = _by_side(Code.INPUT_DOWNLOAD_FAILED, Code.OUTPUT_UPLOAD_FAILED)
# said of every file with such a track, whatever happens
_LEFT_OUT = "|".join(sorted(LOOKED_AT))
_NAME = r"'?([\w.:/+-]{1,60})'?"

RESOURCES = (
    Rule(r"No space left on device|Disk quota exceeded|ENOSPC", Code.INSUFFICIENT_DISK_SPACE, "The disk is full."),
    Rule(r"File too large|EFBIG", Code.OUTPUT_TOO_LARGE, "The output grew beyond its size limit."),
    Rule(r"Cannot allocate memory|malloc of size|Out of memory|bad_alloc|failed to map segment|Failed to allocate|ENOMEM", Code.INSUFFICIENT_MEMORY, "FFmpeg ran out of memory."),
    Rule(r"error while loading shared libraries|cannot execute binary|Exec format error|Illegal instruction", Code.FFMPEG_UNAVAILABLE, "FFmpeg cannot be started on this machine."),
    Rule(r"Too many open files|Resource temporarily unavailable|pthread_create|can't create thread", Code.SERVICE_UNAVAILABLE, "The machine has no more files or threads to give."),
    Rule(r"Stale file handle|Structure needs cleaning|Transport endpoint", Code.STORAGE_ERROR, "The disk or the network share failed."),
)  # fmt: skip
"""Wherever they are said they are the cause: damaged pictures before are only noise."""

CAUSES = (
    # what an input may not do
    Rule(r"\[(?:in#\d+/)?(?!hls|concat|dash|tty|sdp|image2\b)(\w+) @ .*Format not on whitelist", Code.FORMAT_BLOCKED, "The input's format, {0}, is not one of those that are read here."),
    Rule(r"Format not on whitelist|not in allowed_(?:segment_)?extensions|Unsafe file name|option not allowed if safe|not a common multimedia extension", Code.FORMAT_BLOCKED, "The input's format is not allowed here: playlists and scripts are refused."),
    Rule(rf"Protocol {_NAME} not on whitelist", Code.PROTOCOL_BLOCKED, "The input refers to a {0}: address, which may not be opened."),
    Rule(r"Protocol not found|Protocol not supported|No protocol handler", Code.PROTOCOL_BLOCKED, "The input refers to an address that may not be opened."),
    Rule(rf"Codec \((?!(?:{_LEFT_OUT})\))([\w.-]+)\) not on whitelist", Code.UNSUPPORTED_CODEC, "The codec {0} is not allowed here."),
    Rule(r"exceeds specified max pixel count|Picture size \S+ is invalid|dimensions too large|Invalid image size|video size \S+ too large", _by_side(Code.RESOLUTION_TOO_HIGH, Code.ENCODING_FAILED, Code.RESOLUTION_TOO_HIGH), "A picture is too large."),
    Rule(r"exceeds max_streams|max_streams|too many streams", Code.RESOURCE_LIMIT_EXCEEDED, "The input has too many streams."),
    Rule(r"\bencrypted\b|\bdecrypt|\bDRM\b|decryption key|protected content|Incorrect key", Code.INPUT_ENCRYPTED, "The input is encrypted."),
    # the network: sources are fetched by our own client, yet FFmpeg's words are known
    Rule(rf"Failed to resolve hostname {_NAME}", _TRANSFER, "The host {0} is not known."),
    Rule(r"Server returned 40[13]|HTTP error 40[13]|401 Unauthorized|403 Forbidden", _DENIED, "The server refused access."),
    Rule(r"Server returned 404|HTTP error 4(?:04|10)|404 Not Found|410 Gone", _MISSING, "The server has no such file."),
    Rule(r"Server returned (\w+)|HTTP error (\d+)", _TRANSFER, "The server answered {0}."),
    Rule(r"(Connection (?:refused|timed out|reset by peer)|Network is unreachable|No route to host|Host is down|Operation timed out|Broken pipe)", _TRANSFER, "The connection failed: {0}."),
    Rule(r"\b(?:SSL|TLS)\b|certificate verif", _TRANSFER, "The encrypted connection failed."),
    # what is not in this FFmpeg
    Rule(rf"Unknown encoder {_NAME}|Encoder {_NAME} not found|Encoder \(codec {_NAME}\) not found|Default encoder for format {_NAME}", Code.UNSUPPORTED_CODEC, "This FFmpeg has no encoder {0}."),
    Rule(r"Automatic encoder selection failed|Encoder not found", Code.UNSUPPORTED_CODEC, "This FFmpeg has no encoder for the output."),
    Rule(r"The (?:encoder|decoder) '([\w.-]+)' is experimental", Code.UNSUPPORTED_CODEC, "The codec {0} is experimental in this FFmpeg, so it is not used."),
    Rule(rf"Unknown decoder {_NAME}|Decoder \(codec {_NAME}\) not found|no decoder found for:? {_NAME}|Decoder {_NAME} not found", Code.UNSUPPORTED_CODEC, "This FFmpeg has no decoder {0}."),
    Rule(r"Decoder not found|Unsupported codec with id|No decoder surfaces|Decoding requested, but no decoder", Code.UNSUPPORTED_CODEC, "This FFmpeg has no decoder for the input."),
    Rule(r"No (?:VA display|device available|capable devices)|Cannot load lib(?:cuda|nvcuvid)|Cannot load nv|Device creation failed|hardware device|Failed to initiali[sz]e VAAPI", Code.UNSUPPORTED_CODEC, "The codec needs hardware that this machine does not have."),
    Rule(r"Unknown input format|could not find demuxer|Demuxer not found", Code.UNSUPPORTED_FORMAT, "This FFmpeg cannot read that format."),
    Rule(r"Unable to (?:find|choose) an? (?:suitable )?output format|Requested output format|Muxer not found", Code.INVALID_OUTPUT, "There is no output format of that name."),
    # the input
    Rule(r"moov atom not found", Code.INPUT_CORRUPTED, "The MP4 file is not complete: its index (moov) is missing."),
    Rule(r"EBML header parsing failed|Invalid EBML|Failed to find two consecutive MPEG audio frames|Failed to read frame size|no RIFF|invalid RIFF|invalid header|Invalid stream header", Code.INPUT_CORRUPTED, "The input's header is damaged."),
    Rule(r"Impossible to open", _by_side(Code.INPUT_NOT_FOUND, Code.OUTPUT_WRITE_FAILED), "A part of the input is missing."),
    Rule(r"unknown keyword", Code.INPUT_CORRUPTED, "The list of parts is damaged."),
    # filters
    Rule(r"No such filter: '([\w-]*)'", Code.FILTER_FAILED, "This FFmpeg has no filter {0}."),
    Rule(r"itstream filter (?:not found|'?[\w-]+'? )", Code.INVALID_COMMAND, "FFmpeg did not understand its command."),
    Rule(r"Filter not found", Code.FILTER_FAILED, "This FFmpeg lacks a filter."),
    Rule(r"Value \S+ for parameter '([\w-]+)' out of range", Code.FILTER_FAILED, "The value of a filter's option {0} is out of its range."),
    Rule(r"(?:Parsed_|fc#|AVFilterGraph|filter '?).*Option '?([\w-]+)'? not found|Error applying option '([\w-]+)' to filter", Code.FILTER_FAILED, "A filter has no option {0}."),
    Rule(r"(Padded dimensions cannot be smaller than input dimensions|Invalid too big or non positive size)", Code.FILTER_FAILED, "A filter's size does not fit the picture: {0}."),
    Rule(r"parameters .*do not match the corresponding", Code.FILTER_FAILED, "The inputs of a filter differ in size, rate or format."),
    Rule(r"(Undefined constant|Cannot parse expression|Error when evaluating the expression|Missing '\(' in|Invalid chars)", Code.FILTER_FAILED, "A filter's expression cannot be read."),
    Rule(r"unconnected|Mismatched '|filtergraph description|Cannot find a matching stream|Cannot find an? (?:matching|unused)|Failed to configure (?:input|output) pad|Media type mismatch|No output pad|Too many inputs specified|Unable to parse graph|Simple filtergraph|Link .* has no|Bad (?:number|arguments)|Impossible to convert between the formats", Code.FILTER_FAILED, "The filters do not fit together."),
    Rule(r"Unable to open|Could not load font|Cannot find a valid font|Cannot load font|No font filename|Could not set font|Unable to (?:parse|read)|Failed to load", Code.FILTER_FAILED, "A file that a filter needs cannot be read."),
    # streams
    Rule(r"Stream map '([\w:?]*)' matches no streams|Invalid input file index: (\d+)|Output with label '(\w+)' does not exist|Failed to set value '([\w:]+)' for option 'map'", Code.STREAM_NOT_FOUND, "There is no stream {0}."),
    Rule(r"matches no streams|Invalid input (?:file|stream) index|Stream specifier", Code.STREAM_NOT_FOUND, "A stream that the job needs is not there."),
    # the container
    Rule(rf"Could not find tag for codec {_NAME}", Code.CODEC_NOT_IN_CONTAINER, "The container cannot hold the codec {0}."),
    Rule(r"Only (.{3,120}?) are supported for (\w+)", Code.CODEC_NOT_IN_CONTAINER, "The container only holds {0}."),
    Rule(r"codec not currently supported in container|Unsupported codec id in stream|not supported (?:in|by) (?:this )?(?:container|muxer|format)|muxer (?:supports|does not support)|codec .* not supported", Code.CODEC_NOT_IN_CONTAINER, "The container cannot hold that codec."),
    Rule(r"same as Input", Code.INVALID_OUTPUT, "The output would overwrite its own input."),
    Rule(r"already exists", Code.OUTPUT_WRITE_FAILED, "The output is already there."),
    # encoders
    Rule(r"(width|height) not divisible by 2", Code.ENCODING_FAILED, "The encoder needs an even {0}."),
    Rule(r"Specified (sample rate|pixel format|sample format|channel layout|frame rate) ([\w./]+) is not supported", Code.ENCODING_FAILED, "The encoder does not support the {0}."),
    Rule(r"invalid preset '([\w-]+)'|Error setting preset/tune ([\w-]+)", Code.ENCODING_FAILED, "The encoder has no preset {0}."),
    Rule(r"(\w+) profile doesn't support|Error setting profile (\w+)", Code.ENCODING_FAILED, "The profile {0} cannot hold this picture format."),
    Rule(r"Subtitle encoding currently only possible", Code.ENCODING_FAILED, "Picture subtitles cannot be turned into text, nor text into pictures."),
    Rule(r"ratecontrol_init|stats file|multipass", Code.ENCODING_FAILED, "The first pass of the encoder left no statistics."),
    Rule(r"(?:Unsupported|unsupported|Invalid|invalid) (sample rate|channel layout|number of channels|pixel format|bit rate|bitrate|frame ?rate|level|profile|time ?base)", _by_side(Code.INPUT_CORRUPTED, Code.ENCODING_FAILED), "The {0} cannot be used."),
    Rule(r"framerate .* not supported|bitrate .*too (?:low|high|small|large)|not supported by the (?:\S+ )?encoder|out of range for (?:this )?encoder", Code.ENCODING_FAILED, "The encoder refused its settings."),
    # commands that are not FFmpeg's language: a fault of ours
    Rule(rf"Unrecognized option {_NAME}|Missing argument for option {_NAME}|Unknown pixel format requested: {_NAME}|Failed to set value \S+ for option '([\w:-]+)'", Code.INVALID_COMMAND, "FFmpeg did not understand {0}."),
    Rule(r"Option (?:'?[\w:-]+'? )?not found|Error splitting the argument list|Error parsing options|Invalid duration|Invalid (?:start )?time|Trailing option|No match for section|Unknown output format with name|provided as input filename|codec copy was selected|cannot be used together|Undefined option|Numeric|expected number", Code.INVALID_COMMAND, "FFmpeg did not understand its command."),
    # files, on either side
    Rule(r"Permission denied|Operation not permitted|Access is denied", _DENIED, "A file may not be opened."),
    Rule(r"Read-only file system", Code.OUTPUT_ACCESS_DENIED, "The disk is read-only."),
    Rule(r"Is a directory|Not a directory", _FOLDER, "A folder stands where a file should be."),
    Rule(r"No such file or directory", _MISSING, "A file or folder is not there."),
    Rule(r"File name too long|Invalid cross-device link|Text file busy|Device or resource busy", _by_side(Code.INPUT_ACCESS_DENIED, Code.OUTPUT_WRITE_FAILED), "A file cannot be opened."),
)  # fmt: skip
"""The first line that one of them fits is the cause; what follows is fallout."""

SYMPTOMS = (
    Rule(r"get_buffer\(\) failed", Code.INSUFFICIENT_MEMORY, "FFmpeg could not get memory for a picture."),
    Rule(r"Invalid data found when processing input|partial file|Truncating packet|Packet corrupt|corrupt (?:input|decoded|frame)|Could not find codec parameters|does not contain any stream|Sample size \d+ is too large|wrong sample count|Premature end|Unexpected end|Error reading header|Invalid .*header", Code.INPUT_CORRUPTED, "The input is damaged or is not media."),
    Rule(r"Error while decoding|Error submitting packet to decoder|Decode error rate|Invalid NAL|NAL unit|Invalid sync code|Invalid frame marker|Header missing|decode_slice|no frame!|error while decoding MB|missing picture|non-existing PPS|reference .*>=|Error decoding|decoding (?:error|failed)|Error while opening decoder|\[dec:", Code.DECODING_FAILED, "The input could not be decoded."),
    Rule(r"non monoton|Timestamps are unset|Packet .*invalid|Application provided invalid", Code.MUXING_FAILED, "The output's timestamps are not in order."),
)  # fmt: skip
"""Noise where there is a cause, the truth where there is none."""

FALLOUT = (
    Rule(r"Error (?:re)?initializing (?:complex )?filter|Failed to inject frame|Error while filtering|Error configuring (?:complex )?filter|Error (?:parsing|processing) filtergraph|\[Parsed_|AVFilterGraph", Code.FILTER_FAILED, "A filter could not be set up."),
    Rule(r"Error while opening encoder|Error initializing output stream|Could not open encoder|\[enc:|Error encoding a frame|encoding failed|Generic error in an external library", Code.ENCODING_FAILED, "The encoder could not be started with these settings."),
    Rule(r"Input/output error", _by_side(Code.STORAGE_ERROR, Code.STORAGE_ERROR, Code.STORAGE_ERROR), "Reading or writing failed."),
    Rule(r"Could not write header|Error writing trailer|Error muxing|av_interleaved_write_frame|submitting a packet to the muxer|muxing|Error closing file", Code.MUXING_FAILED, "The output container could not be written."),
    Rule(r"Error opening output|Could not open file", Code.OUTPUT_WRITE_FAILED, "The output could not be opened."),
    Rule(r"Error opening input", Code.INPUT_CORRUPTED, "The input could not be opened."),
    Rule(r"Empty output|Output file is empty|Nothing was written", Code.OUTPUT_EMPTY, "Nothing was left to write: the output is empty."),
)  # fmt: skip

RANKS = (RESOURCES, CAUSES, SYMPTOMS, FALLOUT)

INTERRUPTED = frozenset({255, 123})
"""FFmpeg was told to end: one signal (or an end of its CPU time), or more than three."""

EXITS: Mapping[int, tuple[Code, str]] = {
    # FFmpeg 7 and later exit with 256 - errno
    228: (Code.INSUFFICIENT_DISK_SPACE, "The disk is full."),
    244: (Code.INSUFFICIENT_MEMORY, "FFmpeg ran out of memory."),
    229: (Code.OUTPUT_TOO_LARGE, "The output grew beyond its size limit."),
    243: (Code.INPUT_ACCESS_DENIED, "A file may not be opened."),
    254: (Code.INPUT_NOT_FOUND, "A file is not there."),
    251: (Code.STORAGE_ERROR, "Reading or writing failed."),
    183: (Code.INPUT_CORRUPTED, "The input is damaged or is not media."),
    187: (Code.ENCODING_FAILED, "A codec library failed."),
    69: (Code.DECODING_FAILED, "Most of the input could not be decoded."),
    124: (Code.FFMPEG_TIMEOUT, "FFmpeg took longer than it may."),
    126: (Code.FFMPEG_UNAVAILABLE, "FFmpeg may not be executed."),
    127: (Code.FFMPEG_UNAVAILABLE, "FFmpeg cannot be started on this machine."),
}
SIGNALS: Mapping[str, tuple[Code, str]] = {
    "SIGXFSZ": (Code.OUTPUT_TOO_LARGE, "The output grew beyond its size limit."),
    "SIGXCPU": (Code.FFMPEG_TIMEOUT, "FFmpeg used up its CPU time."),
}
