"""What HD-VILA-100M's authors say of their corpus (CVPR 2022 and its official page), to stand beside one's own.

Only figures that they print as numbers; what they show only as a picture is not guessed from it.
"""

from __future__ import annotations

NAME = "HD-VILA-100M"
CLIPS = 100_000_000
HOURS = 371_500
CLIP_SECONDS = 13.4
SENTENCE_WORDS = 32.5
CATEGORIES = 15
CATEGORY_HOURS = 30_000
"""No category has more: the cap of their sampling."""
SHORT_SIDE = 720
DOMAIN = "open"
CITATION = """@inproceedings{xue2022hdvila,
  title     = {Advancing High-Resolution Video-Language Representation with Large-Scale Video Transcriptions},
  author    = {Xue, Hongwei and Hang, Tiankai and Zeng, Yanhong and Sun, Yuchong and Liu, Bei and Yang, Huan and Fu, Jianlong and Guo, Baining},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR)},
  year      = {2022}
}"""  # noqa: E501
