"""One process of buyers who all press the button at once: `python -m tests.performance.seat_race`.

Reads one line of JSON ({"buyers": [{"path", "body"}]}), says "ready", waits for a second line, and then lets
each buyer, in a thread and with a database connection of their own, hold the places and order what they got.
Writes what they were told.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "theater_site.settings")
    import django

    django.setup()
    from django.db import connection
    from django.test import Client

    buyers = json.loads(sys.stdin.readline())["buyers"]
    answers: list[Any] = [None] * len(buyers)
    start = threading.Barrier(len(buyers) + 1)

    def post(browser: Client, path: str, body: Any) -> Any:
        return browser.post(path, body, content_type="application/json")

    def buy(place: int) -> None:
        browser = Client(raise_request_exception=False, SERVER_NAME="localhost")
        start.wait()
        try:
            held = post(browser, buyers[place]["path"], buyers[place]["body"])
            told = {"status": held.status_code, "answer": held.json()}
            if held.status_code == 201:
                person = {"buyer_name": f"Buyer {place}", "buyer_email": "buyer@home.example"}
                ordered = post(browser, "/api/v1/orders/", {"hold": held.json()["token"], **person})
                told["order"] = {"status": ordered.status_code, "answer": ordered.json()}
            answers[place] = told
        finally:
            connection.close()

    threads = [threading.Thread(target=buy, args=(place,)) for place in range(len(buyers))]
    for thread in threads:
        thread.start()
    # Loads the addresses and the views, which the buyers shall not wait for.
    Client(SERVER_NAME="localhost").get(f"/api/v1/orders/by-reference/{'0' * 24}/")
    connection.close()
    print("ready", flush=True)
    sys.stdin.readline()
    start.wait()
    for thread in threads:
        thread.join()
    print(json.dumps(answers), flush=True)


if __name__ == "__main__":
    main()
