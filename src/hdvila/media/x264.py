"""How x264 is set up wherever we encode: one thread, and no algorithm that depends on the CPU.

Left to itself x264 takes the fastest way for the CPU it finds, and two of these ways change the result. On CPUs with
SSSE3 some intra modes are chosen by a shorter search. On CPUs with AVX-512, by its source and the library that PyAV
ships (x264 core 165; not run on such a CPU here), ``mbtree_propagate_list`` works on eight macroblocks at a time and
does not stop at the end of a row: where the row is no multiple of eight, values that nobody wrote decide about the
quality of a few blocks, so the same pictures give other files now and then. ``cpu-independent`` takes the plain way in
both. It costs 0.6 % in size, and in time 0.39 ms a frame of the miniature instead of 0.30; without the macroblock tree
files are 7 to 57 % larger (`benchmarks/encode_repeats.py`).
"""

from __future__ import annotations


def x264_options(crf: int, preset: str = "veryfast", **settings: int) -> dict[str, str]:
    """Options of a ``libx264`` encoder, whose ``thread_count`` must be 1: the same pictures give the same bytes.

    Args:
        crf: quality, 0 (no loss) .. 51.
        preset: x264's trade of time for size.
        settings: others, by x264's names with ``_`` for ``-``.
    """
    said = {"cpu_independent": 1, **settings}
    return {
        "crf": str(crf),
        "preset": preset,
        "x264-params": ":".join(f"{name.replace('_', '-')}={value}" for name, value in said.items()),
    }
