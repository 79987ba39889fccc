"""What the processes of a service load, imported once: they are forked from the process that imports this.

Nothing here may read settings, open a connection or start a thread: the copies have their own environment.
A module that is missing here is loaded by each of them, and takes its time there.
"""
# ruff: noqa: F401

import gc
from contextlib import suppress

import billiard.popen_fork
import billiard.sharedctypes
import celery.app.control
import celery.app.events
import celery.app.log
import celery.apps.beat
import celery.apps.worker
import celery.backends.redis
import celery.bin.beat
import celery.bin.worker
import celery.concurrency.prefork
import celery.concurrency.thread
import celery.events.state
import celery.worker.autoscale
import celery.worker.components
import celery.worker.consumer.delayed_delivery
import celery.worker.control
import celery.worker.strategy
import gunicorn.app.wsgiapp
import gunicorn.glogging
import kombu.transport.redis
import psycopg2.errors
import psycopg2.extras
from sqlalchemy.orm import configure_mappers

import app.cli.http_worker
import app.cli.main
import app.cli.walls
import app.engine.last_deadline
import app.factory
import app.queue.celery
import app.queue.urls
import tasks.consumer
import tasks.control
import tasks.lifecycle
import tasks.media
import tasks.transfer
import tasks.webhooks
from operators import registry

configure_mappers()
with suppress(Exception):  # of somebody's operator: who needs it says so, in its own log
    registry.listed()
gc.freeze()  # what is here stays: a look at it would copy it
