"""Reading and writing video: frames by exact time, transforms, codecs."""

from hdvila.media.codecs import decode_jpeg, encode_jpeg, read_image, write_video
from hdvila.media.container import is_video_name
from hdvila.media.hybrid import read_hybrid, read_hybrids
from hdvila.media.info import SubtitleStream, VideoInfo
from hdvila.media.official import official_streams
from hdvila.media.packed import Form, Packed, Packing, unpack
from hdvila.media.preprocess import Preprocess
from hdvila.media.sampling import HybridSampling, hybrid_indices
from hdvila.media.streams import ClipStreams, clip_streams
from hdvila.media.transforms import crop_to, resize
from hdvila.media.video import Video, open_video, probe

__all__ = [
    "ClipStreams",
    "Form",
    "HybridSampling",
    "Packed",
    "Packing",
    "Preprocess",
    "SubtitleStream",
    "Video",
    "VideoInfo",
    "clip_streams",
    "crop_to",
    "decode_jpeg",
    "encode_jpeg",
    "hybrid_indices",
    "is_video_name",
    "official_streams",
    "open_video",
    "probe",
    "read_hybrid",
    "read_hybrids",
    "read_image",
    "resize",
    "unpack",
    "write_video",
]
