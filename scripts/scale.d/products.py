"""The independent check of a campaign's products."""

import hashlib
import re
from pathlib import Path

from checks import check, ok

DATA, METADATA = ".nc", ".nc.meta.xml"


def published(names: set[str], granules: list[dict]) -> list[str]:
    """Stems of those granules whose metadata, the mark of a complete product, are there."""
    return [granule["output"] for granule in granules if granule["output"] + METADATA in names]


def facts(store, granules: list[dict], reference: Path):
    """Yields what must be true of OUTPUT, whether it is, and what was found."""
    names = store.names()
    expected = {granule["output"] + ending for granule in granules for ending in (DATA, METADATA)}
    others = {name for name in names if not name.startswith("_reports/")} - expected
    yield (
        f"{len(granules)} granules have one data file and one metadata file each, and nothing else is in OUTPUT",
        expected <= names and not others,
        f"missing {sorted(expected - names)[:5]}, too many {sorted(others)[:5]}",
    )
    unfinished = store.unfinished()
    if unfinished is not None:
        yield "no upload is left unfinished", not unfinished, unfinished
    differing, wrong, checksums = [], [], set()
    for granule in granules:
        data, metadata = (store.read(granule["output"] + ending) for ending in (DATA, METADATA))
        made = [(reference / (granule["output"] + ending)).read_bytes() for ending in (DATA, METADATA)]
        if [data, metadata] != made:
            differing.append(granule["output"])
        checksum = hashlib.sha256(data).hexdigest()
        checksums.add(checksum)
        stated = re.search(rb"<Checksum>\s*<Value>([0-9a-f]{64})</Value>", metadata)
        if stated is None or stated[1].decode() != checksum:
            wrong.append(granule["output"])
    yield "data and metadata have the bytes of a run of one machine", not differing, differing[:5]
    yield "each metadata file states the SHA-256 of its data file", not wrong, wrong[:5]
    yield "no two products are equal", len(checksums) == len(granules), len(checksums)


def check_products(part: str, store, granules: list[dict], reference: Path) -> None:
    for what, holds, found in facts(store, granules, reference):
        check(part, what, holds, found)


def check_products_briefly(part: str, name: str, store, granules: list[dict], reference: Path) -> None:
    """The same as one line, unless something is wrong."""
    for what, holds, found in facts(store, granules, reference):
        if not holds:
            check(part, f"{name}: {what}", holds, found)
    ok(part, f"{name}: {len(granules)} products, complete and of the bytes of a run of one machine")
