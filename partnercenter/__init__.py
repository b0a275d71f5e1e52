"""The building: settings, URLs and whatever looks at every room at once."""

from partnercenter.celery import app as celery_app

__all__ = ["celery_app"]
