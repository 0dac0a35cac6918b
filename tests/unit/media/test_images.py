"""Image files: every format against Pillow, upright in all eight orientations, damage refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdvila.errors import MediaError
from hdvila.media import open_video, read_image, write_video

Image = pytest.importorskip("PIL.Image")
ImageOps = pytest.importorskip("PIL.ImageOps")

ORIENTATION = 0x0112
DOWN, ACROSS = np.mgrid[0:24, 0:40]
PIXELS = np.stack([6 * ACROSS, 10 * DOWN, 120 + 3 * ACROSS - 5 * DOWN], axis=-1).astype(np.uint8)
SAVED: dict[str, dict[str, Any]] = {"jpg": {"quality": 95}, "png": {}, "webp": {"lossless": True}}


def by_pillow(path: Path) -> Any:
    return np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))


def difference(rgb: Any, expected: Any) -> int:
    assert (rgb.shape, rgb.dtype, rgb.flags.c_contiguous) == (expected.shape, np.uint8, True)
    return int(np.abs(rgb.astype(int) - expected).max())


@pytest.mark.parametrize("suffix", SAVED)
@pytest.mark.parametrize("endian", ["<", ">"])
def test_images_are_upright_whatever_their_exif_orientation(suffix: str, endian: str, tmp_path: Path) -> None:
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif.endian = endian
        exif[ORIENTATION] = orientation
        path = tmp_path / f"{orientation}.{suffix}"
        Image.fromarray(PIXELS).save(path, exif=exif.tobytes(), **SAVED[suffix])
        expected = by_pillow(path)
        assert difference(read_image(path), expected) == 0, orientation
        with open_video(path) as video:  # a JPEG may be given where a video is expected
            assert difference(video.frames([0]).rgb[0], expected) <= 8, orientation


def test_a_photograph_has_the_pixels_that_pillow_gives() -> None:
    photograph = Path(pytest.importorskip("matplotlib").get_data_path()) / "sample_data" / "grace_hopper.jpg"
    assert difference(read_image(photograph), by_pillow(photograph)) == 0


@pytest.mark.parametrize(
    ("name", "mode", "tolerance"),
    [
        ("grey.jpg", "L", 0),
        ("print.jpg", "CMYK", 1),
        ("palette.png", "P", 0),
        ("bits.png", "1", 0),
        ("grey.png", "L", 0),
        ("alpha.png", "RGBA", 0),
        ("lossy.webp", "RGB", 12),
        ("palette.gif", "P", 0),
    ],
)
def test_every_kind_of_image_becomes_rgb(name: str, mode: str, tolerance: int, tmp_path: Path) -> None:
    Image.fromarray(PIXELS).convert(mode).save(tmp_path / name)
    assert difference(read_image(tmp_path / name), by_pillow(tmp_path / name)) <= tolerance


def test_sixteen_bits_are_rounded_to_eight(tmp_path: Path) -> None:
    Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257).save(tmp_path / "deep.png")
    assert difference(read_image(tmp_path / "deep.png"), PIXELS[..., :1].repeat(3, axis=-1)) <= 1


def test_of_a_moving_gif_the_first_frame_is_read(tmp_path: Path) -> None:
    first, second = (Image.fromarray(pixels).quantize() for pixels in (PIXELS, PIXELS[::-1]))
    first.save(tmp_path / "two.gif", save_all=True, append_images=[second])
    assert (read_image(tmp_path / "two.gif") == np.asarray(first.convert("RGB"))).all()


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif"])
@pytest.mark.parametrize("share", [0.95, 0.5, 0.02])
def test_an_image_that_ends_early_is_refused(suffix: str, share: float, tmp_path: Path) -> None:
    path = tmp_path / f"photo.{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(MediaError, match=rf"photo\.{suffix}: cannot be decoded as an image: .*fetch it again"):
        read_image(path)


def test_a_damaged_palette_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "palette.png"
    Image.fromarray(PIXELS).quantize(8).save(path)
    data = bytearray(path.read_bytes())
    data[data.index(b"PLTE") + 4] ^= 0x55
    path.write_bytes(data)
    with pytest.raises(MediaError, match="cannot be decoded as an image"):
        read_image(path)


def test_what_is_not_an_image_is_refused_by_name(tmp_path: Path) -> None:
    write_video(tmp_path / "film.mp4", [PIXELS], fps=1)
    (tmp_path / "notes.jpg").write_text("no image")
    (tmp_path / "riff.avi").write_bytes(b"RIFF\0\0\0\0AVI LIST")
    (tmp_path / "empty.png").touch()
    moving = [Image.fromarray(pixels) for pixels in (PIXELS, PIXELS[::-1])]
    moving[0].save(tmp_path / "moving.webp", save_all=True, append_images=moving[1:])
    for name, why in {
        "film.mp4": "is not a JPEG, PNG, GIF or WebP image; convert it",
        "notes.jpg": "is not a JPEG, PNG, GIF or WebP image",
        "riff.avi": "is not a JPEG, PNG, GIF or WebP image",
        "empty.png": "the file is empty",
        "moving.webp": "is an animated WebP, which FFmpeg cannot decode; convert it to MP4 or GIF",
        "gone.jpg": "there is no such file; name an image file",
        ".": "is a folder, not an image file",
    }.items():
        with pytest.raises(MediaError, match=why):
            read_image(tmp_path / name)
