"""Names, reading frame, quality and verdict."""
