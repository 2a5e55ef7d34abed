"""The processes that compute: Celery worker with its hot pool child, beat, dispatcher, embedded Redis, supervisor."""
