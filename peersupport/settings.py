"""Settings: one file, read from the environment by `peersupport/env.py`, loud when wrong.

docs/configuration.md lists every variable.
"""

from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from peersupport import env
from peersupport.core import keyfiles

STAGE = env.read_stage()
DEMO = STAGE.demo
PLANE = STAGE.plane
DATA_DIR = STAGE.data_dir
BASE_DIR = env.BASE_DIR
PORT = env.read_port()
DEBUG = False

# -- secrets ------------------------------------------------------------------------------------
KEYS_DIR = keyfiles.place(env.text("KEYS_DIR"), DATA_DIR)
SECRET_KEY = env.text("SECRET_KEY")
if DEMO and not SECRET_KEY:
    SECRET_KEY = keyfiles.demo_secret(KEYS_DIR)
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY (or SECRET_KEY_FILE) is not set.")
if len(SECRET_KEY) < 40:
    raise ImproperlyConfigured("SECRET_KEY is too short: use at least 40 random characters.")

# -- addresses ----------------------------------------------------------------------------------
PUBLIC_URL = env.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}")
_public = urlsplit(PUBLIC_URL)
if _public.scheme not in ("http", "https") or not _public.hostname:
    raise ImproperlyConfigured("PUBLIC_URL must be a whole address such as https://peers.example.")
if _public.scheme == "http" and not DEMO and _public.hostname not in ("127.0.0.1", "localhost"):
    raise ImproperlyConfigured("PUBLIC_URL must begin with https:// outside the demo.")
IS_SECURE = _public.scheme == "https"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"] if DEMO else [_public.hostname]
ALLOWED_HOSTS += [] if DEMO else env.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if IS_SECURE else []
# Each side has addresses of its own; only the demo serves both.
ROOT_URLCONF = {"all": "peersupport.urls_demo", "care": "peersupport.urls_care"}.get(
    PLANE, "peersupport.urls_demo" if DEMO else "peersupport.urls_web"
)
WSGI_APPLICATION = "peersupport.wsgi.application"

# -- apps ---------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "peersupport.core.ui",
    "peersupport.core.sessions",
    "peersupport.core.audit",
    "peersupport.core.outbox",
    "peersupport.core.datamap",
    "accounts",
    "program",
    "officehours",
    "events",
    "reminders",
    "referrals",
    "training",
    "insights",
    "peersupport.portal",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]
if PLANE == "care":
    # Its tables are declared; nobody signs in by it here, and its middleware is not there.
    INSTALLED_APPS[INSTALLED_APPS.index("allauth.account")] = (
        "peersupport.core.tables.AccountTables"
    )
if find_spec("django_linear_migrations"):  # a development tool: keeps migrations in one line
    INSTALLED_APPS.append("django_linear_migrations")

_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "peersupport.core.ui.middleware.CalmErrors",
    # Behind those above, so that its files carry their headers as well.
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "peersupport.portal.waiting.Waiting",
    "peersupport.core.ui.middleware.OwnFormsOnly",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.SecondFactor",
    "referrals.middleware.CareSide",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
# The care side knows no sessions and no people of the web side, and the web side no counselors.
_OF_THE_WEB = {
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.SecondFactor",
    "allauth.account.middleware.AccountMiddleware",
}
_OF_THE_DESK = {"referrals.middleware.CareSide"}
MIDDLEWARES = {
    plane: [each for each in _MIDDLEWARE if each not in left_out]
    for plane, left_out in {
        "all": set(),
        "web": _OF_THE_DESK,
        "worker": _OF_THE_DESK,
        "care": _OF_THE_WEB,
    }.items()
}
MIDDLEWARE = MIDDLEWARES[PLANE]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "peersupport.core.ui.context.page",
                "referrals.middleware.desk",
            ],
            "builtins": ["peersupport.core.ui.templatetags.ui"],
        },
    }
]

# -- stores -------------------------------------------------------------------------------------
SQLITE_OPTIONS: dict[str, Any] = {
    # IMMEDIATE takes the one writer lock at BEGIN, so that a read never has to become a write in
    # mid-transaction (which fails at once, whatever the timeout). secure_delete overwrites what
    # is deleted. docs/decisions/0004-sqlite.md has the figures.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA secure_delete=ON;"
        "PRAGMA journal_size_limit=27103364;"
    ),
}
_database: dict[str, Any] = environ.Env.db_url_config(
    env.text("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'program.sqlite3'}"
)
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {**_database.get("OPTIONS", {}), **SQLITE_OPTIONS}
    # Tests on a file as well: a database in memory has no WAL and locks otherwise.
    _database["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
elif _database["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name PostgreSQL or SQLite.")
_database["CONN_MAX_AGE"] = 600
_database["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": _database}
DB_ROLES = env.name("DB_ROLES", "peersupport")  # and _owner, _web, _care, _worker
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "peersupport.core.crypto.cache_key",
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(DATA_DIR / "cache"),
        "KEY_FUNCTION": "peersupport.core.crypto.cache_key",
    }
}

# -- people and sessions ------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["accounts.backends.ActivePersonBackend"]
LOGIN_URL = "/accounts/sign-in/"
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "peersupport.core.sessions.store"
SESSION_COOKIE_NAME = "__Host-session" if IS_SECURE else "session"
# The care side's own: its sessions are no sessions of Django's (referrals/care_sessions.py).
CARE_COOKIE = "__Host-care" if IS_SECURE else "care"
# What somebody began to write, and what a receipt has opened: in this browser alone, for a while.
DRAFT_COOKIE = "__Host-draft" if IS_SECURE else "draft"
RECEIPT_COOKIE = "__Host-receipt" if IS_SECURE else "receipt"
# What a browser loses when somebody signs out or leaves.
PASSING_COOKIES = [DRAFT_COOKIE, RECEIPT_COOKIE]
KNOWN_COOKIE = "__Host-known" if IS_SECURE else "known"
# How many proxies of our own stand before the program, each adding to X-Forwarded-For.
TRUSTED_PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXIES")
SESSION_COOKIE_AGE = 60 * 24 * 3600  # the longest; the server's clock ends it (accounts/rules.py)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_SECURE else "csrf"
if PLANE == "care":
    CSRF_COOKIE_NAME = "__Host-care-csrf" if IS_SECURE else "care-csrf"
    CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "peersupport.core.ui.errors.csrf_failure"
# A flash message kept in the session would write the session row in the same minute as a visit.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION = "none"  # the code itself proves the address
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = False  # ours are in accounts/limits.py: they hold and lock out nobody
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"

# Second factors. The table is allauth's; what is in it is sealed (accounts/factors.py).
MFA_ADAPTER = "accounts.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
PASSKEYS = env.flag("PASSKEYS", True)
AUTHENTICATOR_APPS = env.flag("AUTHENTICATOR_APPS", True)
if not (PASSKEYS or AUTHENTICATOR_APPS):
    raise ImproperlyConfigured(
        "PASSKEYS and AUTHENTICATOR_APPS are both off, but staff need a second factor: "
        "switch one of them on."
    )

# Who may make an account: whoever is on the school's list, or has an address in these domains.
ADMIT = frozenset(env.words("ADMIT", "roster,domain"))
if not ADMIT or ADMIT - {"roster", "domain", "affiliation"}:
    raise ImproperlyConfigured("ADMIT must be made of roster, domain and affiliation.")

# Campus sign-on: any OpenID Connect provider. What it says of somebody makes students, or never.
OIDC_ISSUER = env.text("OIDC_ISSUER").rstrip("/")
OIDC_CLIENT_ID, OIDC_CLIENT_SECRET = env.text("OIDC_CLIENT_ID"), env.text("OIDC_CLIENT_SECRET")
OIDC_NAME = env.text("OIDC_NAME", "your school account")
OIDC_SCOPES = env.text("OIDC_SCOPES", "openid email")
OIDC_AFFILIATION_CLAIM = env.text("OIDC_AFFILIATION_CLAIM", "eduperson_affiliation")
OIDC_STUDENT_VALUES = {each.lower() for each in env.words("OIDC_STUDENT_VALUES", "student")}
OIDC_NEVER_VALUES = {each.lower() for each in env.words("OIDC_NEVER_VALUES", "faculty,staff")}
OIDC_REQUIRED_ACR = env.words("OIDC_REQUIRED_ACR")
OIDC_SECOND_FACTOR_VALUES = set(env.words("OIDC_SECOND_FACTOR_VALUES"))
if OIDC_ISSUER:
    if not (OIDC_CLIENT_ID and OIDC_CLIENT_SECRET):
        raise ImproperlyConfigured("OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET.")
    _issuer = urlsplit(OIDC_ISSUER)
    if _issuer.scheme != "https" and _issuer.hostname not in ("127.0.0.1", "localhost"):
        raise ImproperlyConfigured("OIDC_ISSUER must begin with https://.")
    if "openid" not in OIDC_SCOPES.split():
        raise ImproperlyConfigured("OIDC_SCOPES must hold openid.")
if "affiliation" in ADMIT and not OIDC_ISSUER:
    raise ImproperlyConfigured("ADMIT holds affiliation, but OIDC_ISSUER is not set.")
STUDENT_DOMAINS = [d.lower() for d in env.words("STUDENT_DOMAINS")]
if DEMO:
    STUDENT_DOMAINS = ["school.example"]

# -- transport ----------------------------------------------------------------------------------
if IS_SECURE:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if env.flag("BEHIND_PROXY"):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Nothing is ever told to another site. Not "no-referrer": under it browsers send "Origin: null"
# with our own forms too, and the check against forged requests then refuses every one (measured).
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400

# -- mail ---------------------------------------------------------------------------------------
MAIL_DIR = DATA_DIR / "mail"
if DEMO:
    EMAIL_BACKEND = "peersupport.core.outbox.demo_mailbox.Backend"
else:
    _mail = environ.Env.email_url_config(env.text("EMAIL_URL") or "smtp://127.0.0.1:25")
    EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
    EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
    EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
# Asked for after each good round of delivering; whoever watches there misses it when it stops.
HEARTBEAT_URL = env.text("HEARTBEAT_URL")
if HEARTBEAT_URL and not HEARTBEAT_URL.startswith(("https://", "http://")):
    raise ImproperlyConfigured("HEARTBEAT_URL must begin with https:// (or http://).")
SIGN_IN_MAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", f"no-reply@{_public.hostname}")

# -- the school ---------------------------------------------------------------------------------
SITE_NAME = env.text("SITE_NAME", "Peer Support")
PROGRAM_ZONE = env.text("PROGRAM_ZONE", "America/New_York")
# Until the school sets its own lines in the program, EXTRA_CRISIS_LINES adds "Label|number" pairs.
CRISIS_EXTRA = [
    tuple(pair.split("|", 1))
    for pair in env.words("EXTRA_CRISIS_LINES", "On-call counselor|555-0100" if DEMO else "")
]
if any(len(pair) != 2 for pair in CRISIS_EXTRA):
    raise ImproperlyConfigured("EXTRA_CRISIS_LINES must look like 'Label|number, Label|number'.")
# What the school has set, as it stands on this host for when the database does not answer.
CRISIS_FILE = DATA_DIR / "crisis.json"
EXIT_URL = "https://www.weather.gov/"

# -- language and time --------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
LANGUAGES = [("en-us", "English (United States)")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# -- static files -------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# -- logs: path templates only, no query strings, no addresses, no values -------------------------
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"scrub": {"()": "peersupport.core.logs.Scrub"}},
    "formatters": {"plain": {"()": "peersupport.core.logs.PlainFormatter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["scrub"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Django logs addresses with query strings and mails tracebacks to administrators: neither.
        "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "django.server": {"handlers": [], "propagate": False},
        "django.security": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "django.db.backends": {"handlers": [], "propagate": False},
        # It logs the id of every passkey that is used: who, and when.
        "fido2": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
DEFAULT_EXCEPTION_REPORTER = "peersupport.core.logs.SilentReporter"

MIGRATION_MODULES: dict[str, str] = {}
# The address is unique whatever its case by a constraint of its own, which the check cannot see.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
