"""Training encoders to tell classes of normal clips apart."""
