"""Every setting, read once from the environment, safe by default.

OTI_MODE says what runs: `production` (default), `dev` (a developer's machine, embedded services)
or `test`. Production refuses to start without its secrets; nothing else depends on DEBUG.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from celery.schedules import crontab
from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

if os.environ.get("OTI_MODE") == "dev":
    from oti.devtools.environment import fill_environment

    fill_environment(BASE_DIR)


def env(name: str, default: str | None = None) -> str:
    """Return a text variable; without default, it must be set."""
    value = os.environ.get(name, default)
    if value is None:
        msg = f"Set {name} in the environment (see .env.example)."
        raise ImproperlyConfigured(msg)
    return value


def env_bool(name: str, *, default: bool) -> bool:
    """Return a yes/no variable written 1, 0, yes, no, true or false."""
    raw = os.environ.get(name)
    if raw is None or raw == "":
        return default
    if raw.lower() in {"1", "yes", "true", "on"}:
        return True
    if raw.lower() in {"0", "no", "false", "off"}:
        return False
    msg = f"{name} must be 1 or 0, not {raw!r}."
    raise ImproperlyConfigured(msg)


def env_int(name: str, default: int) -> int:
    """Return a whole number variable."""
    raw = os.environ.get(name) or str(default)
    try:
        return int(raw)
    except ValueError as error:
        msg = f"{name} must be a whole number, not {raw!r}."
        raise ImproperlyConfigured(msg) from error


def tiles_origin(url: str, attribution: str) -> str:
    """Return the origin that pictures of a map may come from; whose they are must be said."""
    found = urlsplit(url)
    is_address = found.scheme in {"https", "http"} and found.netloc and "{" not in found.netloc
    if not is_address or not all(part in url for part in ("{z}", "{x}", "{y}")):
        msg = "MAP_TILES_URL must be https://…/{z}/{x}/{y}.png, its host without braces."
        raise ImproperlyConfigured(msg)
    if not attribution:
        msg = "Set MAP_TILES_ATTRIBUTION: whose map MAP_TILES_URL gives is always shown."
        raise ImproperlyConfigured(msg)
    return f"{found.scheme}://{found.netloc}"


def env_list(name: str, default: str = "") -> list[str]:
    """Return a comma separated variable as a list."""
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


# --- What runs -----------------------------------------------------------------------------
MODE = env("OTI_MODE", "production")
if MODE not in {"production", "dev", "test"}:
    msg = f"OTI_MODE must be production, dev or test, not {MODE!r}."
    raise ImproperlyConfigured(msg)
IS_PRODUCTION = MODE == "production"
IS_DEV = MODE == "dev"
DATA_DIR = Path(env("OTI_DATA_DIR", str(BASE_DIR / ".data")))
DEBUG = env_bool("DEBUG", default=False) and not IS_PRODUCTION
# One named switch for production settings on plain local HTTP (bench, compose without TLS).
PLAIN_HTTP = env_bool("OTI_PLAIN_HTTP", default=not IS_PRODUCTION)
SECRET_KEY = env("SECRET_KEY", None if IS_PRODUCTION else "only-for-a-developers-machine")
# What the law protects most is sealed with the first of these; all of them open it.
SEALING_KEYS = env_list("SEALING_KEYS") or [SECRET_KEY]
BASE_URL = env("BASE_URL", None if IS_PRODUCTION else f"http://localhost:{env('PORT', '8000')}")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "" if IS_PRODUCTION else "*")
CSRF_TRUSTED_ORIGINS = [BASE_URL] if BASE_URL.startswith("https://") else []
SITE_ID = 1
ROOT_URLCONF = "oti.urls"
WSGI_APPLICATION = "oti.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "members.User"

# --- Applications --------------------------------------------------------------------------
INSTALLED_APPS = [
    "oti",
    "events",
    "booking",
    "members",
    "destination",
    "modeltranslation",
    "wagtail_localize",
    "wagtail_localize.locales",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "rest_framework",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    # Always, so that every database has the same tables; offered where it is configured.
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "django_htmx",
    # For its static files: Leaflet as it is, none of the widgets.
    "leaflet",
    "template_partials",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "oti.middleware.BrowserPolicies",
    # With a random length, so that what a page reflects doesn't tell what else is in it (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "oti.middleware.PublicPolicy",
    # XFrameOptions stands here so that what the limits refuse is framed by nobody either.
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "oti.limits.RateLimit",
    "oti.limits.BodyLimit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "oti.middleware.Languages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "members.google.OnlyWhereOffered",
    "oti.second_factor.SecondFactor",
    "oti.middleware.NoNullCharacters",
    "oti.middleware.WhatIsShownChanges",
    "oti.middleware.SpokenRefusals",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
]
# Says what each answer cost in SQL; for measuring only (make bench).
MEASURE = env_int("OTI_MEASURE", 0)
if MEASURE:
    MIDDLEWARE.insert(0, "oti.measuring.MeasureSql")
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "oti.context.page_frame",
            ],
            "builtins": [
                "destination.templatetags.velay",
                "destination.templatetags.part_tags",
                "destination.templatetags.field_tags",
            ],
            "libraries": {
                "i18n": "destination.templatetags.fixed_words",
                "static": "destination.templatetags.fixed_files",
            },
        },
    },
]

# Two libraries are taught twice: Django's, and ours that stand in for them (`libraries` above).
SILENCED_SYSTEM_CHECKS = ["templates.W003"]

# --- Services: PostgreSQL decides capacity and money, Valkey only helps -----------------------
DATABASE_URL = os.environ.get("DATABASE_URL", "")
REDIS_URL = os.environ.get("REDIS_URL", "")
BROKER_URL = os.environ.get("CELERY_BROKER_URL", REDIS_URL)
NO_SERVICES = env_bool("OTI_NO_SERVICES", default=False)
if (not DATABASE_URL or not REDIS_URL) and not NO_SERVICES:
    if IS_PRODUCTION:
        msg = "Set DATABASE_URL and REDIS_URL: production brings its own services."
        raise ImproperlyConfigured(msg)
    from oti.devtools import services

    _urls = services.ensure(DATA_DIR)
    DATABASE_URL = DATABASE_URL or _urls.database_url
    BROKER_URL = BROKER_URL or _urls.broker_url
    REDIS_URL = REDIS_URL or _urls.cache_url

# Nobody waits longer than that for a row: the answer is then "busy" (booking/locks.py).
LOCK_TIMEOUT = "3s"
# Compiling a statement takes longer than any page's statement runs. What is read is in memory or on
# a solid disk, where a page found by an index costs hardly more than the next one.
DATABASE_SETTINGS = {"lock_timeout": LOCK_TIMEOUT, "jit": "off", "random_page_cost": "1.1"}
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **dj_database_url.parse(
            DATABASE_URL or "postgresql://none@localhost/none",
            conn_max_age=env_int("DATABASE_CONN_MAX_AGE", 60),
        ),
        "ATOMIC_REQUESTS": False,
    }
}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
    "options", " ".join(f"-c {name}={value}" for name, value in DATABASE_SETTINGS.items())
)
# A statement that a connection sees again is read and planned once by PostgreSQL (oti/apps.py). A
# pooler that gives each transaction another connection can't have that: 0 leaves it out.
if env_bool("DATABASE_PREPARE", default=True):
    DATABASES["default"]["OPTIONS"] |= {"server_side_binding": True, "prepare_threshold": 1}
CACHES = {
    "default": {
        "BACKEND": "oti.cache.FailOpenRedisCache",
        "LOCATION": REDIS_URL or "redis://localhost/0",
        "KEY_PREFIX": env("CACHE_PREFIX", "velay"),
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
}
# How long a process shows again what changes rarely (poles, tariffs of the tax, lists of things to
# do) without reading it; nothing that is sold is remembered (oti/lib/memo.py).
REMEMBER_SECONDS = env_int("REMEMBER_SECONDS", 30 if IS_PRODUCTION else 0)
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_SAMESITE = "Lax"

CELERY_BROKER_URL = BROKER_URL or "redis://localhost/0"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "booking.tasks.send_message": {"queue": "mail"},
    "booking.tasks.send_messages": {"queue": "mail"},
    "destination.tasks.check_outside_links": {"queue": "sync"},
    "booking.tasks.read_calendars": {"queue": "sync"},
    "booking.tasks.send_hooks": {"queue": "sync"},
    "booking.tasks.drain_hooks": {"queue": "sync"},
    "booking.tasks.run_campaigns": {"queue": "sync"},
}
CELERY_TASK_TIME_LIMIT = 120
# A process of the worker keeps its line to the database from task to task (oti/celery.py says when
# it takes another one).
CELERY_DB_REUSE_MAX = 10_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5}
CELERY_TIMEZONE = "Europe/Paris"
# A file that the worker touches as long as it is linked to the broker, for a health check.
WORKER_HEARTBEAT_FILE = env("WORKER_HEARTBEAT_FILE", "")
CELERY_BEAT_SCHEDULE = {
    "drain-outbox": {"task": "booking.tasks.drain_outbox", "schedule": 30.0},
    "reconcile-payments": {"task": "booking.tasks.reconcile_payments", "schedule": 60.0},
    "retry-gateway-events": {"task": "booking.tasks.retry_gateway_events", "schedule": 60.0},
    "release-payouts": {"task": "booking.tasks.release_payouts", "schedule": 300.0},
    "refresh-accounts": {"task": "booking.tasks.refresh_accounts", "schedule": 600.0},
    "pursue-refunds": {"task": "booking.tasks.pursue_refunds", "schedule": 120.0},
    "tidy-holds": {"task": "booking.tasks.tidy_holds", "schedule": 300.0},
    "report-uncovered": {"task": "booking.tasks.report_uncovered", "schedule": 3600.0},
    "read-calendars": {
        "task": "booking.tasks.read_calendars",
        "schedule": 60.0,
        # A round that waited is that of the next minute.
        "options": {"expires": 60},
    },
    "drain-hooks": {
        "task": "booking.tasks.drain_hooks",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "tell-incidents": {"task": "booking.tasks.tell_incidents", "schedule": 300.0},
    "follow-classifications": {
        "task": "booking.tasks.follow_classifications",
        "schedule": crontab(minute=5, hour="0,4"),
    },
    "tend-exports": {"task": "booking.tasks.tend_exports", "schedule": 300.0},
    "remind-of-stays": {"task": "booking.tasks.remind_of_stays", "schedule": 900.0},
    "forget-reviews": {"task": "booking.tasks.forget_reviews", "schedule": 86400.0},
    "tell-of-mediation": {"task": "booking.tasks.tell_of_mediation", "schedule": 21600.0},
    "ask-after-stays": {"task": "booking.tasks.ask_after_stays", "schedule": 1800.0},
    "write-life-cycle": {"task": "booking.tasks.write_life_cycle", "schedule": 1800.0},
    "follow-gifts": {"task": "booking.tasks.follow_gifts", "schedule": 600.0},
    "carry-out-call-offs": {"task": "booking.tasks.carry_out_call_offs", "schedule": 60.0},
    "follow-requests": {"task": "booking.tasks.follow_requests", "schedule": 60.0},
    "follow-referrals": {"task": "booking.tasks.follow_referrals", "schedule": 600.0},
    "follow-meetings": {"task": "booking.tasks.follow_meetings", "schedule": 300.0},
    "drop-leftovers": {
        "task": "booking.tasks.drop_leftovers",
        "schedule": crontab(minute=29, hour=4),
    },
    "forget-letters": {
        "task": "booking.tasks.forget_letters",
        "schedule": crontab(minute=47, hour=4),
    },
    "remind-of-papers": {"task": "booking.tasks.remind_of_papers", "schedule": 3600.0},
    "forget-silent-addresses": {
        "task": "booking.tasks.forget_silent_addresses",
        "schedule": 3600.0,
    },
    # Written once; asked for all day, so that a clock that slept at eight is no week without it.
    "write-monday-letter": {
        "task": "booking.tasks.write_monday_letter",
        "schedule": crontab(minute="*/15", hour="8-23", day_of_week=1),
    },
    "read-guest-imports": {"task": "booking.tasks.read_guest_imports", "schedule": 60.0},
    "write-guest-imports": {"task": "booking.tasks.write_guest_imports", "schedule": 300.0},
    "forget-guests": {
        "task": "booking.tasks.forget_guests",
        "schedule": crontab(minute=53, hour="0-5"),
    },
    "run-campaigns": {"task": "booking.tasks.run_campaigns", "schedule": 60.0},
    "know-guests": {"task": "booking.tasks.know_guests", "schedule": crontab(minute=23)},
    "follow-sellers": {"task": "booking.tasks.follow_sellers", "schedule": crontab(minute=13)},
    "forget-presences": {
        "task": "booking.tasks.forget_presences",
        "schedule": crontab(minute=11, hour=4),
    },
    "ask-for-care-sheets": {"task": "booking.tasks.ask_for_sheets", "schedule": 300.0},
    "purge-care-sheets": {"task": "booking.tasks.purge_care_sheets", "schedule": 3600.0},
    "make-renditions": {"task": "destination.tasks.make_renditions", "schedule": 60.0},
    "publish-scheduled": {"task": "destination.tasks.publish_scheduled", "schedule": 60.0},
    # Each night some, each of them once a week.
    "check-outside-links": {
        "task": "destination.tasks.check_outside_links",
        "schedule": crontab(minute=17, hour=3),
    },
    "keep-house-months": {
        "task": "booking.tasks.keep_house_months",
        "schedule": crontab(minute=41, hour=3),
    },
    "extend-search-table": {"task": "booking.tasks.extend_search_table", "schedule": 600.0},
}

# --- Languages and time ---------------------------------------------------------------------
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("French")), ("en", _("English")), ("de", _("German"))]
WAGTAIL_CONTENT_LANGUAGES = LANGUAGES
WAGTAIL_I18N_ENABLED = True
MODELTRANSLATION_LANGUAGES = ("fr", "en", "de")
MODELTRANSLATION_DEFAULT_LANGUAGE = "fr"
MODELTRANSLATION_FALLBACK_LANGUAGES = {"default": ("fr",), "de": ("en", "fr")}
LOCALE_PATHS = [BASE_DIR / "oti" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"

# --- Static files and media --------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env("MEDIA_ROOT", str(DATA_DIR / "media")))
# Papers of hosts, sealed: served by nothing but the page that checks who asks.
PRIVATE_ROOT = Path(env("PRIVATE_ROOT", str(DATA_DIR / "private")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "oti.staticfiles.RememberingStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
WHITENOISE_AUTOREFRESH = not IS_PRODUCTION
# Photographs are served by the proxy in production; by Django on a developer's machine.
SERVE_MEDIA = env_bool("SERVE_MEDIA", default=not IS_PRODUCTION)

# --- People ----------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "after-login"
ACCOUNT_ADAPTER = "members.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_FORMS = {
    "signup": "members.forms.SignupForm",
    "login": "members.forms.LoginForm",
    "request_login_code": "members.forms.RequestLoginCodeForm",
    "add_email": "members.forms.AddEmailForm",
    "reset_password": "members.forms.ResetPasswordForm",
}
# Signing in with Google (members/google.py): offered with both of these, else its addresses are
# nobody's. To be entered at Google as where it sends back: BASE_URL/compte/google/login/callback/
GOOGLE_CLIENT_ID = env("GOOGLE_CLIENT_ID", "")
GOOGLE_CLIENT_SECRET = env("GOOGLE_CLIENT_SECRET", "")
if bool(GOOGLE_CLIENT_ID) != bool(GOOGLE_CLIENT_SECRET):
    msg = "Set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET, or neither."
    raise ImproperlyConfigured(msg)
GOOGLE_APP = {"client_id": GOOGLE_CLIENT_ID, "secret": GOOGLE_CLIENT_SECRET}
SOCIALACCOUNT_ADAPTER = "members.google.GoogleAdapter"
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, Any]] = {
    "google": {
        "APPS": [GOOGLE_APP] if GOOGLE_CLIENT_ID else [],
        "SCOPE": ["email", "profile"],
        "AUTH_PARAMS": {"access_type": "online"},
        "OAUTH_PKCE_ENABLED": True,
    }
}
SOCIALACCOUNT_FORMS = {"signup": "members.forms.GoogleSignupForm"}
# Nobody has an account without having declared their age.
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
# The adapter says which addresses: those that the account has proved too.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
# Another way in is as much as another password: asked for again like before a change of factors.
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_ADAPTER = "members.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_PRODUCTION
# A passkey counts as two proofs: the device, and the finger, face or PIN that opens it.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_FORMS = {
    "authenticate": "members.forms.AuthenticateForm",
    "reauthenticate": "members.forms.ReauthenticateForm",
    "activate_totp": "members.forms.ActivateAppForm",
    "add_webauthn": "members.forms.AddPasskeyForm",
    "edit_webauthn": "members.forms.EditPasskeyForm",
}
MFA_TOTP_ISSUER = "Velay, terre de liens"
# Who works for a house or at the desk gives two proofs (members/second_factor.py). Off only where
# nobody's data are at stake, on a developer's machine and in tests: production doesn't listen.
SECOND_FACTOR = env("SECOND_FACTOR", "") or ("on" if IS_PRODUCTION else "off")
if SECOND_FACTOR not in {"on", "off"}:
    msg = f"SECOND_FACTOR must be on or off, not {SECOND_FACTOR!r}."
    raise ImproperlyConfigured(msg)
IS_SECOND_FACTOR_ASKED = IS_PRODUCTION or SECOND_FACTOR == "on"
# How long somebody may go on with one proof after being asked for two. 0: whoever has stolen a
# host's password would use these days, too. More only for the weeks in which a site with accounts
# of its own brings its hosts along.
SECOND_FACTOR_GRACE_DAYS = env_int("SECOND_FACTOR_GRACE_DAYS", 0)
# Only proxies of our own may say who the client is.
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXIES", 0)

# --- Wagtail ---------------------------------------------------------------------------------
WAGTAIL_SITE_NAME = "Velay, terre de liens"
WAGTAILADMIN_BASE_URL = BASE_URL
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "destination.desk_search"}}
# What was just asked to be translated isn't in its language yet.
WAGTAILLOCALIZE_SYNC_LIVE_STATUS_ON_TRANSLATE = False
WAGTAILIMAGES_IMAGE_MODEL = "destination.Picture"
WAGTAILIMAGES_IMAGE_FORM_BASE = "destination.forms.PictureForm"
# What a phone or a good camera makes; beyond, making it smaller would stop everybody.
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 40_000_000
WAGTAILIMAGES_EXTENSIONS = ["jpg", "jpeg", "png", "webp", "avif"]
WAGTAILIMAGES_MAX_UPLOAD_SIZE = 15 * 1024 * 1024
# One door for everybody, with its limits and its second proof: this address leads to it.
WAGTAILADMIN_LOGIN_URL = "/gestion/login/"
WAGTAIL_PASSWORD_RESET_ENABLED = False
# Days and hours are those of the Velay for everybody.
WAGTAIL_USER_TIME_ZONES = [TIME_ZONE]
# Nor a second page for what signs one in: the account's own asks for a proof and writes a notice.
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
# No picture of anybody is asked for elsewhere.
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_ALLOW_UNICODE_SLUGS = False
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAILDOCS_EXTENSIONS = ["pdf", "csv", "docx", "odt", "xlsx", "ods"]
TAGGIT_CASE_INSENSITIVE = True

# --- Mail --------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", '"Velay, terre de liens" <bonjour@example.org>')
MAIL_DIR = DATA_DIR / "mail"
if IS_DEV and "EMAIL_HOST" not in os.environ:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAIL_DIR
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env("EMAIL_HOST", "localhost")
EMAIL_PORT = env_int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 10
# Who carries the mails (`booking.carriers`), and what its webhooks are believed by: Mailgun's key,
# or `name:word`; without it none is taken.
MAIL_CARRIER = env("MAIL_CARRIER", "mailgun")
MAIL_WEBHOOK_KEY = env("MAIL_WEBHOOK_KEY", "" if IS_PRODUCTION else "mail_local")

# --- SMS: a service that takes JSON over https; without its address nobody is texted ------------
SMS_URL = env("SMS_URL", "")
SMS_KEY = env("SMS_KEY", "")
# A developer's machine writes them into its log.
SMS_CONSOLE = IS_DEV

# --- Money: the stand-in differs from the bank by the address and the keys, by nothing else -----
STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY", None if IS_PRODUCTION else "sk_test_local")
STRIPE_WEBHOOK_SECRET = env("STRIPE_WEBHOOK_SECRET", None if IS_PRODUCTION else "whsec_local")
STRIPE_API_BASE = env("STRIPE_API_BASE", "")
STRIPE_CHECKOUT_ORIGIN = env(
    "STRIPE_CHECKOUT_ORIGIN", STRIPE_API_BASE or "https://checkout.stripe.com"
)
# Hosts give their papers there; the stand-in has one address for everything.
STRIPE_CONNECT_ORIGIN = env(
    "STRIPE_CONNECT_ORIGIN",
    STRIPE_CHECKOUT_ORIGIN if STRIPE_API_BASE else "https://connect.stripe.com",
)
# A provider's share goes that long after its last service ended (features.md C03).
PAYOUT_DELAY_HOURS = env_int("PAYOUT_DELAY_HOURS", 24)
# A care sheet is deleted that many days after the children went home (features.md N05).
CARE_SHEET_DAYS = env_int("CARE_SHEET_DAYS", 30)
# Childcare: most hours at a stretch, and what a child takes in fortieths of a carer (N05,
# core.md 5): 8 and 5 let five under 6 or eight older ones be with one.
CARE_MAX_HOURS = env_int("CARE_MAX_HOURS", 5)
CARE_UNITS_BELOW_SIX = env_int("CARE_UNITS_BELOW_SIX", 8)
CARE_UNITS_FROM_SIX = env_int("CARE_UNITS_FROM_SIX", 5)
# What the tax office must be told of a house (DAC7) is asked for again after that many days; its
# payments wait that many days after the first letter. Statements go in January from this day on.
SELLER_SECOND_LETTER_DAYS = env_int("SELLER_SECOND_LETTER_DAYS", 30)
SELLER_FREEZE_DAYS = env_int("SELLER_FREEZE_DAYS", 60)
SELLER_STATEMENT_DAY = env_int("SELLER_STATEMENT_DAY", 15)
# What households said of their days is deleted so long after they left.
PRESENCE_KEPT_DAYS = env_int("PRESENCE_KEPT_DAYS", 730)
# What was written is kept that many days: messages of guest and host after the last service of
# their order, mails and SMS after they were sent, invitations (teams, households) after they ended.
TALKS_KEPT_DAYS = env_int("TALKS_KEPT_DAYS", 730)
MESSAGES_KEPT_DAYS = env_int("MESSAGES_KEPT_DAYS", 365)
INVITATIONS_KEPT_DAYS = env_int("INVITATIONS_KEPT_DAYS", 182)
# Providers of the demonstration have no papers to give: the stand-in takes them as given.
PAYOUT_DEMO_ACCOUNTS = IS_DEV and bool(STRIPE_API_BASE)

# --- Selling (core.md 3, 8, 9) ------------------------------------------------------------------
HOLD_MINUTES = env_int("HOLD_MINUTES", 15)
HOLD_MAX_MINUTES = env_int("HOLD_MAX_MINUTES", 165)
PAYMENT_SESSION_MINUTES = env_int("PAYMENT_SESSION_MINUTES", 30)
PAYMENT_GRACE_MINUTES = env_int("PAYMENT_GRACE_MINUTES", 5)
# On request: how long a host has to answer, and the guest to pay what was accepted (the bank's page
# lives 24 hours at most).
REQUEST_ANSWER_HOURS = env_int("REQUEST_ANSWER_HOURS", 24)
REQUEST_PAYMENT_HOURS = env_int("REQUEST_PAYMENT_HOURS", 24)
# Greeters (features.md 1.14): how many days ahead a visitor asks, how long greeters may answer, how
# long names, addresses and messages of a meeting are kept after it.
GREETER_NOTICE_DAYS = env_int("GREETER_NOTICE_DAYS", 7)
GREETER_ANSWER_HOURS = env_int("GREETER_ANSWER_HOURS", 48)
GREETER_KEPT_DAYS = env_int("GREETER_KEPT_DAYS", 90)
# Ambassadors (features.md M05): how many days after an invitation a friend's stay may be booked,
# and whether they see who brought how many.
REFERRAL_WINDOW_DAYS = env_int("REFERRAL_WINDOW_DAYS", 365)
AMBASSADOR_RANKING = env_bool("AMBASSADOR_RANKING", default=False)
# After a stay: when its guest is asked how it was, and until when it may answer.
# A stay of as many persons or more is a group's, counted apart (features.md N08).
GROUP_FROM = env_int("GROUP_FROM", 10)
SURVEY_AFTER_DAYS = env_int("SURVEY_AFTER_DAYS", 2)
SURVEY_DAYS = env_int("SURVEY_DAYS", 90)
# Letters with something for sale that an address gets in 30 days, campaigns among them (N06).
COMMERCIAL_LETTERS_IN_30_DAYS = env_int("COMMERCIAL_LETTERS_IN_30_DAYS", 2)
# The annual gift (N07): who stayed in so many months has one; addresses are deleted so many days
# after it was sent, or closed.
GIFT_STAY_MONTHS = env_int("GIFT_STAY_MONTHS", 24)
GIFT_ADDRESS_DAYS = env_int("GIFT_ADDRESS_DAYS", 60)
# Older reviews say nothing of a house any more (code de la consommation D111-17).
REVIEW_YEARS = env_int("REVIEW_YEARS", 3)
# Who gives no sign of life: accounts are warned after so many years and emptied some days later;
# guests that a host's file told of, and notes of the office, go (domain.md §8.1).
ACCOUNT_KEPT_YEARS = env_int("ACCOUNT_KEPT_YEARS", 3)
ACCOUNT_WARNED_DAYS = env_int("ACCOUNT_WARNED_DAYS", 30)
GUEST_KEPT_YEARS = env_int("GUEST_KEPT_YEARS", 3)
NOTES_KEPT_YEARS = env_int("NOTES_KEPT_YEARS", 3)
IMPORT_ROWS_KEPT_DAYS = env_int("IMPORT_ROWS_KEPT_DAYS", 30)
# A guest who asks the office something has an answer within as many working days.
QUESTION_WORKING_DAYS = env_int("QUESTION_WORKING_DAYS", 2)
# A complaint: until when it is answered, when its guest hears of the mediator (C. conso L612-1).
COMPLAINT_WORKING_DAYS = env_int("COMPLAINT_WORKING_DAYS", 10)
MEDIATION_AFTER_DAYS = env_int("MEDIATION_AFTER_DAYS", 60)
SEARCH_HORIZON_DAYS = env_int("SEARCH_HORIZON_DAYS", 540)
LONGEST_STAY_NIGHTS = env_int("LONGEST_STAY_NIGHTS", 90)
INFANT_BELOW_AGE = env_int("INFANT_BELOW_AGE", 2)
MAX_PARTY = env_int("MAX_PARTY", 20)
# What becomes of a basket that is a package (domain.md §2.2): the office sells it as organiser,
# or it can't be paid in one go.
PACKAGE_POLICY = env("PACKAGE_POLICY", "organiser")
if PACKAGE_POLICY not in {"organiser", "block"}:
    msg = f"PACKAGE_POLICY must be organiser or block, not {PACKAGE_POLICY!r}."
    raise ImproperlyConfigured(msg)
# The demonstration's form and organiser bind nobody: production sells no package on them.
SELLS_ON_DEMO_TEXTS = not IS_PRODUCTION
# Hosts of calendars that the office allows beside those of the known platforms
# (`booking.rules.channels.PLATFORMS`), and what is below them.
CALENDAR_HOSTS = env_list("CALENDAR_HOSTS")
OFFICE = {
    "name": env("OFFICE_NAME", "Office de tourisme du Pays du Velay"),
    "phone": env("OFFICE_PHONE", "04 71 00 00 00"),
    "email": env("OFFICE_EMAIL", "bonjour@example.org"),
    "address": env("OFFICE_ADDRESS", "Place du Breuil, 43000 Le Puy-en-Velay"),
}

# --- Safety --------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = not PLAIN_HTTP
SESSION_COOKIE_SECURE = not PLAIN_HTTP
CSRF_COOKIE_SECURE = not PLAIN_HTTP
LANGUAGE_COOKIE_SECURE = not PLAIN_HTTP
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 0 if PLAIN_HTTP else 60 * 60 * 24 * 365
SECURE_HSTS_INCLUDE_SUBDOMAINS = not PLAIN_HTTP
SECURE_HSTS_PRELOAD = not PLAIN_HTTP
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
if env_bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# The desk's previews, the only pages that are framed, say so themselves.
X_FRAME_OPTIONS = "DENY"
CLOSED_PERMISSIONS = (
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer"),
    *("microphone", "midi", "payment", "serial", "usb", "xr-spatial-tracking"),
)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
PAPER_MAX_BYTES = 8 * 1024 * 1024
OFFER_PHOTOS_MAX_BYTES = 48 * 1024 * 1024
DESK_PREFIX = "/gestion/"
# Where a body may be how long, in bytes: the first prefix that matches. Pictures go to the desk.
BODY_LIMITS = (
    # Files of guests, with the form around them (booking/rules/guest_files.py).
    (f"{DESK_PREFIX}clients-importes/", 21 * 1024 * 1024),
    (DESK_PREFIX, WAGTAILIMAGES_MAX_UPLOAD_SIZE + 1024 * 1024),
    # A host's document, with the form around it.
    ("/pro/papiers/", PAPER_MAX_BYTES + 1024 * 1024),
    # The paper of a household, with the form around it.
    ("/espace/residence/", PAPER_MAX_BYTES + 1024 * 1024),
    # Photographs of a host's offer, a few at once.
    ("/pro/offres/", OFFER_PHOTOS_MAX_BYTES + 1024 * 1024),
    ("", DATA_UPLOAD_MAX_MEMORY_SIZE),
)
# Requests of one address: (how many, in how many seconds), see oti/limits.py. A hotel or a mobile
# network is one address too: what bounds a person is generous.
RATE_LIMITS: dict[str, tuple[int, int]] = {
    "all": (600, 60),
    "write": (120, 60),
    "bank": (3000, 60),
}
if env_bool("RATE_LIMITS_OFF", default=False):
    RATE_LIMITS = {}
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    # The desk's own is below.
    "EXCLUDE_URL_PREFIXES": (DESK_PREFIX, "/boite/contenu/"),
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *sorted({STRIPE_CHECKOUT_ORIGIN, STRIPE_CONNECT_ORIGIN})],
        "frame-src": [SELF],
        "frame-ancestors": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}
if GOOGLE_CLIENT_ID:
    # The button is a form, and browsers look at where its answer leads too.
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append("https://accounts.google.com")
# Pictures of a map from elsewhere, below our own markers: without an address, the drawn map of the
# brand and nobody else is asked. https://…/{z}/{x}/{y}.png, and whose they are, always shown.
MAP_TILES_URL = env("MAP_TILES_URL", "")
MAP_TILES_ATTRIBUTION = env("MAP_TILES_ATTRIBUTION", "")
if MAP_TILES_URL:
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"].append(
        tiles_origin(MAP_TILES_URL, MAP_TILES_ATTRIBUTION)
    )
# How often one address may ask the API: reading, changing a basket, ordering, trying friends'
# codes; 0 for no limit.
API_RATES = {
    "read": env("API_RATE_READ", "300/minute"),
    "write": env("API_RATE_WRITE", "60/minute"),
    "checkout": env("API_RATE_CHECKOUT", "10/minute"),
    "codes": env("API_RATE_CODES", "10/minute"),
}
# Wagtail's choosers of dates and its buttons start from scripts inside the page, its editor of
# texts sets styles: only signed-in staff get these pages, and nothing of another site runs there.
DESK_CONTENT_SECURITY_POLICY = {
    "default-src": [SELF],
    "script-src": [SELF, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    "font-src": [SELF, "data:"],
    "connect-src": [SELF],
    "form-action": [SELF],
    "frame-src": [SELF],
    "frame-ancestors": [SELF],
    "base-uri": [NONE],
    "object-src": [NONE],
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Velay, terre de liens",
    "DESCRIPTION": "The same stock, prices and basket as the pages: see oti/api/README.md.",
    "VERSION": "1",
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "access_token": {"type": "http", "scheme": "bearer"},
            "house_key": {"type": "http", "scheme": "bearer"},
        }
    },
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"without_keys": {"()": "oti.logs.WithoutKeys"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without_keys"],
        }
    },
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"level": "WARNING"},
        # A refused signature or a 404 is not our failure.
        "django.request": {"level": "ERROR"},
    },
}
