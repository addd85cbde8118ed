"""Runs the examples of Markdown pages on the committed samples: reading.py PAGE...

Every block marked `python` or `bash` is run, in order, in a folder with a copy of `data`, as if it were pasted in a
clone of the repository. Python blocks under one heading share their names, so that a page may explain a program in
steps. Their warnings are errors, except those of libraries about their own future. A block marked `text` right after
another must be the output of that block. Blocks marked `sh` or `console` are not run.

A `bash` block that starts with a program of OPTIONAL is skipped if the program is missing, and listed in the last
line.
"""

import contextlib
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
import warnings

os.environ["MPLBACKEND"] = "Agg"

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Programs that only these pages use, so scripts/setup does not install them.
OPTIONAL = {"cdo"}
HEADING = re.compile(r"^#+ .*$", re.MULTILINE)


class Failed(Exception):
    """An example does not do what its page states."""


def examples(text):
    """Each block to run: line, section, language, code, and expected output (None if not stated)."""
    blocks = [(match.start(), match.end(), match[1], match[2]) for match in FENCE.finditer(text)]
    headings = [match.start() for match in HEADING.finditer(text)]
    for index, (start, end, language, code) in enumerate(blocks):
        if language not in ("python", "bash"):
            continue
        following = blocks[index + 1] if index + 1 < len(blocks) else None
        printed = None
        if following and following[2] == "text" and not text[end : following[0]].strip():
            printed = following[3]
        section = sum(heading < start for heading in headings)
        yield text.count("\n", 0, start) + 1, section, language, code, printed


def run_python(code, names, place):
    """Runs a block and returns its output; open figures are drawn, as on a reader's screen."""
    printed = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(printed):
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            exec(compile(code, place, "exec"), names)  # noqa: S102: the page is ours
            draw_figures()
        except Failed:
            raise
        except Exception as error:
            raise Failed(traceback.format_exc()) from error
    return printed.getvalue()


def draw_figures():
    """Draws and closes all open figures of matplotlib; an empty figure is an error."""
    if "matplotlib.pyplot" not in sys.modules:
        return
    plt = sys.modules["matplotlib.pyplot"]
    for number in plt.get_fignums():
        figure = plt.figure(number)
        figure.canvas.draw()
        if not any(axes.has_data() for axes in figure.axes):
            raise Failed("the figure is empty")
    plt.close("all")


def run_bash(code):
    """Runs a block and returns its standard output."""
    result = subprocess.run(["bash", "-euo", "pipefail", "-c", code], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise Failed(f"exit code {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def run_page(page, skipped):
    """Runs the examples of a page in the current folder and returns their number."""
    names, current, count = {}, None, 0
    for line, section, language, code, expected in examples(page.read_text()):
        place = f"{page.name}:{line}"
        if language == "bash":
            program = code.split()[0]
            if program in OPTIONAL and shutil.which(program) is None:
                skipped.append(f"{place} ({program} is not installed)")
                continue
        if section != current:
            names, current = {"__name__": "__main__"}, section
        try:
            printed = run_bash(code) if language == "bash" else run_python(code, names, place)
        except Failed as error:
            raise Failed(f"{place}: {error}") from error
        if expected is not None and printed != expected:
            raise Failed(f"{place}: prints\n{printed}where the page says\n{expected}")
        count += 1
    return count


def main(pages):
    """Runs all pages; returns the exit code."""
    root = pathlib.Path(__file__).resolve().parents[2]
    skipped, count = [], 0
    pages = [pathlib.Path(page).resolve() for page in pages]
    for page in pages:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            shutil.copytree(root / "data", "data")
            try:
                count += run_page(page, skipped)
            except Failed as error:
                print(error, file=sys.stderr)
                return 1
    if not count:
        print("no example found", file=sys.stderr)
        return 1
    print(f"{count} examples of {len(pages)} pages run" + "".join(f"; skipped {example}" for example in skipped))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
