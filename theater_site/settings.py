"""Settings, read from the environment (or from a file `.env` beside manage.py; the environment wins).

Variable               Default                    Meaning
---------------------  -------------------------  ------------------------------------------------------------
THEATER_MODE           development                development or production; production refuses to start
                                                  unless the variables marked * are set
DEBUG                  no                         HTML error pages with local values; refused in production
SECRET_KEY *           made, kept in VAR_DIR      signs sessions and password-reset links
FIELD_KEYS *           made, kept in VAR_DIR      Fernet keys of personal values, comma-separated: the first
                                                  encrypts, all decrypt
INDEX_KEY *            made, kept in VAR_DIR      keys the blind indexes; at least 32 characters; outlives
                                                  rotations of FIELD_KEYS
AUDIT_SIGNING_KEY *    made, kept in VAR_DIR      signs the audit log's checkpoints: 32 bytes, url-safe base64;
                                                  comma-separated: the first signs, all are believed
ALLOWED_HOSTS *        localhost,127.0.0.1,[::1]  host names that this server answers to, comma-separated
VAR_DIR                var beside manage.py       database, cache, uploads and development keys
DATABASE_URL           sqlite: VAR_DIR/theater.sqlite3   or postgres://user:password@host:5432/name
DATABASE_POOL_MIN      2                          PostgreSQL connections that each process keeps open
DATABASE_POOL_MAX      8                          ... and at most
CACHE_URL              files: VAR_DIR/cache       must be shared by all processes (rate limits live there);
                                                  redis://host:6379/0 for several machines (needs redis-py)
API_URL                FRONTEND_URL               where programs reach this API from outside; mail programs
                                                  unsubscribe there (RFC 8058 wants https)
EMAIL_URL *            consolemail://             smtp+tls://user:password@host:587 and the like
EMAIL_BACKEND          (what EMAIL_URL names)     another Django mail backend, such as one of django-anymail
                                                  (to be installed beside this; its settings are ANYMAIL)
ANYMAIL                {}                         JSON for django-anymail: its keys and options
DEFAULT_FROM_EMAIL *   theater@localhost          sender of all mail
SITE_NAME              Theater                    names the organization in mails and authenticator apps
FRONTEND_URL *         http://127.0.0.1:3000      where the website lives; what FRONTEND_URLS is relative to
FRONTEND_URLS          {}                         JSON that replaces single URL templates, see below
CORS_ORIGINS           FRONTEND_URL               websites whose pages may call this API, comma-separated
STORAGE_BUCKET         (empty: VAR_DIR/media)     keeps uploads on S3 (install with the extra `s3`)
STORAGE_ENDPOINT_URL   (empty: AWS)               another S3-compatible service
STORAGE_REGION         (empty)                    its region
STORAGE_ACCESS_KEY     (empty: the usual AWS ways)  its credentials
STORAGE_SECRET_KEY     (empty)
TRUSTED_PROXIES        0                          how many reverse proxies in front are believed
                                                  (X-Forwarded-For, X-Forwarded-Proto)
SSL_REDIRECT           yes in production          send http requests to https
HSTS_SECONDS           31536000 in production     how long browsers insist on https
SESSION_DAYS           14                         life of a sign-in
REQUIRE_SECOND_FACTOR  yes in production          what sensitive roles give is held only in sessions signed in to
                                                  with a second factor
UPLOAD_MAX_MB          200                        largest file taken by one upload
THROTTLE_ANON          600/min                    requests from one address, not signed in; empty: no limit
THROTTLE_USER          2400/min                   requests of one user; empty: no limit
LOG_LEVEL              INFO
LOG_FORMAT             lines; json in production  to stderr
TIME_ZONE              UTC                        zone given to new users
HOLD_MINUTES           10                         minutes that a hold keeps seats before they are ordered
PAYMENT_MINUTES        1440                       minutes until an unpaid order expires
WAITING_LIST_HOURS     24                         hours that free seats are held for somebody on the waiting list
UNPAID_SEATS_PER_ADDRESS  40                      held and unpaid seats, and free seats, of one network address; 0: no limit
UNPAID_SEATS_PER_EMAIL  20                        unpaid seats, and free seats, of one e-mail address; 0: no limit
APPROVAL_REMINDER_DAYS  2,5,10                    after how many days people are reminded of what is pending for them
MOCK_AUTHENTICATION    no                         believe X-Mock-User and X-Mock-Role; never in production
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ  # type: ignore[import-untyped]
from corsheaders.defaults import default_headers
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

THEATER_MODE = env.str("THEATER_MODE", "development")
if THEATER_MODE not in ("development", "production"):
    raise ImproperlyConfigured(f"THEATER_MODE is {THEATER_MODE!r}; it must be development or production.")
PRODUCTION = THEATER_MODE == "production"
# Off in development too: with it, errors are HTML pages instead of the problem JSON that clients will meet.
DEBUG = env.bool("DEBUG", False)
HOLD_MINUTES = env.int("HOLD_MINUTES", 10)
PAYMENT_MINUTES = env.int("PAYMENT_MINUTES", 1440)
WAITING_LIST_HOURS = env.int("WAITING_LIST_HOURS", 24)
UNPAID_SEATS_PER_ADDRESS = env.int("UNPAID_SEATS_PER_ADDRESS", 40)
UNPAID_SEATS_PER_EMAIL = env.int("UNPAID_SEATS_PER_EMAIL", 20)
APPROVAL_REMINDER_DAYS = sorted({int(days) for days in env.list("APPROVAL_REMINDER_DAYS", default=["2", "5", "10"])})
if any(not 1 <= days <= 1000 for days in APPROVAL_REMINDER_DAYS):
    raise ImproperlyConfigured("APPROVAL_REMINDER_DAYS takes numbers from 1 to 1000, comma-separated.")
MOCK_AUTHENTICATION = env.bool("MOCK_AUTHENTICATION", False)

VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).resolve()

# --- Secrets ------------------------------------------------------------------------------------------------


_SECRETS = ("SECRET_KEY", "FIELD_KEYS", "INDEX_KEY", "AUDIT_SIGNING_KEY")


def _development_keys(path: Path) -> dict[str, str]:
    """Keys of this checkout, made once. Linked into place, so that processes that start together agree."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = {
            "SECRET_KEY": secrets.token_urlsafe(64),
            "FIELD_KEYS": Fernet.generate_key().decode(),
            "INDEX_KEY": secrets.token_urlsafe(48),
            "AUDIT_SIGNING_KEY": Fernet.generate_key().decode(),
        }
        handle, name = tempfile.mkstemp(dir=path.parent)  # readable by the owner only
        with os.fdopen(handle, "w") as file:
            json.dump(made, file, indent=2)
        try:
            os.link(name, path)
        except FileExistsError:
            pass
        finally:
            Path(name).unlink()
    kept: dict[str, str] = json.loads(path.read_text())
    # A file that an earlier version made does not have this one.
    kept.setdefault(
        "AUDIT_SIGNING_KEY",
        base64.urlsafe_b64encode(hashlib.sha256(b"audit signing key:" + kept["SECRET_KEY"].encode()).digest()).decode(),
    )
    return kept


def _problems_of_production() -> list[str]:
    needed = (*_SECRETS, "ALLOWED_HOSTS", "EMAIL_URL", "DEFAULT_FROM_EMAIL", "FRONTEND_URL")
    problems = [f"{name} is not set" for name in needed if not env.str(name, "").strip()]
    if DEBUG:
        problems.append("DEBUG is on")
    return problems


def _problems_of_keys() -> list[str]:
    problems = []
    for position, key in enumerate(FIELD_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            problems.append(f"FIELD_KEYS: key {position} is not a Fernet key (32 bytes, url-safe base64)")
    if len(INDEX_KEY) < 32:
        problems.append("INDEX_KEY is shorter than 32 characters")
    for position, key in enumerate(AUDIT_SIGNING_KEYS, start=1):
        try:
            usable = len(base64.urlsafe_b64decode(key)) == 32
        except ValueError:
            usable = False
        if not usable:
            problems.append(f"AUDIT_SIGNING_KEY: key {position} is not 32 bytes in url-safe base64")
    return problems


if PRODUCTION:
    if _problems := _problems_of_production():
        raise ImproperlyConfigured("Production cannot start: " + "; ".join(_problems) + ".")
    _kept: dict[str, str] = {}
elif all(env.str(name, "") for name in _SECRETS):
    _kept = {}
else:
    _kept = _development_keys(VAR_DIR / "keys.json")

SECRET_KEY = env.str("SECRET_KEY", "") or _kept["SECRET_KEY"]
_field_keys = env.str("FIELD_KEYS", "") or _kept["FIELD_KEYS"]
FIELD_KEYS = [key.strip() for key in _field_keys.split(",") if key.strip()]
INDEX_KEY = env.str("INDEX_KEY", "") or _kept["INDEX_KEY"]
_signing_keys = env.str("AUDIT_SIGNING_KEY", "") or _kept["AUDIT_SIGNING_KEY"]
AUDIT_SIGNING_KEYS = [key.strip() for key in _signing_keys.split(",") if key.strip()]
if _problems := _problems_of_keys():
    raise ImproperlyConfigured("Keys that cannot be used: " + "; ".join(_problems) + ".")

# --- Applications -------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "allauth.usersessions",
    "rest_framework",
    "django_filters",
    "corsheaders",
    "drf_spectacular",
    "theater_site.core",
    "accounts",
    "productions",
    "directory",
    "scheduling",
    "ticketing",
    "media_library",
    "theater_site",
]

MIDDLEWARE = [
    "theater_site.core.logs.RequestId",
    "theater_site.api.network.NetworkAddress",
    "corsheaders.middleware.CorsMiddleware",
    "theater_site.api.routing.SlashAtTheEnd",
    "theater_site.api.sign_in_problems.SignInProblems",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "theater_site.urls"
WSGI_APPLICATION = "theater_site.wsgi.application"
TEMPLATES: list[dict[str, Any]] = []
# One address a thing. A redirect would turn a POST with a forgotten slash into a GET.
APPEND_SLASH = False

# --- Database -----------------------------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": env.db_url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'theater.sqlite3'}")}
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    if _database["NAME"] != ":memory:":
        Path(_database["NAME"]).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # IMMEDIATE: a transaction that reads and then writes waits its turn instead of failing when it writes.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
    }
else:
    _database["CONN_MAX_AGE"] = 0  # the pool keeps connections, Django must not
    _database["CONN_HEALTH_CHECKS"] = True
    _database["OPTIONS"] = {
        **_database.get("OPTIONS", {}),
        "pool": {"min_size": env.int("DATABASE_POOL_MIN", 2), "max_size": env.int("DATABASE_POOL_MAX", 8)},
    }

# --- Cache --------------------------------------------------------------------------------------------------
# Files by default, because a cache in the database would take SQLite's one writer.
CACHES = {"default": env.cache_url("CACHE_URL", f"filecache://{VAR_DIR / 'cache'}")}
if CACHES["default"]["BACKEND"].endswith("FileBasedCache"):
    # Django's default of 300 entries drops others at random, rate limits among them.
    CACHES["default"]["OPTIONS"] = {"MAX_ENTRIES": 10_000}

# --- Files --------------------------------------------------------------------------------------------------

MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"
STORAGE_BUCKET = env.str("STORAGE_BUCKET", "")
if STORAGE_BUCKET:
    if importlib.util.find_spec("storages") is None:
        raise ImproperlyConfigured("STORAGE_BUCKET is set; install the extra `s3` (django-storages) for it.")
    STORAGES: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": STORAGE_BUCKET,
                "endpoint_url": env.str("STORAGE_ENDPOINT_URL", "") or None,
                "region_name": env.str("STORAGE_REGION", "") or None,
                "access_key": env.str("STORAGE_ACCESS_KEY", "") or None,
                "secret_key": env.str("STORAGE_SECRET_KEY", "") or None,
                "default_acl": None,
                "querystring_auth": True,
                "file_overwrite": False,
            },
        }
    }
else:
    STORAGES = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
FILE_UPLOAD_PERMISSIONS = 0o640
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_MB", 200) * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # a request without its files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # larger files go to disk while they arrive

# --- Mail and links -----------------------------------------------------------------------------------------

SITE_NAME = env.str("SITE_NAME", "Theater")
EMAIL_TIMEOUT = 30  # seconds; without it a mail server that says nothing holds a request or the worker for ever
vars().update(env.email_url("EMAIL_URL", "consolemail://"))
if env.str("EMAIL_BACKEND", ""):
    # Any backend will do. Those of django-anymail need no entry in INSTALLED_APPS to send; their settings are ANYMAIL.
    EMAIL_BACKEND = env.str("EMAIL_BACKEND")
ANYMAIL: dict[str, Any] = env.json("ANYMAIL", {})
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "theater@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

FRONTEND_URL = env.str("FRONTEND_URL", "http://127.0.0.1:3000").rstrip("/")
API_URL = env.str("API_URL", "").rstrip("/") or FRONTEND_URL
# Which websites a browser lets call this API.
_site = urlsplit(FRONTEND_URL)
CORS_ALLOWED_ORIGINS = env.list("CORS_ORIGINS", default=[f"{_site.scheme}://{_site.netloc}"])
CORS_ALLOW_HEADERS = (
    *default_headers,
    "x-session-token",
    "if-match",
    "if-none-match",
    "idempotency-key",
    "x-request-id",
)
CORS_EXPOSE_HEADERS = (
    "ETag", "Location", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "X-Request-ID",
)  # fmt: skip
# The website's pages that mails and answers link to. A template may be a path on FRONTEND_URL or a whole URL.
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

# --- Who is who ---------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "accounts.permissions.selectors.permissions.SectionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
SESSION_ENGINE = "theater_site.core.sessions"
SESSION_COOKIE_AGE = env.int("SESSION_DAYS", 14) * 24 * 3600

REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", PRODUCTION)

# guardian's rows depend on sections only and are read by SectionBackend, which knows parents and dates; its own
# backend, its anonymous user and its shortcuts on User know neither.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]  # "backend is not hooked": meant, see above

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_DISPLAY = "accounts.adapters.display_name"
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.adapters.SignupForm"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Who sets a password through the mailed link is signed in by the same call.
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = SITE_NAME
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("app",)
HEADLESS_SERVE_SPECIFICATION = True
HEADLESS_SPECIFICATION_TEMPLATE_NAME = None  # openapi.json and openapi.yaml, no page
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": FRONTEND_URLS["confirm_email"],
    "account_reset_password": FRONTEND_URLS["reset_password"],
    "account_reset_password_from_key": FRONTEND_URLS["reset_password_with_key"],
    "account_signup": FRONTEND_URLS["sign_up"],
}

# --- The API ------------------------------------------------------------------------------------------------

TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "theater_site.api.parsing.JSONParser",
    ],
    # The first their `authenticate_header` makes a missing sign-in 401, not 403. The mock is inert unless
    # MOCK_AUTHENTICATION is on.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.users.api.authentication.SessionTokenAuthentication",
        "accounts.permissions.api.token_authentication.ApiTokenAuthentication",
        *([] if PRODUCTION else ["accounts.permissions.api.mock_authentication.MockAuthentication"]),
    ],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    # Services judge every change and `visible_to` every list; a view cannot forget it, so it need not state it.
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_THROTTLE_CLASSES": [
        "theater_site.api.throttling.AnonThrottle",
        "theater_site.api.throttling.UserThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.str("THROTTLE_ANON", "600/min") or None,
        "user": env.str("THROTTLE_USER", "2400/min") or None,
    },
    "NUM_PROXIES": TRUSTED_PROXIES,
    "DEFAULT_PAGINATION_CLASS": "theater_site.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "theater_site.api.schema.Schema",
    "EXCEPTION_HANDLER": "theater_site.api.problems.handle",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Theater site",
    "DESCRIPTION": "The API of a theater group. Signing up, signing in and sessions have their own "
    "specification at `/api/auth/openapi.json`; send the session token from there as `X-Session-Token` here.",
    "VERSION": "1.0.0",
    "EXTERNAL_DOCS": {"url": "/api/auth/openapi.json", "description": "Signing up and signing in (OpenAPI)"},
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "AUTHENTICATION_WHITELIST": [
        "accounts.users.api.authentication.SessionTokenAuthentication",
        "accounts.permissions.api.token_authentication.ApiTokenAuthentication",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["theater_site.api.schema.named_enums", "theater_site.api.schema.shared_parts"],
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

# --- Transport security -------------------------------------------------------------------------------------

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
SECURE_SSL_REDIRECT = env.bool("SSL_REDIRECT", PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]  # probes ask inside the machine, without TLS
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 31_536_000 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# --- Time and language --------------------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_USER_TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_I18N = True
LANGUAGE_CODE = "en"
# The languages that letters are written in. Users may have others set; they read the first of these.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]

# --- Logs: to stderr, each line with the request it belongs to ----------------------------------------------

LOG_FORMAT = env.str("LOG_FORMAT", "json" if PRODUCTION else "lines")
if LOG_FORMAT not in ("json", "lines"):
    raise ImproperlyConfigured(f"LOG_FORMAT is {LOG_FORMAT!r}; it must be json or lines.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "theater_site.core.logs.RequestContext"}},
    "formatters": {
        "lines": {"()": "theater_site.core.logs.LineFormatter", "exception_texts": DEBUG},
        "json": {"()": "theater_site.core.logs.JSONFormatter", "exception_texts": DEBUG},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "filters": ["context"], "formatter": LOG_FORMAT},
    },
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        # Django gives these handlers of their own (one of them mails local values to ADMINS); ours is enough.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "django.db.backends": {"level": "WARNING"},  # DEBUG would print every query with its values
    },
}
