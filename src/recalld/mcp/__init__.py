"""The MCP face: memory as tools and resources for agents that speak the Model Context Protocol."""
