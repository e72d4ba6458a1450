"""What a twin can be asked; every verb is a function, written once for all kinds."""
