"""How the code is divided: files, lines and who knows a system, room by room.

python tools/rooms.py            a row a room, a row for what each system adds, and what stands out
"""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "hdvila"
SHORT, LONG = 30, 250
SYSTEMS = sorted(folder.name for folder in (SOURCE / "models").iterdir() if (folder / "system.py").exists())


def main() -> None:
    rooms: dict[str, dict[str, int]] = defaultdict(dict)
    naming = []
    for file in sorted(SOURCE.rglob("*.py")):
        path = file.relative_to(SOURCE)
        text = file.read_text(encoding="utf-8")
        if file.name != "__init__.py":
            rooms[path.parts[0].removesuffix(".py") if len(path.parts) > 1 else "ground"][str(path)] = text.count("\n")
        inside = path.parts[0] in ("models", "recipes") or path.name == "__init__.py"
        if not inside and re.search(rf"^\s*(from|import) hdvila\.models\.({'|'.join(SYSTEMS)})\b", text, re.M):
            naming.append(str(path))
    lines = [count for room in rooms.values() for count in room.values()]
    print(f"{'room':<14}{'files':>6}{'lines':>8}{'median':>8}")
    for name, room in sorted(rooms.items()):
        print(f"{name:<14}{len(room):>6}{sum(room.values()):>8}{statistics.median(room.values()):>8g}")
    for name in [f"{room}/{system}" for room in ("models", "recipes") for system in SYSTEMS]:
        own = [count for path, count in rooms[name.partition("/")[0]].items() if path.startswith(f"{name}/")]
        print(f"  {name:<16}{len(own):>2}{sum(own):>8}{statistics.median(own):>8g}")
    print(f"{'all':<14}{len(lines):>6}{sum(lines):>8}{statistics.median(lines):>8g}")
    for title, found in (
        (f"under {SHORT} lines", [f for room in rooms.values() for f, count in room.items() if count < SHORT]),
        (f"over {LONG} lines", [f for room in rooms.values() for f, count in room.items() if count > LONG]),
        ("outside models and recipes, files that import a system", naming),
    ):
        print(f"\n{title}: {len(found)}" + "".join(f"\n  {one}" for one in sorted(found)))


if __name__ == "__main__":
    main()
