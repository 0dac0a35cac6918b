"""Training tasks with their losses, one per file."""

from typing import Any

from hdvila.lazy import offered

_OFFERS = {
    "CountAnswers": "count_answers",
    "Matching": "matching",
    "OneLossTask": "task",
    "PretrainImageText": "pretrain_image_text",
    "PretrainStage1": "pretrain_stage1",
    "PretrainStage2": "pretrain_stage2",
    "SoftAnswers": "soft_answers",
    "Task": "task",
    "VideoQA": "video_qa",
}


def __getattr__(name: str) -> Any:
    return offered(__name__, _OFFERS, name)


def __dir__() -> list[str]:
    return sorted(_OFFERS)
