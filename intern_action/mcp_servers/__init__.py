"""Tool servers that speak MCP: strangers' programs and addresses, each behind time limits, walls and bounds."""
