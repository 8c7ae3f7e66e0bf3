"""The loops of the camera, vision and drive workers. The workers for jobs run `app.jobs.running.run_jobs`."""
