"""The portal's production settings, with a counter of queries and a plain view beside the portal's pages."""

from partnercenter.settings import *  # noqa: F403

MIDDLEWARE = ["tests.benchmarks.counting.CountingMiddleware", *MIDDLEWARE]  # noqa: F405
ROOT_URLCONF = "tests.benchmarks.urls"
SECURE_SSL_REDIRECT = False  # the load comes over plain HTTP on loopback
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # noqa: F405
LOGGING["root"]["level"] = "WARNING"  # noqa: F405
TEMPLATES[0]["DIRS"].append(BASE_DIR / "tests/benchmarks/templates")  # noqa: F405
STATIC_ROOT = None  # nobody asks this server for files
