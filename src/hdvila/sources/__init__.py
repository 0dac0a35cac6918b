"""What gives timed media besides a corpus and video files: folders of images, and files of features."""

from hdvila.sources.feature_files import FeatureFiles
from hdvila.sources.images import ImageFolder

__all__ = ["FeatureFiles", "ImageFolder"]
