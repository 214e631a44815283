"""The package as its users get it: a wheel, installed where nothing of this checkout can be imported."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build(folder: Path) -> Path:
    """Build the wheel from this checkout, without the network; return where it is."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    (built,) = folder.glob("*.whl")
    return built


def install(wheel: Path, folder: Path) -> str:
    """Make a new environment with the wheel, to which this one lends the dependencies; return its Python."""
    venv.create(folder)
    paths = sysconfig.get_paths("venv", vars={"base": str(folder), "platbase": str(folder)})
    site = Path(paths["purelib"])
    # A wheel of pure Python is installed by unpacking it.
    zipfile.ZipFile(wheel).extractall(site)
    (site / "lent.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return str(Path(paths["scripts"]) / "python")
