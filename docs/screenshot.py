"""Makes docs/train.svg, the README's picture, from a real run.

python docs/screenshot.py
"""

import asyncio
import re
import tempfile
from pathlib import Path

from tui.app.app import BenchApp
from tui.lab.recipes import load
from tui.lab.spec import set_values

HERE = Path(__file__).parent


async def main() -> None:
    spec = set_values(load("tp4").spec, ["training.epochs=60"])
    with tempfile.TemporaryDirectory() as folder:
        app = BenchApp(spec, recipe="tp4", runs_dir=Path(folder))
        async with app.run_test(size=(120, 36)) as pilot:
            while app.session.data.prepared is None or app.current_mode != "data":
                await pilot.pause(0.05)
            await pilot.press("3", "space")
            while app.session.check.report is None:
                await pilot.pause(0.05)
            await pilot.press("4", "space")
            while app.session.run is None or len(app.session.run.epochs) < 27:
                await pilot.pause(0.05)
            await pilot.press("space")
            while app.session.run.state != "paused":
                await pilot.pause(0.05)
            await pilot.pause(1)
            svg = app.export_screenshot(title="mlp-tui")
            await pilot.press("x")
            while app.session.run.state != "stopped":
                await pilot.pause(0.05)
    # The picture must not fetch a font from anywhere: the reader's own monospace does.
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code", "ui-monospace, Menlo, DejaVu Sans Mono")
    (HERE / "train.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
