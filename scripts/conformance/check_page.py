"""Checks the page of `summary --html` in headless Chromium, in light and dark, wide and narrow.

usage: check_page.py CHROMIUM PAGE.html FOLDER TEXT...

Every TEXT must be visible on the page. FOLDER receives a screenshot of each form. The exit code is 1 if anything is
wrong: a request for anything but the page, a message on the console, text that is wider than the window or has too
little contrast, or a track outside the map.
"""

import pathlib
import sys

from playwright.sync_api import sync_playwright

SIZES = {"wide": (1280, 900), "narrow": (390, 844)}

# Lowest contrast of text: Web Content Accessibility Guidelines 2.1, success criterion 1.4.3.
LOWEST_CONTRAST = 4.5

# Smallest contrast of each kind of text with what is behind it.
CONTRASTS = """() => {
    const channel = value => { value /= 255; return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; };
    const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const behind = element => {
        for (let here = element; here; here = here.parentElement) {
            const colour = numbers(getComputedStyle(here).backgroundColor);
            if (colour.length < 4 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    const least = {};
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
        if (!own) continue;
        const style = getComputedStyle(element);
        const svg = element.namespaceURI.endsWith("svg");
        if (element.tagName === "title") continue;
        const [front, back] = [light(numbers(svg ? style.fill : style.color)), light(behind(svg ? element.closest("svg") : element))];
        const contrast = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
        const kind = element.tagName + (element.className && !svg ? "." + element.className : "");
        least[kind] = Math.min(least[kind] ?? 99, contrast);
    }
    return least;
}"""

OUTSIDE = """() => [...document.querySelectorAll("svg")].flatMap(svg => {
    const frame = svg.getBoundingClientRect();
    return [...svg.querySelectorAll("polyline, circle, rect")].filter(shape => {
        const box = shape.getBoundingClientRect();
        return box.left < frame.left - 2 || box.right > frame.right + 2 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2;
    }).map(shape => shape.outerHTML.slice(0, 80));
})"""

TOO_WIDE = "() => document.documentElement.scrollWidth - window.innerWidth"


def problems_of(page, form, texts):
    """What is wrong with the page as it is shown now."""
    wide = page.evaluate(TOO_WIDE)
    if wide > 0:
        yield f"{form}: {wide} pixels wider than the window"
    for kind, contrast in page.evaluate(CONTRASTS).items():
        if contrast < LOWEST_CONTRAST:
            yield f"{form}: {kind} has a contrast of {contrast:.2f}"
    for shape in page.evaluate(OUTSIDE):
        yield f"{form}: outside its picture: {shape}"
    for text in texts:
        if not page.get_by_text(text, exact=False).first.is_visible():
            yield f"{form}: {text!r} is not visible"


def main():
    chromium, path, folder, *texts = sys.argv[1:]
    address = pathlib.Path(path).resolve().as_uri()
    problems, backgrounds = [], set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                  "--disable-component-update", "--disable-sync"],
        )
        for scheme in ("light", "dark"):
            for size, (width, height) in SIZES.items():
                form = f"{scheme}-{size}"
                page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": height})
                page.on("request", lambda request: request.url == address or problems.append(f"requests {request.url}"))
                page.on("console", lambda message: problems.append(f"console: {message.text}"))
                page.on("pageerror", lambda error: problems.append(f"error: {error}"))
                page.goto(address)
                problems += problems_of(page, form, texts)
                backgrounds.add((scheme, page.evaluate("() => getComputedStyle(document.body).backgroundColor")))
                page.screenshot(path=f"{folder}/{form}.png", full_page=True)
                page.close()
        browser.close()
    if len({colour for _, colour in backgrounds}) != 2:
        problems.append(f"light and dark are not told apart: {backgrounds}")
    for problem in problems:
        print(f"bad  {problem}")
    print(f"{len(SIZES) * 2} forms of the page, {len(problems)} bad")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
