"""Follow-ups: a message some time after an event, a silence, a bad moment, or whenever somebody wants one."""
