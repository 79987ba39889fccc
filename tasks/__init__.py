"""Celery tasks: doors. A body calls one service; what it decides is in `app.services`."""
