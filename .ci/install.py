"""Install the locked dependencies into the environment that runs this, then the project itself as it stands.

uv is fast but does not read pip's settings: where a machine keeps its package index there, they are translated. What
uv can't do on a machine, pip does.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = "requirements-dev.lock"
TRANSLATIONS = {  # pip's setting: uv's variable, and what stands between several values
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "no-index": ("UV_NO_INDEX", " "),
    "cert": ("SSL_CERT_FILE", " "),
}
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def pip_settings() -> dict[str, str]:
    """What pip has been told on this machine, by name; the environment counts more than files."""
    listed = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=True).stdout
    pairs = [line.partition("=") for line in listed.splitlines()]
    by_weight = sorted(pairs, key=lambda pair: pair[0].startswith(":env:"))
    return {key.rpartition(".")[2]: value.strip("'\"") for key, _, value in by_weight}


def uv_environment() -> dict[str, str]:
    """The environment in which uv finds the index that pip would use."""
    translated = {"UV_SYSTEM_CERTS": "1", "UV_INDEX_STRATEGY": "unsafe-best-match"}  # hashes decide, not the index
    for name, value in pip_settings().items():
        if name in TRANSLATIONS:
            variable, separator = TRANSLATIONS[name]
            translated[variable] = separator.join(value.replace("\\n", " ").split())
    return {**translated, **os.environ}


def uv(*arguments: str) -> bool:
    """Run uv; whether it worked."""
    command = [sys.executable, "-m", "uv", "pip", *arguments, "--python", sys.executable]
    return subprocess.run(command, cwd=ROOT, env=uv_environment(), check=False).returncode == 0


def pip(*arguments: str) -> None:
    """Run pip; ends with its error when it fails."""
    subprocess.run([*PIP, *arguments], cwd=ROOT, check=True)


def main() -> None:
    """Fetch uv, install what is locked, then the project."""
    has_uv = subprocess.run([*PIP, "install", "--quiet", "uv"], check=False).returncode == 0
    if not (has_uv and uv("sync", "--quiet", "--require-hashes", LOCK)):
        print("uv could not install the dependencies; pip does, which takes longer.", flush=True)
        pip("install", "--quiet", "--require-hashes", "-r", LOCK)
    if not (has_uv and uv("install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")):
        pip("install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
