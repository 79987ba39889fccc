"""What FFmpeg may open: the options that stand before every input, for ffprobe too.

Without them an uploaded "mp4" can be a playlist that reads other files. Decoders are listed by
decoder name; `mjpeg` and `png` are among them because cover pictures need them.
"""

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,asf,mpeg,mpegts,ogg,mp3,wav,flac,aac,aiff,amr,"
    "gif,png_pipe,jpeg_pipe,mjpeg,webp_pipe,webp_anim,bmp_pipe,tiff_pipe,srt,ass,webvtt,w64,caf,mxf"
)
CODECS = (
    "h264,hevc,ffv1,libdav1d,libaom-av1,av1,vp8,vp9,libvpx,libvpx-vp9,vp6f,mpeg4,msmpeg4,msmpeg4v2,"
    "mpeg1video,mpeg2video,h263,flv,theora,mjpeg,prores,dnxhd,dvvideo,wmv1,wmv2,wmv3,vc1,gif,png,"
    "bmp,tiff,webp,webp_anim,aac,aac_latm,mp3float,mp3,mp2float,mp2,ac3,eac3,dca,alac,flac,vorbis,"
    "libvorbis,opus,libopus,amrnb,amrwb,wmav1,wmav2,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,"
    "pcm_s32le,pcm_f32le,pcm_f64le,pcm_u8,pcm_alaw,pcm_mulaw,adpcm_ms,adpcm_ima_wav,adpcm_swf,"
    "ass,ssa,subrip,srt,webvtt,mov_text,pgssub,dvdsub,dvbsub,cc_dec"
)
LOOKED_AT = frozenset((
    "truehd", "mlp", "wmapro", "wmalossless", "s302m", "pcm_bluray", "pcm_dvd", "speex", "wavpack", "tta", "ape",
    "nellymoser", "cook",
))  # fmt: skip
"""Decoders of tracks that films and recordings have beside others. ffprobe may open them, or it would
refuse the whole file; nothing is ever given to them to be decoded."""
_OTHER_NAMES = (
    "mp3", "dts", "amr_nb", "amr_wb", "msmpeg4v3", "flv1", "hdmv_pgs_subtitle", "dvd_subtitle",
    "dvb_subtitle", "eia_608", "srt",
)  # fmt: skip
DECODABLE = frozenset((*CODECS.split(","), *_OTHER_NAMES))
"""Codecs that these decoders decode, by their own names."""
MAX_PIXELS = "40000000"

UPLOADED_INPUT = (
    "-protocol_whitelist", "file",
    "-format_whitelist", FORMATS,
    "-codec_whitelist", CODECS,
    "-max_pixels", MAX_PIXELS,
)  # fmt: skip
JOINED_INPUT = (
    "-protocol_whitelist", "file",
    "-format_whitelist", f"{FORMATS},concat",
    "-codec_whitelist", CODECS,
    "-max_pixels", MAX_PIXELS,
)  # fmt: skip
INTERMEDIATE_INPUT = (
    "-protocol_whitelist", "file", "-format_whitelist", "nut", "-codec_whitelist", "ffv1,pcm_f32le",
)  # fmt: skip
