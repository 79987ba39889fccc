"""The yardstick of row 9: Flask, and one INSERT a request. Nothing is checked, and nobody is asked who they are."""

import os
import uuid

from flask import Flask, request
from sqlalchemy import create_engine, text


def create_app() -> Flask:
    app = Flask(__name__)
    engine = create_engine(os.environ["DATABASE_URL"], pool_size=64)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS bare (id text PRIMARY KEY, spec json)"))
    insert = text("INSERT INTO bare VALUES (:id, cast(:spec as json))")

    @app.post("/v1/jobs")
    def submit() -> tuple[dict[str, str], int]:
        job_id = uuid.uuid4().hex
        with engine.begin() as connection:
            connection.execute(insert, {"id": job_id, "spec": request.get_data(as_text=True)})
        return {"job_id": job_id}, 201

    return app
