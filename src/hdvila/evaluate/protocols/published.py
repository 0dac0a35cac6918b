"""The rows that papers print, to stand beside one's own: HD-VILA's tables 2 to 6, 8 and 12, and what others report.

HD-VILA was published in two versions, v1 and v2 (that of CVPR 2022); v1 stands beside v2 where it prints other numbers.
A row's source is the table that prints it, which for most methods is not their own paper's.
"""

from __future__ import annotations

from hdvila.evaluate.protocols.protocol import Published

__all__ = [
    "ACTIVITYNET",
    "DIDEMO",
    "LSMDC",
    "MSRVTT_1KA",
    "MSRVTT_1KA_7K",
    "MSRVTT_FULL",
    "MSRVTT_MC",
    "MSRVTT_QA",
    "MSVD_QA",
    "TGIF_ACTION",
    "TGIF_COUNT",
    "TGIF_FRAMEQA",
    "TGIF_TRANSITION",
    "VQA2",
    "YOUCOOK2",
    "hd_vila",
    "t2v",
]

_CLIPBERT = "ClipBERT (CVPR 2021), in its text"
_JUST_ASK = "Just Ask (ICCV 2021), README of antoyang/just-ask"
_MIL_NCE = "MIL-NCE (CVPR 2020), README of antoine77340/MIL-NCE_HowTo100M"
_COLLABORATIVE_EXPERTS = "Collaborative Experts (BMVC 2019), as mended in the README of albanie/collaborative-experts"
_SIASAMREA = "SiaSamRea (NeurIPS 2021), Table 5"

_9K = "trained on 9,000 videos"
_UNTOLD = "training split not told"
_APART = "set apart from the fair comparisons: special losses, more features"
_HME, _JSFUSION = "run by the authors of HME", "run by the authors of JSFusion"
_1X1, _4X1, _4X2, _8X2 = (
    f"{clips} clip{'s' if clips > 1 else ''} of {frames} frame{'s' if frames > 1 else ''} in training"
    for clips, frames in ((1, 1), (4, 1), (4, 2), (8, 2))
)


def hd_vila(table: int, version: int = 2) -> str:
    """A table of HD-VILA (Xue et al., arXiv 2111.10337), as a source."""
    return f"HD-VILA v{version}, Table {table}"


def t2v(
    who: str, source: str, r1: float, r5: float | None, median_rank: float | None, setting: str = "", **others: float
) -> Published:
    """A retrieval row, R@k in percent as papers print it; `others` are r10 and r50, None is not printed."""
    recalls = {"r1": r1, **({} if r5 is None else {"r5": r5}), **others}
    values = {name: round(value / 100, 6) for name, value in recalls.items()}
    return Published(who, source, values if median_rank is None else {**values, "median_rank": median_rank}, setting)


def _accuracy(who: str, source: str, percent: float, setting: str = "") -> Published:
    """An accuracy in percent, as papers print it."""
    return Published(who, source, {"accuracy": round(percent / 100, 6)}, setting)


def _squared_error(who: str, source: str, error: float) -> Published:
    return Published(who, source, {"mean_squared_error": error})


MSRVTT_1KA = (
    t2v("HD-VILA", hd_vila(3), 35.6, 65.3, 3, _9K, r10=78.0),
    t2v("HD-VILA (v1)", hd_vila(3, 1), 35.0, 65.2, 3, _9K, r10=77.2),
    t2v("HowTo100M", hd_vila(3), 14.9, 40.2, 9, _UNTOLD, r10=52.8),
    t2v("CE", hd_vila(3), 20.9, 48.8, 6, _UNTOLD, r10=62.4),
    t2v("DECEMBERT", hd_vila(3), 17.5, 44.3, 9, _UNTOLD, r10=58.6),
    t2v("HERO", hd_vila(3), 16.8, 43.4, None, _UNTOLD, r10=57.7),
    t2v("HERO with ASR", _CLIPBERT, 20.5, None, None, _UNTOLD),
    t2v("ClipBERT", hd_vila(3), 22.0, 46.8, 6, f"trained on 7,010 videos; {_8X2}", r10=59.9),
    t2v("VLM", hd_vila(3), 28.1, 55.5, 4, _UNTOLD, r10=67.4),
    t2v("MMT", hd_vila(3), 26.6, 57.1, 4, f"{_UNTOLD}; {_APART}", r10=69.6),
    t2v("Support Set", hd_vila(3), 30.1, 58.5, 3, f"{_UNTOLD}; {_APART}", r10=69.3),
    t2v("VideoCLIP", hd_vila(3), 30.9, 55.4, None, _UNTOLD, r10=66.8),
    t2v("VideoCLIP (v1)", hd_vila(3, 1), 32.2, 62.6, None, _UNTOLD, r10=75.0),
    t2v("HD-VILA, zero-shot", hd_vila(3), 14.6, 34.4, 15, r10=44.1),
    t2v("HD-VILA, zero-shot (v1)", hd_vila(3, 1), 14.4, 31.6, 17.5, r10=41.6),
    t2v("HT MIL-NCE, zero-shot", hd_vila(3), 9.9, 24.0, 29.5, r10=32.4),
    t2v("Support Set, zero-shot", hd_vila(3), 8.7, 23.0, 31, r10=31.1),
    t2v("VideoCLIP, zero-shot", hd_vila(3), 10.4, 22.2, None, r10=30.0),
    t2v("HD-VILA, 145K steps", hd_vila(8), 30.0, 58.1, 4, "pre-trained on HD-VILA-100M, then fine-tuned", r10=72.3),
    t2v(
        "HD-VILA on HowTo100M, 145K steps",
        hd_vila(8),
        19.6,
        49.0,
        6,
        "pre-trained on HowTo100M, then fine-tuned",
        r10=61.9,
    ),
    t2v("CLIP4Clip (ViT-B/32)", "VidLA (CVPR 2024), Table 2", 44.5, 71.4, 2, r10=81.6),
)
MSRVTT_1KA_7K = (
    t2v("ClipBERT", hd_vila(3), 22.0, 46.8, 6, _8X2, r10=59.9),
    t2v("ClipBERT, 4 x 1", _CLIPBERT, 19.8, None, None, _4X1),
)
MSRVTT_FULL = (t2v("Collaborative Experts", _COLLABORATIVE_EXPERTS, 10.0, 29.0, 16, r10=41.2, r50=71.4),)
DIDEMO = (
    t2v("HD-VILA", hd_vila(4), 28.8, 57.4, 4, r10=69.1),
    t2v("HD-VILA (v1)", hd_vila(4, 1), 26.0, 54.8, 4, r10=69.0),
    t2v("HERO", hd_vila(4), 2.1, None, None, "its own DiDeMo task is to find moments in all videos", r10=11.4),
    t2v("S2VT", hd_vila(4), 11.9, 33.6, 13),
    t2v("FSE", hd_vila(4), 13.9, 36.0, 11),
    t2v("CE", hd_vila(4), 16.1, 41.1, 8.3),
    t2v("ClipBERT", hd_vila(4), 20.4, 48.0, 6, r10=60.8),
)
LSMDC = (
    t2v("HD-VILA", hd_vila(5), 17.4, 34.1, 15, r10=44.1),
    t2v("HD-VILA (v1)", hd_vila(5, 1), 17.2, 32.9, 16, r10=43.0),
    t2v("JSFusion", hd_vila(5), 9.1, 21.2, 36, r10=34.1),
    t2v("MEE", hd_vila(5), 9.3, 25.1, 27, r10=33.4),
    t2v("CE", hd_vila(5), 11.2, 26.9, 25.3, r10=34.8),
    t2v("MMT", hd_vila(5), 12.9, 29.9, 19.3, _APART, r10=40.1),
)
ACTIVITYNET = (
    t2v("HD-VILA", hd_vila(6), 28.5, 57.4, 4, r50=94.0),
    t2v("HD-VILA (v1)", hd_vila(6, 1), 27.4, 56.0, 4, "R@50, which v1 heads R@10", r50=93.1),
    t2v("FSE", hd_vila(6), 18.2, 44.8, 7, r50=89.1),
    t2v("CE", hd_vila(6), 18.2, 47.7, 6, r50=91.4),
    t2v("HSE", hd_vila(6), 20.5, 49.3, None),
    t2v("ClipBERT", hd_vila(6), 21.3, 49.0, 6, _4X2),
    t2v("MMT", hd_vila(6), 28.7, 61.4, 3.3, _APART, r50=94.5),
    t2v("Support Set", hd_vila(6), 29.2, 61.6, 3, _APART, r50=94.7),
)
_NOT_SAID = "fine-tuned or zero-shot, that is not said"
YOUCOOK2 = (
    t2v("HD-VILA, 504K steps", hd_vila(12), 9.1, 25.5, 20, f"pre-trained on HD-VILA-100M; {_NOT_SAID}", r10=37.3),
    t2v("HD-VILA, 145K steps", hd_vila(12), 6.6, 19.5, 37, f"pre-trained on HD-VILA-100M; {_NOT_SAID}", r10=27.6),
    t2v(
        "HD-VILA on HowTo100M, 145K steps", hd_vila(12), 15.7, 38.3, 10,
        f"pre-trained on HowTo100M; {_NOT_SAID}", r10=51.3,
    ),
    t2v("HowTo100M", hd_vila(12), 8.2, 24.5, 24, "fine-tuned, by its own paper", r10=35.3),
    t2v("MIL-NCE, zero-shot", _MIL_NCE, 15.1, 38.0, 10, r10=51.2),
)  # fmt: skip
MSRVTT_QA = (
    _accuracy("HD-VILA", hd_vila(2), 40.0),
    _accuracy("HD-VILA (v1)", hd_vila(2, 1), 39.2),
    _accuracy("ST-VQA", hd_vila(2), 30.9, _HME),
    _accuracy("Co-Memory", hd_vila(2), 32.0, _HME),
    _accuracy("AMU", hd_vila(2), 32.5),
    _accuracy("HME", hd_vila(2), 33.0),
    _accuracy("HCRN", hd_vila(2), 35.6),
    _accuracy("ClipBERT", hd_vila(2), 37.4, _8X2),
    _accuracy("ClipBERT, 4 x 1", _CLIPBERT, 37.0, _4X1),
    _accuracy("Just Ask", _JUST_ASK, 41.5),
)
MSVD_QA = (
    _accuracy("Just Ask", _JUST_ASK, 46.3),
    _accuracy("HCRN", "ALPRO (CVPR 2022), Table 4", 36.1),
)
MSRVTT_MC = (
    _accuracy("HD-VILA", hd_vila(2), 97.1),
    _accuracy("HD-VILA (v1)", hd_vila(2, 1), 96.3),
    _accuracy("CT-SAN", hd_vila(2), 66.4, _JSFUSION),
    _accuracy("MLB", hd_vila(2), 76.1, _JSFUSION),
    _accuracy("JSFusion", hd_vila(2), 83.4),
    _accuracy("ActBERT", hd_vila(2), 85.7),
    _accuracy("ClipBERT", hd_vila(2), 88.2, _8X2),
    _accuracy("VideoCLIP", hd_vila(2), 92.1),
)
_TGIF = (
    ("HD-VILA", 2, "", 84.3, 90.0, 60.5),
    ("HD-VILA (v1)", 1, "", 84.0, 89.0, 60.5),
    ("ST-VQA", 2, _HME, 60.8, 67.1, 49.3),
    ("Co-Memory", 2, _HME, 68.2, 74.3, 51.5),
    ("PSAC", 2, "", 70.4, 76.9, 55.7),
    ("HCRN", 2, "", 75.0, 81.4, 55.9),
    ("QueST", 2, "", 75.9, 81.0, 59.7),
    ("ClipBERT", 2, _1X1, 82.8, 87.8, 60.3),
)
"""Method, version of HD-VILA that prints it, setting; action, transition, frame."""
TGIF_ACTION, TGIF_TRANSITION, TGIF_FRAMEQA = (
    tuple(_accuracy(who, hd_vila(2, version), percents[task], said) for who, version, said, *percents in _TGIF)
    for task in range(3)
)
TGIF_COUNT = (
    _squared_error("HCRN", _SIASAMREA, 3.82),
    _squared_error("HME", _SIASAMREA, 4.02),
)

_VQA2 = (
    ("BUTD", "region", 65.32, 65.67),
    ("grid-feat", "grid", 66.47, None),
    ("ViLBERT", "region", 70.55, 70.92),
    ("VL-BERT", "region", 71.16, None),
    ("Pixel-BERT", "grid", 71.35, 71.42),
    ("LXMERT", "region", 72.42, 72.54),
    ("UNITER", "region", 72.70, 72.91),
    ("Oscar", "region", 73.16, 73.44),
    ("ClipBERT", "grid", 69.08, 69.43),
)
"""Method, features; percent on test-dev and on the whole test."""
VQA2 = tuple(
    Published(
        who,
        "ClipBERT (CVPR 2021), Table 9",
        {"accuracy": round(dev / 100, 6), **({} if whole is None else {"test_standard": round(whole / 100, 6)})},
        f"on test-dev; {features} features",
    )
    for who, features, dev, whole in _VQA2
)
