"""A web application over a store: it reads what runs committed, and writes labels alone."""
