"""Find a Chromium for the browser tests, or get one: Debian's package as root, else Playwright's own.

Ends well either way: without one, the browser tests fail with the sentence that says what to install.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright


def playwrights_own() -> Path:
    """Where Playwright's Chromium lies, or would."""
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def install_debians() -> None:
    """Only root may, and only where there is apt-get."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]):
        run(command, environment)


def install_playwrights() -> None:
    """Into the user's cache."""
    run([sys.executable, "-m", "playwright", "install", "chromium"], dict(os.environ))


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run it out of sight; what it said is shown when it fails."""
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        print(f"{' '.join(command)}: {done.stderr.strip()[-400:]}", file=sys.stderr)


def main() -> None:
    """Stop at the first way that works."""
    for install in (install_debians, install_playwrights):
        if shutil.which("chromium") or playwrights_own().exists():
            return
        print("No Chromium here; getting one for the browser tests ...", flush=True)
        install()


if __name__ == "__main__":
    main()
