# SPDX-License-Identifier: Apache-2.0
"""What the page's test, its long test and tools/screenshots share: the program behind the page, a
headless Chromium that reaches nothing but this host, and waiting."""

import base64
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

BUILD = os.environ.get("top_builddir", "build")
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"


def skip(reason):
    """As tests/harness.h has it."""
    if os.environ.get("GYRE_TEST_NO_SKIP") == "1":
        print(f"skipped, but GYRE_TEST_NO_SKIP=1: {reason}")
        sys.exit(1)
    print(f"SKIP: {reason}")
    sys.exit(77)


try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
except ImportError:
    skip("no selenium for python3: package python3-selenium")
for path in (CHROMIUM, DRIVER):
    if not os.access(path, os.X_OK):
        skip(f"no {path}: packages chromium and chromium-driver")


def until(seconds, what, fn):
    """Waits for fn() to give something true, and gives that."""
    end = time.monotonic() + seconds
    while True:
        value = fn()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Program:
    """tests/control/page_program: see there for what may be said to it."""

    def __init__(self, port=0):
        path = os.path.join(BUILD, "tests/control/page_program")
        self.process = subprocess.Popen([path, str(port)], text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.port = int(self.expect("port "))

    def expect(self, start):
        line = self.process.stdout.readline()
        assert line.startswith(start), f"the program says {line!r}, not {start!r}"
        return line[len(start):].strip()

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def api(self, method, **params):
        query = urllib.parse.urlencode(params)
        url = f"http://127.0.0.1:{self.port}/api/{method}?{query}"
        with urllib.request.urlopen(url, timeout=20) as response:
            return json.load(response)

    def rss(self):
        """Bytes of memory that the server has."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def end(self):
        """It closes its account of packets, or this fails; gives what it says of that."""
        said, _ = self.process.communicate("quit\n", timeout=60)
        assert self.process.returncode == 0, f"exit status {self.process.returncode}: {said}"
        return said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def browser():
    options = Options()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(prefix="gyre-page.") as profile:
        for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
                     "disable-background-networking", "disable-component-update", "disable-sync",
                     "disable-dev-shm-usage", "no-proxy-server", "hide-scrollbars",
                     "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                     "js-flags=--expose-gc", f"user-data-dir={profile}"):
            options.add_argument("--" + flag)
        driver = webdriver.Chrome(service=Service(DRIVER), options=options)
        try:
            driver.set_script_timeout(30)
            driver.set_page_load_timeout(60)
            # Whether a window without a screen has the focus is not the same everywhere.
            driver.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
            yield driver
        finally:
            driver.quit()


def emulate(driver, width, height, scheme, motion="no-preference"):
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": motion}]})


def screenshot(driver, path):
    png = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    with open(path, "wb") as file:
        file.write(base64.b64decode(png["data"]))


def text(driver, selector):
    return driver.execute_script(
        "const found = document.querySelector(arguments[0]); return found && found.textContent",
        selector)


def rows(driver, table):
    """The texts of a table's cells, row by row, as they are at one moment."""
    return driver.execute_script("""return [...document.querySelectorAll(arguments[0])].map((row) =>
        [...row.children].map((cell) => cell.textContent))""", f"#{table} tbody tr")


def live(driver, seconds=30):
    until(seconds, "the page says that it is live",
          lambda: text(driver, "#status-text") == "Live")
