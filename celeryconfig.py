"""Celery's configuration; every process that shares the broker must load this same module.

Loaded by `app.queue.celery`. Each setting carries its reason; the measurements are in docs/adr.
"""

from kombu import Queue

from app import settings
from app.queue.names import CONTROL, MEDIA, PLANNING, SWEEP, TRANSFER, WEBHOOKS
from app.queue.urls import celery_url

_settings = settings.current()

broker_url = celery_url(_settings.redis_url)
# chords count their headers in the result backend; Postgres holds the results that matter
result_backend = broker_url
include = ["tasks.control", "tasks.media", "tasks.transfer", "tasks.webhooks", "tasks.lifecycle"]

# a queue for each length of work, so that long work never blocks short work
task_queues = [Queue(name) for name in (CONTROL, PLANNING, MEDIA, TRANSFER, WEBHOOKS)]
task_default_queue = CONTROL
task_create_missing_queues = False  # a typo in a queue name is an error, not a new queue

# ids only travel, so JSON is enough and nothing can be unpickled
task_serializer = result_serializer = "json"
accept_content = ["json"]
timezone = "UTC"
enable_utc = True

# FFmpeg tasks acknowledge early: a message that is redelivered while its task runs would start a
# second FFmpeg, and a worker that holds unacknowledged messages dies when Redis restarts
task_acks_late = False
worker_prefetch_multiplier = 1
# a message in a worker's hands can be served by nobody else, and is redelivered when it waits long
worker_disable_prefetch = True
# a killed pool child is reported as lost; its message is sent again and claims the expired lease
task_retry_on_worker_lost = True
task_reject_on_worker_lost = False  # would requeue a poisonous message for ever

broker_transport_options = {
    # must be longer than any retry countdown; equal in all processes, the shortest value wins
    "visibility_timeout": float(_settings.visibility_timeout_s),
    # strictly by priority 0 (first) to 9; producers and workers must agree or messages strand
    "priority_steps": list(range(10)),
    "sep": ":",
    "queue_order_strategy": "priority",
    # a Redis that does not answer must not hold an API request
    "socket_connect_timeout": 1.0,
    "socket_timeout": 5.0,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "retry_on_timeout": False,
    # a producer that finds nobody gives up within a second; kombu's default is six
    "max_retries": 1,
    "interval_start": 0.0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
result_backend_transport_options = {"socket_connect_timeout": 1.0}
redis_socket_connect_timeout = 1.0
redis_socket_timeout = 5.0
broker_connection_timeout = 1.0
broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # a worker waits for Redis as long as it takes
# a producer that cannot send says so at once; the sweep will send
task_publish_retry = False

# results are kept for chord counting only; a chord's count must outlive its slowest header
task_ignore_result = True
result_expires = 86_400
result_chord_expires = 7 * 86_400

# Flower lists tasks from these events
worker_send_task_events = True
task_send_sent_event = True
worker_consumer = "tasks.consumer:Consumer"  # sends several of them at a time
task_track_started = False  # Postgres knows what runs

worker_hijack_root_logger = False  # app.log configures logging
# children that FFmpeg-probing made large are replaced now and then
worker_max_tasks_per_child = 500
# how long a stopped worker may finish what it runs before its steps are given back
worker_soft_shutdown_timeout = float(_settings.drain_s)
worker_enable_soft_shutdown_on_idle = False

beat_schedule = {
    "sweep": {
        "task": SWEEP,
        "schedule": float(_settings.sweep_s),
        # orders that pile up are passed over (`app.services.sweep`): an expiry would compare clocks
        "options": {"queue": CONTROL, "ignore_result": True},
    },
}
