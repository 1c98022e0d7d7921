"""The server that `manage.py demo` starts: gunicorn with threads."""

from __future__ import annotations

from typing import Any

from gunicorn.app.base import BaseApplication


class Server(BaseApplication):
    """Serves the site on `bind`, such as "127.0.0.1:8000", until SIGTERM or Ctrl-C."""

    def __init__(self, bind: str, *, workers: int = 2, threads: int = 8, quiet: bool = False) -> None:
        self._options = {
            "bind": bind,
            "workers": workers,
            "threads": threads,
            "worker_class": "gthread",
            "timeout": 60,
            "graceful_timeout": 20,
            "loglevel": "warning" if quiet else "info",
            # Limits on the size of request headers, so that a caller cannot exhaust the memory.
            "limit_request_line": 8190,
            "limit_request_fields": 60,
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from django.core.wsgi import get_wsgi_application

        return get_wsgi_application()
