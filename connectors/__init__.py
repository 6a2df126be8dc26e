"""Business systems in and out, one file per system. What differs between tills ends here."""
