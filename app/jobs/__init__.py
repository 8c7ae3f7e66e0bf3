"""Jobs that run on worker threads, one module for each subject.

A job is a function that takes `Tools`, a function that receives its events (`Announce`), and its arguments. It always
ends in an event: either in what it did, or in its failure (`app.jobs.running.report_failure_as`).
"""
