"""The Model Context Protocol over streamable HTTP, without sessions: the API as tools of agents."""
