"""What the processes stand on: settings, logs, the way out, and the embedded stack."""
