"""Discord: https://docs.discord.com/developers/interactions/receiving-and-responding."""
