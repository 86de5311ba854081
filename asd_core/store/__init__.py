"""The store: files in a folder or on S3, the tables in them, which runs are committed, and locks."""
