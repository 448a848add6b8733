"""Files in and out: nothing here knows of fusions."""
