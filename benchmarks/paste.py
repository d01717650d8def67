"""How soon the browser answers a paste, on a processor six times as slow, in real Chromium.

    python benchmarks/paste.py [--slower N]

Measured in the page, from the paste to the first answer (what is found is said and marked) and to the entries beside
it: where nothing has been read yet, as on the front page, and where the data are there, as on /identify/. The site is
built for it and served from this machine, so no network is in the figures.
"""

import argparse
import functools
import http.server
import statistics
import tempfile
import threading
from pathlib import Path

from measure import machine, verdict
from playwright.sync_api import Browser, sync_playwright

import errbook
from errbook_site import build

RUNS = 7
GOAL = 0.5
TEXT = (
    "2026-01-02T12:00:01.123Z ERROR [worker-3] shop.orders: order 4711 could not be saved\n"
    + "".join(f'  File "/srv/shop/orders/{name}.py", line {7 * at + 11}, in {name}\n    return self.next({name})\n'
              for at, name in enumerate(("view", "form", "save", "store", "session", "connection", "cursor", "query")))
    + "pymysql.err.IntegrityError: (1062, \"Duplicate entry 'ada@example.com' for key 'users.email'\")\n"
)  # fmt: skip
_PASTE = """
async (text) => {
  const box = document.querySelector("[data-eb-paste]");
  const input = box.querySelector("textarea"), said = box.querySelector("[data-eb-said]");
  const list = box.querySelector("[data-eb-identified]");
  const until = (done) => new Promise((resolve) => {
    const look = () => done() && (watch.disconnect(), resolve(performance.now()));
    const watch = new MutationObserver(look);
    watch.observe(box, { childList: true, subtree: true, characterData: true });
    look();
  });
  const start = performance.now();
  input.focus();
  input.value = text;
  input.dispatchEvent(new InputEvent("input", { inputType: "insertFromPaste" }));
  const [first, whole] = await Promise.all([until(() => said.textContent), until(() => list.children.length)]);
  return [(first - start) / 1000, (whole - start) / 1000];
}
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--slower", type=int, default=6, metavar="N", help="default: %(default)s")
    slower = parser.parse_args().slower
    print(machine())
    with tempfile.TemporaryDirectory(prefix="errbook-benchmark-") as folder:
        with errbook.open() as knowledge:
            build.run(knowledge, Path(folder))
        handler = functools.partial(_Quiet, directory=folder)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
            for path, known in (("/", "nothing read before"), ("/identify/", "data read before")):
                address = f"http://127.0.0.1:{server.server_port}{path}"
                each = [paste(browser, address, slower, path != "/") for _ in range(RUNS)]
                first, whole = (statistics.median(values) for values in zip(*each, strict=True))
                print(verdict(f"{len(TEXT)} characters, {known}, CPU {slower}x slower: first answer, s", first, GOAL))
                print(f"  with the entries beside it: {whole:.2f} s")
            browser.close()
            server.shutdown()


def paste(browser: Browser, address: str, slower: int, ready: bool) -> tuple[float, float]:
    """Paste into a page that was never open before; return seconds until the first answer and until the entries."""
    page = browser.new_page()
    try:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        if ready:
            page.evaluate("async () => { await ebIdentify.load('../'); }")
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
        first, whole = page.evaluate(_PASTE, TEXT)
        return float(first), float(whole)
    finally:
        page.close()


if __name__ == "__main__":
    main()
