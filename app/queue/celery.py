"""The Celery object. Tasks register on it in `tasks`; everybody else sends by name."""

from celery import Celery

from app.queue import transport

transport.register()
celery = Celery("media_pipeline")
celery.config_from_object("celeryconfig")

LAST_DEADLINE = "media_pipeline_last_deadline"
"""An attribute of the Celery object, in programs whose end is bounded."""
