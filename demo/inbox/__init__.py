"""The caught-messages inbox: everything Café Aurora sends ends here, shown as a phone and a mailbox."""
