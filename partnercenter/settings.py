"""Settings, read from the environment. Only what differs from Django's defaults is here.

Outside DEBUG there are no fallbacks: without SECRET_KEY, ALLOWED_HOSTS and DATABASE_URL the process refuses to start.
"""

from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="only-for-development") if DEBUG else env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"]) if DEBUG else env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "partnercenter",
    "accounts",
    "activity",
    "outbox",
    "staff",
    "providers",
    "resellers",
    "customers",
    "subscriptions",
    "allauth",
    "allauth.account",
    "csp",
    "django_countries",
    "django_filters",
    "django_htmx",
    "heroicons",
    "pgtrigger",
    "phonenumber_field",
    "whitenoise.runserver_nostatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "partnercenter.middleware.ReferenceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "partnercenter.middleware.ReaderMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "partnercenter.middleware.SignInRedirectMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "partnercenter.bell.BellMiddleware",
    "accounts.middleware.TemporaryPasswordMiddleware",
    "partnercenter.errors.OnlyByButtonMiddleware",
    "partnercenter.errors.OwnPagesMiddleware",
]

ROOT_URLCONF = "partnercenter.urls"
WSGI_APPLICATION = "partnercenter.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "partnercenter.menu.navigation",
            ],
        },
    }
]
FORM_RENDERER = "partnercenter.forms.PortalFormRenderer"

DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
    "min_size": env.int("DATABASE_POOL_MIN", default=1),
    "max_size": env.int("DATABASE_POOL_MAX", default=16),
    "timeout": 5,
}

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        # redis-py calls a socket unix://, Celery calls the same socket redis+socket://
        "LOCATION": REDIS_URL.replace("redis+socket://", "unix://"),
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_BEAT_SCHEDULE = {
    "deliver-waiting-mail": {"task": "outbox.tasks.deliver_waiting", "schedule": 60.0},
    "remind-of-partnership-requests": {"task": "resellers.tasks.remind_of_requests", "schedule": 3600.0},
    "remind-of-relationship-requests": {"task": "customers.tasks.remind_of_requests", "schedule": 3600.0},
    "remind-of-invitations": {"task": "staff.tasks.remind_of_invitations", "schedule": 3600.0},
    "remind-of-agreements": {"task": "resellers.tasks.remind_of_agreements", "schedule": 3600.0},
    "draw-statements": {"task": "subscriptions.tasks.draw_statements", "schedule": 3600.0},
    # Two hours into the day, in UTC: what was shown before midnight and submitted after it is counted by then.
    "close-statements": {"task": "subscriptions.tasks.close_statements", "schedule": crontab(hour="2", minute="0")},
    "renew-subscriptions": {"task": "subscriptions.tasks.renew_due", "schedule": 60.0, "options": {"expires": 60}},
    "remind-of-renewals": {"task": "subscriptions.tasks.remind_of_renewals", "schedule": 3600.0},
    "resume-bulk-changes": {"task": "subscriptions.tasks.resume_bulk_changes", "schedule": 60.0},
    "take-up-price-lists": {
        "task": "subscriptions.tasks.take_up_price_lists",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    }
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = None
# A new address takes the place of the old one once its code was entered; the password is asked for again before.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_FORMS = {
    "add_email": "accounts.sign_in_forms.ChangeAddressForm",
    "reauthenticate": "accounts.sign_in_forms.ReauthenticateForm",
    "login": "accounts.sign_in_forms.LoginForm",
    "change_password": "accounts.sign_in_forms.ChangePasswordForm",
    "reset_password_from_key": "accounts.sign_in_forms.ResetPasswordForm",
}
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
# Narrows who may do what, e.g. {"remove_partnership": ["global_admin", "admin_agent"]}; see accounts/roles.py.
ROLE_RESTRICTIONS = env.json("ROLE_RESTRICTIONS", default={})
# With a review, a reseller that enrols waits until the operator authorises it in Django admin.
ENROLMENT_NEEDS_REVIEW = env.bool("ENROLMENT_NEEDS_REVIEW", default=False)

EMAIL_FILE_PATH = str(BASE_DIR / ".dev" / "mail")
if DEBUG and "EMAIL_URL" not in env.ENVIRON:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
else:
    vars().update(env.email("EMAIL_URL", default="smtp://localhost:25"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Partner Center <no-reply@portal.example>")
# Where links in mail lead; the portal's own address as its users see it.
PORTAL_URL = env.str("PORTAL_URL", default=f"http://localhost:{env.str('PORT', default='8000')}")

LANGUAGES = [("en", _("English")), ("ja", _("Japanese"))]
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
COUNTRIES_OVERRIDE = {"XK": _("Kosovo")}  # sold to, but without an ISO code of its own
PHONENUMBER_DB_FORMAT = "E164"
PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"

STATIC_URL = "static/"
STATIC_ROOT = None if DEBUG else BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
# Only asked while DEBUG is on; the traceback is in the log.
DEFAULT_EXCEPTION_REPORTER = "partnercenter.reports.OwnPageReporter"
CSRF_FAILURE_VIEW = "partnercenter.errors.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_SSL_REDIRECT = not DEBUG and env.bool("SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 0 if DEBUG else env.int("HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEBUG
SECURE_HSTS_PRELOAD = not DEBUG
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_AGE = 12 * 60 * 60
LANGUAGE_COOKIE_SAMESITE = "Lax"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"reference": {"()": "partnercenter.middleware.ReferenceFilter"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} [{reference}] {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["reference"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # Django's own handlers would write the same lines again, without the reference.
    "loggers": {name: {"handlers": [], "propagate": True} for name in ("django", "django.server")},
}
