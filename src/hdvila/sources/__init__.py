"""What gives timed media besides a corpus and video files: folders of images, and files of features."""

from hdvila.sources.feature_files import FeatureFiles
from hdvila.sources.images import ImageFolder
from hdvila.sources.still_images import ImageFiles, StillImages

__all__ = ["FeatureFiles", "ImageFiles", "ImageFolder", "StillImages"]
