"""Receive webhooks: verify the signature, answer at once, and do each event's work only once.

    MEDIA_PIPELINE_WEBHOOK_SECRET=whsec_… python examples/webhook_receiver.py 8000

The secret comes from `POST /v1/webhook-secrets`. Needs `pip install flask standardwebhooks`.
"""

import os
import sys

from flask import Flask, request
from standardwebhooks import Webhook, WebhookVerificationError

app = Flask(__name__)
seen: set[str] = set()  # a real receiver keeps the ids in its database


@app.post("/hooks/media")
def receive() -> tuple[str, int]:
    secret = os.environ["MEDIA_PIPELINE_WEBHOOK_SECRET"]
    try:
        event = Webhook(secret).verify(request.get_data(), dict(request.headers))
    except WebhookVerificationError as error:
        return str(error), 400
    if request.headers["webhook-id"] not in seen:  # the same event may come twice
        seen.add(request.headers["webhook-id"])
        job = event["data"]
        print(event["type"], job.get("job_id"), job.get("status"), flush=True)
    return "", 204


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]) if len(sys.argv) > 1 else 8000)
