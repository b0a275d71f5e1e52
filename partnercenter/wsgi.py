"""The WSGI callable that gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "partnercenter.settings")

application = get_wsgi_application()

# What is loaded now stays for good: without this, the collector walks all of it again during nearly every page.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)
