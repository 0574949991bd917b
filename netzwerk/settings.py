"""Settings: safe by default, everything that differs between machines comes from the environment.

The variables are documented in `.env.example`; a test holds the two together.
Nothing here imports an app of the project.
"""

import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def envbool(name: str, default: bool) -> bool:
    """Read a switch and refuse nonsense, so that `DEBUG=flase` never means something by accident.

    :param name: name of the environment variable; `on/true/yes/1` and `off/false/no/0` count.
    :param default: what an unset or empty variable means.
    :raises ImproperlyConfigured: for any other word.
    """
    value = env.str(name, default="").strip().lower()
    if not value:
        return default
    if value in {"on", "true", "yes", "1"}:
        return True
    if value in {"off", "false", "no", "0"}:
        return False
    raise ImproperlyConfigured(f"{name} must be on or off, not {value!r}.")


def required(name: str, in_development: str) -> str:
    """Read a setting that production must have; development falls back to a harmless value.

    :raises ImproperlyConfigured: when it is missing and DEBUG is off.
    """
    value = env.str(name, default="").strip()
    if value:
        return value
    if DEBUG or TESTING:
        return in_development
    raise ImproperlyConfigured(f"Set {name} in the environment; see .env.example.")


def words(name: str) -> list[str]:
    """Read a comma-separated list; blanks around the commas do not count."""
    return [word.strip() for word in env.list(name, default=[]) if word.strip()]


def imap_mailbox(name: str, url: str) -> dict[str, str | int | bool] | None:
    """Take a mailbox's address apart: `imaps://user:password@host:port/folder`.

    Django's error pages blank out what is called PASSWORD, not what an address carries.

    :raises ImproperlyConfigured: for another form, or where the password could be read on the way.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    encrypted = bool(host) and parts.scheme == "imaps"
    alone = bool(host) and parts.scheme == "imap" and host in {"localhost", "127.0.0.1", "::1"}
    if not ((encrypted or alone) and parts.username and parts.password):
        raise ImproperlyConfigured(
            f"{name} must be imaps://user:password@host/INBOX, special characters percent-encoded."
        )
    return {
        "HOST": host,
        "PORT": port or (993 if encrypted else 143),
        "ENCRYPTED": encrypted,
        "USER": unquote(parts.username),
        "PASSWORD": unquote(parts.password),
        "FOLDER": unquote(parts.path.strip("/")) or "INBOX",
    }


TESTING = "pytest" in sys.modules
DEBUG = envbool("DEBUG", default=False)

# --- Identity -------------------------------------------------------------------------------------
SECRET_KEY = required("SECRET_KEY", in_development="for-development-only-" + "x" * 40)
# Former keys: what they have signed or encrypted (second factors) stays readable.
SECRET_KEY_FALLBACKS = words("SECRET_KEY_FALLBACKS")
# Links in mails use this address, never the Host header of a request (Indico CVE-2021-30185).
SITE_URL = required("SITE_URL", in_development="http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = words("ALLOWED_HOSTS") or [urlsplit(SITE_URL).hostname or ""]
if DEBUG:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# How many proxies of our own stand in front; X-Forwarded-For counts only that far.
TRUSTED_PROXY_COUNT = int(env.str("TRUSTED_PROXY_COUNT", default="") or 0)

# --- Apps -----------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "core.apps.OfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "phonenumber_field",
    "simple_history",
    "csp",
    "core",
    "accounts",
    "organisations",
    "meetings",
    "actions",
    "portal",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.pagecache.PageCacheMiddleware",
    "csp.middleware.CSPMiddleware",
    "core.middleware.CacheControlMiddleware",
    "core.middleware.InputMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "accounts.middleware.LastSeenMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "core.middleware.UnavailableMiddleware",
]

ROOT_URLCONF = "netzwerk.urls"
WSGI_APPLICATION = "netzwerk.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.network",
            ],
        },
    },
]

# --- Database -------------------------------------------------------------------------------------
# Development keeps everything under var/; production names its database.
DATABASES = {
    "default": env.db_url_config(
        required("DATABASE_URL", in_development=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE: a transaction that will write takes the lock at once and waits, instead of failing
    # half-way. FULL: an answer is on the disk before it is given. No ATOMIC_REQUESTS: reads would
    # become writers (all three measured, see docs/adr).
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    _database["CONN_MAX_AGE"] = 600
else:
    _database["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 10, "timeout": 5}}
    _database["CONN_HEALTH_CHECKS"] = True

# --- Caches ---------------------------------------------------------------------------------------
# "default" is shared by all processes: rate limits count in it. "pages" is each process's own.
CACHES = {
    "default": env.cache_url_config(
        # Django's own bound of 300 entries would throw counts away long before their time.
        env.str("CACHE_URL", default="") or "dbcache://core_cache?max_entries=50000"
    ),
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        # A list weighs up to 100 kB where a reader takes no compression: 10 MB at most.
        "OPTIONS": {"MAX_ENTRIES": 100},
    },
}

# --- Languages ------------------------------------------------------------------------------------
LANGUAGE_CODE = "de"
LANGUAGES = [("de", _("Deutsch")), ("en", _("Englisch")), ("ar", _("Arabisch"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["netzwerk.formats"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Berlin"

# --- Accounts -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
    )
]
LOGIN_URL = "accounts:enter"
LOGIN_REDIRECT_URL = "organisations:mine"
LOGOUT_REDIRECT_URL = "portal:home"

# allauth keeps the log-in's stages, second factors and sessions. Who one is, is shown by a code to
# the mailbox (accounts.codes), for new and known addresses alike; there is no other sign-up.
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_FORMS = {
    "login": "accounts.forms.PasswordLoginForm",
    "reauthenticate": "accounts.forms.ConfirmPasswordForm",
}
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
MFA_FORMS = {
    "authenticate": "accounts.forms.SecondFactorForm",
    "reauthenticate": "accounts.forms.ConfirmSecondFactorForm",
    "activate_totp": "accounts.forms.ActivateTOTPForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
}

# --- Mail -----------------------------------------------------------------------------------------
# Mails wait in the outbox; the worker hands them to this backend. Without
# EMAIL_URL, development only shows them on its own page.
EMAIL_CONFIG = env.email_url_config(required("EMAIL_URL", in_development="dummymail://"))
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = required("DEFAULT_FROM_EMAIL", in_development="netzwerk@example.org")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 20
# Mails that cannot be delivered come back to this address; empty: to the sender.
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", default="").strip()
# Where the worker finds them. None: nobody looks.
BOUNCE_MAILBOX = imap_mailbox("BOUNCE_IMAP_URL", env.str("BOUNCE_IMAP_URL", default="").strip())

# --- Files ----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Without `collectstatic`, development and tests take the files from where they are written.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG or TESTING
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default="") or VAR_DIR / "media")
STORAGES = {
    "default": {"BACKEND": "core.storage.SyncedStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Nothing a person can send may fill memory or disk.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- Security -------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "core.resume.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
if SITE_URL.startswith("https://"):
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^gesund/$"]  # monitoring asks from inside, past the proxy
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
    # Whether a county's other subdomains speak https is not for the portal to promise.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    if TRUSTED_PROXY_COUNT:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
elif not (DEBUG or TESTING or envbool("ALLOW_HTTP", default=False)):
    raise ImproperlyConfigured("SITE_URL must begin with https:// in production.")

# --- Look of forms, telephone numbers, history ----------------------------------------------------
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
PHONENUMBER_DEFAULT_REGION = "DE"
PHONENUMBER_DEFAULT_FORMAT = "NATIONAL"
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # No line carries the key of a link or the address of a person.
    "formatters": {"discreet": {"()": "core.logs.DiscreetFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "discreet"}},
    "root": {"handlers": ["console"], "level": "WARNING" if TESTING else "INFO"},
}
