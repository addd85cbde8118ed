"""Compares the documents with the programs and with each other: check_documents.py PROGRAM...

- docs/options.md has the options, values, defaults, choices and variables of every program's --help, and no others;
- docs/environment.md has every variable in --help or in the sources;
- docs/exit-codes.md has the exit codes of --help in the same order of precedence, and is the only page with such a table;
- every relative link of a Markdown page leads to a file and a heading that exist, and every `scripts/…` exists.

Prose is not compared. The exit code is 1 if anything is wrong.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Variables for tests, which are not documented for users.
FOR_TESTS = {"CUMULUS_TEST_FAULTS"}
# Min number of variables in the sources; fewer mean that the search looks in the wrong place.
FEWEST_VARIABLES = 25


def pages():
    """All Markdown pages, except the generated ones in data/test-output."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "data").rglob("*.md")]
    return sorted(page for page in found if "test-output" not in page.parts)


def help_options(text):
    """Options of `--help`: name to value name, default, choices and variable."""
    options = {}
    head = re.compile(r"^ +(?:-\w, )?--([a-z-]+)(?: <([^>]+)>)?$", re.MULTILINE)
    text = text[text.index("\nInput:") : text.index("\nCommands:")]
    heads = list(head.finditer(text))
    for match, following in zip(heads, [*heads[1:], None]):
        body = text[match.end() : following.start() if following else len(text)]
        default = re.search(r"\[default: ([^]]*)\]", body)
        variable = re.search(r"\[env: (\w+)=", body)
        options[match[1]] = {
            "value": match[2],
            "default": default and " ".join(default[1].split()),
            "choices": set(re.findall(r"^ +- ([\w-]+):", body, re.MULTILINE)),
            "environment": variable and variable[1],
        }
    return options


def tables(text):
    """Rows of a page's tables, as dictionaries by column name."""
    header = None
    for line in text.splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            header = None
        elif header is None:
            header = cells
        elif set("".join(cells)) - set("-: "):
            yield dict(zip(header, cells))


def check_options(page, options):
    """Differences between docs/options.md and the options of one program."""
    documented = {}
    for row in tables(page):
        match = re.search(r"`--([a-z-]+)(?: <([^>]+)>)?`", row.get("option", ""))
        if match:
            documented[match[1]] = (match[2], row)
    for name in sorted(documented.keys() ^ options.keys()):
        where = "docs/options.md" if name in options else "--help"
        yield f"--{name} is missing in {where}"
    for name in sorted(documented.keys() & options.keys()):
        value, row = documented[name]
        wanted = options[name]
        if value != wanted["value"]:
            yield f"--{name}: the value is {value} in docs/options.md and {wanted['value']} in --help"
        default = row.get("default", "").strip("`")
        if wanted["default"] and not default.startswith(wanted["default"]):
            yield f"--{name}: the default is {default!r} in docs/options.md and {wanted['default']!r} in --help"
        variable = row.get("environment", "").strip("`") or None
        if variable != wanted["environment"]:
            yield f"--{name}: the variable is {variable} in docs/options.md and {wanted['environment']} in --help"
        for choice in sorted(wanted["choices"]):
            if f"`{choice}`" not in row["meaning"]:
                yield f"--{name}: docs/options.md lacks the choice `{choice}`"


# Variables that libraries read: anstream those of colours, object_store those of credentials.
OF_LIBRARIES = {
    *("NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"),
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    *("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "AWS_REQUEST_PAYER", "AWS_SKIP_SIGNATURE"),
}


def source_variables():
    """Variables that the sources and libraries read."""
    names = set(OF_LIBRARIES)
    for source in ROOT.glob("crates/*/src/**/*.rs"):
        text = source.read_text()
        names.update(re.findall(r'env = "(\w+)"', text))
        names.update(re.findall(r'"(SPLUNK_[A-Z_]*[A-Z])"', text))
        if source.name == "clients.rs":
            names.update(re.findall(r'"(AWS_[A-Z_0-9]+)"', text))
        if source.name in ("environment.rs", "shard.rs"):
            names.update(name for name in re.findall(r'"([A-Z][A-Z_]{4,})"', text) if source.name != "shard.rs" or "_" in name)
    return names - FOR_TESTS


def check_environment(page, names):
    """Errors in docs/environment.md."""
    documented = set()
    for row in tables(page):
        documented.update(re.findall(r"`([A-Z_0-9]+)`", row.get("variable", "")))
    if len(names) < FEWEST_VARIABLES:
        yield f"only {len(names)} variables were found in the sources; check_documents.py looks in the wrong place"
    for name in sorted(documented ^ names):
        where = "docs/environment.md" if name in names else "the sources"
        yield f"{name} is missing in {where}"


def check_exit_codes(page, text):
    """Differences between docs/exit-codes.md and one program's --help."""
    section = text[text.index("\nExit codes:") :].split("\n\n")[0]
    wanted = re.findall(r"^ +(\d+) ", section, re.MULTILINE)
    documented = [row["code"] for row in tables(page) if "code" in row]
    if documented != wanted:
        yield f"docs/exit-codes.md has {documented} and --help has {wanted}"
    order = re.search(r"When several apply: ([\d, ]+)", section)[1].strip(", ")
    if order not in page:
        yield f"docs/exit-codes.md has not the order {order} of --help"


def slug(heading):
    """The anchor that GitHub creates for a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def check_links(page):
    """Links and scripts of a page that do not exist."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            yield f"{page.relative_to(ROOT)}: {target} does not exist"
        elif anchor and anchor not in map(slug, re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)):
            yield f"{page.relative_to(ROOT)}: {target} has no such heading"
    for script in re.findall(r"`(scripts/[\w./-]+)", text):
        if not (ROOT / script).exists():
            yield f"{page.relative_to(ROOT)}: {script} does not exist"


def main(programs):
    """Runs all checks; returns the exit code."""
    read = {name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("options", "environment", "exit-codes")}
    problems, variables = [], source_variables()
    for program in programs:
        text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
        name = pathlib.Path(program).name
        found = [*check_options(read["options"], help_options(text)), *check_exit_codes(read["exit-codes"], text)]
        problems += [f"{name}: {problem}" for problem in found]
        variables |= set(re.findall(r"\[env: (\w+)=", text))
    problems += check_environment(read["environment"], variables)
    for page in pages():
        problems += check_links(page)
        codes = [row for row in tables(page.read_text()) if row.get("code") == "65"]
        if codes and page.name != "exit-codes.md":
            problems.append(f"{page.relative_to(ROOT)}: a second table of exit codes; link to docs/exit-codes.md")
    print("\n".join(problems) or f"{len(pages())} pages agree with {len(programs)} programs and with each other")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
