"""What people press: described replies become components here."""
