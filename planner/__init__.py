"""Pure planning: a JobSpec and the MediaInfo of its inputs in, a Plan out."""
