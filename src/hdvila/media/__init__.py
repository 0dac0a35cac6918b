"""Reading and writing video: frames by exact time, transforms, codecs."""

import importlib
from typing import Any

from hdvila.media.codecs import decode_jpeg, encode_jpeg, read_image, write_video
from hdvila.media.container import is_video_name
from hdvila.media.frame_source import Sampler
from hdvila.media.image_files import image_fault, image_size, is_image_name
from hdvila.media.info import SubtitleStream, VideoInfo
from hdvila.media.packed import Form, Packed, Packing, unpack
from hdvila.media.read_clips import read_clip, read_clips
from hdvila.media.streams import ClipStreams, FrameStream, clip_streams, image_streams
from hdvila.media.transforms import crop_to, resize
from hdvila.media.video import Video, open_video, probe

__all__ = [
    "ClipStreams",
    "Form",
    "FrameStream",
    "Packed",
    "Packing",
    "Sampler",
    "SubtitleStream",
    "Video",
    "VideoInfo",
    "clip_streams",
    "crop_to",
    "decode_jpeg",
    "encode_jpeg",
    "image_fault",
    "image_size",
    "image_streams",
    "is_image_name",
    "is_video_name",
    "open_video",
    "probe",
    "read_clip",
    "read_clips",
    "read_image",
    "resize",
    "unpack",
    "write_video",
]

_MOVED = {
    "HybridSampling": "hdvila.models.hdvila.sampling:HybridSampling",
    "Preprocess": "hdvila.models.hdvila.preprocess:Preprocess",
    "hybrid_indices": "hdvila.models.hdvila.sampling:hybrid_indices",
    "official_streams": "hdvila.models.hdvila.released_preprocessing:official_streams",
    "read_hybrid": "hdvila.media.read_clips:read_clip",
    "read_hybrids": "hdvila.media.read_clips:read_clips",
}
"""What was here when HD-VILA was the only system; the names go on to work."""


def __getattr__(name: str) -> Any:
    if name not in _MOVED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, found = _MOVED[name].partition(":")
    return getattr(importlib.import_module(module), found)
