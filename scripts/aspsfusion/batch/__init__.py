"""Sample sheet, failures and summary of a batch."""
