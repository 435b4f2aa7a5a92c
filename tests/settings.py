"""Settings of the test suite: the product's own, with what only tests may change."""

import os

os.environ["OTI_MODE"] = "test"
os.environ.setdefault("BASE_URL", "http://testserver")

from oti.devtools.catalogues import compile_catalogues
from oti.settings import *  # noqa: F403
from oti.settings import LOCALE_PATHS

# Before Django reads them: on a fresh clone there are none, and addresses are words of a language.
compile_catalogues(LOCALE_PATHS)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_TASK_ALWAYS_EAGER = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING = {"version": 1, "disable_existing_loggers": False}
# Tasks asked for by a test go nowhere: tests call the use cases themselves.
CELERY_BROKER_URL = "memory://"
# All tests are one address: those of the limits set their own.
RATE_LIMITS = {}
# Wagtail's index of what refers to what is kept for the desk's pages of use, which no test reads.
TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}
