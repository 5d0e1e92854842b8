"""How activities are declared: what one has begun, it finishes."""

from __future__ import annotations

from temporalio import activity

uninterrupted = activity.defn(no_thread_cancel_exception=True)
"""Declares an activity that is not broken off when its workflow no longer needs it.

By default the SDK raises CancelledError in the activity's thread, at whatever instruction it is:
between a mail and its record, or while a connection that holds the store's only write lock is being
given back. Our activities are short. They finish, and the workflow does not wait for them.
"""
