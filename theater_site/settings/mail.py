"""Mail, and the website's pages that mails link to."""

from __future__ import annotations

from typing import Any

from theater_site.settings.environment import env

SITE_NAME = env.str("SITE_NAME", "Theater")
EMAIL_TIMEOUT = 30  # seconds; without it, a mail server that does not answer blocks a request or the worker forever
vars().update(env.email_url("EMAIL_URL", "consolemail://"))
if env.str("EMAIL_BACKEND", ""):
    # The backends of django-anymail can send without an entry in INSTALLED_APPS.
    EMAIL_BACKEND = env.str("EMAIL_BACKEND")
ANYMAIL: dict[str, Any] = env.json("ANYMAIL", {})
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "theater@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

FRONTEND_URL = env.str("FRONTEND_URL", "http://127.0.0.1:3000").rstrip("/")
API_URL = env.str("API_URL", "").rstrip("/") or FRONTEND_URL
# The website's pages that mails and responses link to. A template is a path below FRONTEND_URL or a full URL.
FRONTEND_URLS: dict[str, str] = {
    "sign_in": "/sign-in",
    "sign_up": "/sign-up",
    "confirm_email": "/confirm-email/{key}",
    "reset_password": "/reset-password",
    "reset_password_with_key": "/reset-password/{key}",
    "security": "/account/security",
    "submission": "/submissions/{id}",
    "section": "/sections/{id}",
    "notifications": "/account/notifications",
    "invitation": "/invitations/{key}",
    "season": "/seasons/{slug}",
    "production": "/productions/{slug}",
    "person": "/people/{slug}",
    "event": "/events/{id}",
    "call": "/calls/{id}",
    "order": "/orders/{reference}",
    "waiting_list": "/waiting-list/{key}",
    **env.json("FRONTEND_URLS", {}),
}
FRONTEND_URLS = {
    name: url if "://" in url else f"{FRONTEND_URL}/{url.lstrip('/')}" for name, url in FRONTEND_URLS.items()
}
