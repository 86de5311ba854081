"""Where everything lies: folders and S3, the tables, what is committed, and who is at work on it."""
