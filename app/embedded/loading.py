"""What a process imports first that loads programs in order to be copied."""

from app.embedded.forks import begin_loading

begin_loading()
