"""A module for the process that forks, in a test."""

from app.embedded.forks import begin_forking

begin_forking()
