"""Pure planning: a JobSpec and the MediaInfo of its inputs in, a ProcessingPlan out."""
