"""Run models of unknown origin in a child process that can do nothing but compute.

    PictureModel ─▶ GuardedInterpreter ─▶ GuardedChild ──socket, shared memory──▶ child ─▶ the runtime's interpreter

`trust` decides which models need it, by their SHA-256 alone. `isolation` and `system_calls` take everything away from
the child that it does not need. `app.guarded` isolates the processes that unpack strangers' sessions in the same way.
"""
