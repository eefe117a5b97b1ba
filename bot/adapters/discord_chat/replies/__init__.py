"""What people read: every text of the bot, as pure functions from results to replies."""
