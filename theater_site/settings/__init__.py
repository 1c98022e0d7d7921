"""Settings, read from the environment (or from a file `.env` beside manage.py; the environment wins).

Variable               Default                    Meaning
---------------------  -------------------------  ------------------------------------------------------------
THEATER_MODE           development                development or production; production starts only if all variables
                                                  marked * are set
DEBUG                  no                         HTML error pages with local values; refused in production
SECRET_KEY *           generated in VAR_DIR       signs sessions and password-reset links
FIELD_KEYS *           generated in VAR_DIR       Fernet keys of personal values, comma-separated: the first
                                                  encrypts, all decrypt
INDEX_KEY *            generated in VAR_DIR       key of the blind indexes; at least 32 characters; does not change
                                                  when FIELD_KEYS are rotated
AUDIT_SIGNING_KEY *    generated in VAR_DIR       signs the audit log's checkpoints and, with a key derived from it,
                                                  tickets: 32 bytes, url-safe base64; comma-separated: the first
                                                  signs, all verify
ALLOWED_HOSTS *        localhost,127.0.0.1,[::1]  host names of this server, comma-separated
VAR_DIR                var beside manage.py       directory of database, cache, uploads and development keys
DATABASE_URL           sqlite: VAR_DIR/theater.sqlite3   or postgres://user:password@host:5432/name
DATABASE_POOL_MIN      2                          minimum of open PostgreSQL connections per process
DATABASE_POOL_MAX      8                          maximum of open PostgreSQL connections per process
CACHE_URL              files: VAR_DIR/cache       shared by all processes, since it stores the rate limits;
                                                  redis://host:6379/0 for several machines (needs redis-py)
API_URL                FRONTEND_URL               public address of this API; mail programs unsubscribe there
                                                  (RFC 8058 requires https)
EMAIL_URL *            consolemail://             mail server, such as smtp+tls://user:password@host:587
EMAIL_BACKEND          (from EMAIL_URL)           another Django mail backend, such as one of django-anymail
                                                  (installed separately, configured by ANYMAIL)
ANYMAIL                {}                         JSON with the options of django-anymail
DEFAULT_FROM_EMAIL *   theater@localhost          sender of all mail
SITE_NAME              Theater                    name of the organization in mails and authenticator apps
FRONTEND_URL *         http://127.0.0.1:3000      address of the website, and base of FRONTEND_URLS
FRONTEND_URLS          {}                         JSON that replaces single URL templates of settings/mail.py
CORS_ORIGINS           FRONTEND_URL               websites whose pages may call this API, comma-separated
STORAGE_BUCKET         (empty: VAR_DIR/media)     S3 bucket for uploads (install with the extra `s3`)
STORAGE_ENDPOINT_URL   (empty: AWS)               address of another S3-compatible service
STORAGE_REGION         (empty)                    region of the bucket
STORAGE_ACCESS_KEY     (empty: AWS's own ways)    access key of the bucket
STORAGE_SECRET_KEY     (empty)                    secret key of the bucket
TRUSTED_PROXIES        0                          number of reverse proxies whose X-Forwarded-For and
                                                  X-Forwarded-Proto are trusted
SSL_REDIRECT           yes in production          redirect http requests to https
HSTS_SECONDS           31536000 in production     seconds for which browsers use https only
SESSION_DAYS           14                         days until a session ends
REQUIRE_SECOND_FACTOR  yes in production          permissions of sensitive roles need a session with a second factor
UPLOAD_MAX_MB          200                        size limit of an uploaded file in MB
THROTTLE_ANON          600/min                    requests per network address, not signed in; empty: no limit
THROTTLE_USER          2400/min                   requests per user; empty: no limit
LOG_LEVEL              INFO                       lowest level of logged messages
LOG_FORMAT             lines; json in production  format of the log on stderr: lines or json
TIME_ZONE              UTC                        time zone of new users
HOLD_MINUTES           10                         minutes that a hold keeps seats before they are ordered
PAYMENT_MINUTES        1440                       minutes until an unpaid order expires
WAITING_LIST_HOURS     24                         hours that free seats are held for somebody on the waiting list
UNPAID_SEATS_PER_ADDRESS  40                      held and unpaid, and free seats per network address; 0: no limit
UNPAID_SEATS_PER_EMAIL  20                        unpaid, and free seats per e-mail address; 0: no limit
APPROVAL_REMINDER_DAYS  2,5,10                    days after which approvers are reminded of pending submissions
MOCK_AUTHENTICATION    no                         trust X-Mock-User and X-Mock-Role; refused in production
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from theater_site.settings.accounts import *  # noqa: F403
from theater_site.settings.api import *  # noqa: F403
from theater_site.settings.api import TRUSTED_PROXIES
from theater_site.settings.environment import *  # noqa: F403
from theater_site.settings.environment import DEBUG, PRODUCTION, VAR_DIR, env
from theater_site.settings.keys import *  # noqa: F403
from theater_site.settings.mail import *  # noqa: F403

# --- Deadlines and limits -----------------------------------------------------------------------------------

HOLD_MINUTES = env.int("HOLD_MINUTES", 10)
PAYMENT_MINUTES = env.int("PAYMENT_MINUTES", 1440)
WAITING_LIST_HOURS = env.int("WAITING_LIST_HOURS", 24)
UNPAID_SEATS_PER_ADDRESS = env.int("UNPAID_SEATS_PER_ADDRESS", 40)
UNPAID_SEATS_PER_EMAIL = env.int("UNPAID_SEATS_PER_EMAIL", 20)
APPROVAL_REMINDER_DAYS = sorted({int(days) for days in env.list("APPROVAL_REMINDER_DAYS", default=["2", "5", "10"])})
if any(not 1 <= days <= 1000 for days in APPROVAL_REMINDER_DAYS):
    raise ImproperlyConfigured("APPROVAL_REMINDER_DAYS takes numbers from 1 to 1000, comma-separated.")
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
# A redirect would turn a POST without the trailing slash into a GET.
APPEND_SLASH = False

# --- Database -----------------------------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": env.db_url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'theater.sqlite3'}")}
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    if _database["NAME"] != ":memory:":
        Path(_database["NAME"]).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # IMMEDIATE: a transaction waits for the lock when it begins. Otherwise it could fail when it first writes.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
    }
else:
    _database["CONN_MAX_AGE"] = 0  # connections are kept by the pool, not by Django
    _database["CONN_HEALTH_CHECKS"] = True
    _database["OPTIONS"] = {
        **_database.get("OPTIONS", {}),
        "pool": {"min_size": env.int("DATABASE_POOL_MIN", 2), "max_size": env.int("DATABASE_POOL_MAX", 8)},
    }

# --- Cache --------------------------------------------------------------------------------------------------
# Files by default: a cache in the database would need SQLite's only write lock.
CACHES = {"default": env.cache_url("CACHE_URL", f"filecache://{VAR_DIR / 'cache'}")}
if CACHES["default"]["BACKEND"].endswith("FileBasedCache"):
    # Django's default of 300 entries would delete random entries, such as rate limits.
    CACHES["default"]["OPTIONS"] = {"MAX_ENTRIES": 10_000}

# --- Files --------------------------------------------------------------------------------------------------

MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"
STORAGE_BUCKET = env.str("STORAGE_BUCKET", "")
if STORAGE_BUCKET:
    if importlib.util.find_spec("storages") is None:
        raise ImproperlyConfigured("STORAGE_BUCKET needs django-storages. Install the extra `s3`.")
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
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # the size of a request without its files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # larger uploads are buffered on disk

# --- Transport security -------------------------------------------------------------------------------------

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
SECURE_SSL_REDIRECT = env.bool("SSL_REDIRECT", PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]  # health probes come from the same machine, without TLS
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
# The languages of mails. Users with another language get mails in the first one.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]

# --- Logs ---------------------------------------------------------------------------------------------------

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
        # Without Django's own handlers, one of which mails local values to ADMINS.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "django.db.backends": {"level": "WARNING"},  # DEBUG would log every query with its values
    },
}
